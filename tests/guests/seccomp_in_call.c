/* A sandbox that is closed around a thread in the middle of a call, and of one whose ends a recorder looks at: it takes an
 * address and makes a descriptor. A recorder must know by that call's end that it may make none of its own here. */
#include "sites.h"
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stddef.h>
#include <sys/prctl.h>
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

/* Whether the thread is asleep in this call. */
static int sleeps_in(int tid, int nr)
{
    char path[64], line[64] = "";
    snprintf(path, sizeof path, "/proc/self/task/%d/syscall", tid);
    FILE *file = fopen(path, "r");
    int in = file && fgets(line, sizeof line, file) && atoi(line) == nr;
    if (file)
        fclose(file);
    return in;
}

int main(void)
{
    static const int allowed[] = {SYS_read,  SYS_write, SYS_getppid,    SYS_gettid, SYS_fcntl,          SYS_connect,
                                  SYS_accept, SYS_exit,  SYS_exit_group, SYS_futex,  SYS_restart_syscall};
    enum { COUNT = sizeof allowed / sizeof *allowed };
    struct sock_filter code[5 + COUNT] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 0, COUNT + 1),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
    };
    for (int i = 0; i < COUNT; i++)
        code[3 + i] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)allowed[i],
                                                   (unsigned char)(COUNT - i), 0);
    code[3 + COUNT] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
    code[4 + COUNT] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    const struct sock_fprog program = {5 + COUNT, code};
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
    while (!accepting || !sleeps_in(accepting, SYS_accept))
        usleep(200);
    CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    CHECK(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program) == 0);
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
