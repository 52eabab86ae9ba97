/* A sandbox: a list of allowed calls, and death of the process for any other; in it threads of before, blocked calls,
 * signals, and sites that have not run before. A recorder must not make calls of its own here. */
#include "sites.h"
#include "filter.h"
#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

SITE(by_register, SITE_NUMBER SITE_ARGUMENTS "  syscall\n  cmp $-4096, %rax\n  ret\n");
SITE(by_constant, SITE_ARGUMENTS "  mov $110, %eax\n  syscall\n  cmp $-4096, %rax\n  ret\n");
static struct guest_segment s;
static int data[2];
static volatile int handled, begun;

static void handler(int signal)
{
    CALL_AT(&s, by_constant, SYS_getppid, signal);
    handled++;
    guest_sigreturn(&s);
}

static void *other(void *argument)
{
    struct guest_segment own;
    char byte;
    begun = 1; /* a thread's first calls are libc's */
    guest_begin(&own);
    CALL_AT(&own, by_register, SYS_read, data[0], &byte, 1); /* until the sandbox is closed around all */
    for (int i = 0; i < 100; i++)
        CALL_AT(&own, by_constant, SYS_getppid, i);
    CALL_AT(&own, by_register, SYS_exit, 0);
    return argument;
}

int main(void)
{
    static const int allowed[] = {SYS_read, SYS_write, SYS_getppid, SYS_gettid, SYS_fcntl, SYS_tgkill, SYS_exit,
                                  SYS_exit_group, SYS_rt_sigreturn, SYS_futex, SYS_restart_syscall};
    struct sigaction action = {.sa_handler = handler};
    pthread_t thread;
    pid_t self = getpid();
    MUST(pipe(data));
    sigaction(SIGUSR1, &action, 0);
    puts("closed");
    fflush(stdout);
    CHECK(pthread_create(&thread, 0, other, 0) == 0);
    while (!begun)
        usleep(200);
    allow_only(allowed, sizeof allowed / sizeof *allowed);
    guest_begin(&s);
    for (int i = 0; i < 200; i++) {
        CALL_AT(&s, by_register, SYS_getppid, i);
        CALL_AT(&s, by_constant, SYS_getppid, i);
    }
    for (int i = 0; i < 20; i++)
        CALL(&s, SYS_tgkill, self, s.tid, SIGUSR1);
    CALL(&s, SYS_write, data[1], "x", 1);
    guest_end(&s);
    CHECK(pthread_join(thread, 0) == 0);
    guest_begin(&s);
    EXIT(&s, handled);
}
