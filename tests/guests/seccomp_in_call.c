/* A sandbox that is closed around a thread in the middle of a call, and of one whose ends a recorder looks at: it takes an
 * address and makes a descriptor. A recorder must know by that call's end that it may make none of its own here. */
#include "sites.h"
#include "filter.h"
#include "sleeping.h"
#include <pthread.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

SITE(by_register, SITE_NUMBER SITE_ARGUMENTS "  syscall\n  cmp $-4096, %rax\n  ret\n");
SITE(by_constant, SITE_ARGUMENTS "  mov $110, %eax\n  syscall\n  cmp $-4096, %rax\n  ret\n");
static int listener;
static volatile int accepting;

static void *accepts(void *argument)
{
    struct guest_segment own;
    struct sockaddr_un peer;
    socklen_t length = sizeof peer;
    guest_begin(&own);
    accepting = own.tid;
    CALL_AT(&own, by_register, SYS_accept, listener, &peer, &length);
    for (int i = 0; i < 100; i++)
        CALL_AT(&own, by_constant, SYS_getppid, i);
    CALL_AT(&own, by_register, SYS_exit, 0);
    return argument;
}

int main(void)
{
    static const int allowed[] = {SYS_read,  SYS_write, SYS_getppid,    SYS_gettid, SYS_fcntl,          SYS_connect,
                                  SYS_accept, SYS_exit,  SYS_exit_group, SYS_futex,  SYS_restart_syscall};
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    socklen_t length = sizeof name;
    struct guest_segment s;
    pthread_t thread;
    int peer;
    MUST(listener = socket(AF_UNIX, SOCK_STREAM, 0));
    MUST(peer = socket(AF_UNIX, SOCK_STREAM, 0));
    MUST(bind(listener, (struct sockaddr *)&name, sizeof name.sun_family)); /* the kernel chooses a name */
    MUST(getsockname(listener, (struct sockaddr *)&name, &length));
    MUST(listen(listener, 1));
    puts("closed");
    fflush(stdout);
    CHECK(pthread_create(&thread, 0, accepts, 0) == 0);
    while (!accepting)
        usleep(200);
    wait_until_asleep(accepting);
    allow_only(allowed, sizeof allowed / sizeof *allowed);
    guest_begin(&s);
    for (int i = 0; i < 200; i++) {
        CALL_AT(&s, by_register, SYS_getppid, i);
        CALL_AT(&s, by_constant, SYS_getppid, i);
    }
    CALL(&s, SYS_connect, peer, &name, length);
    guest_end(&s);
    CHECK(pthread_join(thread, 0) == 0);
    guest_begin(&s);
    EXIT(&s, 7);
}
