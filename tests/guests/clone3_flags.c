/* clone3: as fork, with a pidfd, as vfork, with CLONE_CLEAR_SIGHAND, with a stack of its own. */
#include "guest.h"
#include <linux/sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static void child(void *argument)
{
    struct guest_segment s;
    guest_born(&s);
    CALL(&s, SYS_getppid);
    EXIT(&s, (int)(long)argument);
}

int main(void)
{
    static char stack[16384] __attribute__((aligned(16)));
    struct guest_segment s;
    int pidfd = -1, sum = 0;
    guest_begin(&s);
    for (int round = 0; round < 20; round++) {
        struct clone_args variants[] = {
            {.exit_signal = SIGCHLD},
            {.exit_signal = SIGCHLD, .flags = CLONE_PIDFD, .pidfd = (uintptr_t)&pidfd},
            {.exit_signal = SIGCHLD, .flags = CLONE_VFORK | CLONE_VM, .stack = (uintptr_t)stack, .stack_size = sizeof stack},
            {.exit_signal = SIGCHLD, .flags = CLONE_CLEAR_SIGHAND},
            {.exit_signal = 0},
        };
        for (unsigned i = 0; i < 5; i++) {
            int status = 0;
            long pid = SPAWN(&s, SYS_clone3, child, (void *)(long)(i + 1), &variants[i], sizeof variants[i]);
            CHECK(CALL(&s, SYS_wait4, pid, &status, __WALL, 0) == pid);
            sum += WEXITSTATUS(status);
            if (i == 1)
                CHECK(CALL(&s, SYS_close, pidfd) == 0);
        }
    }
    long wrong = CALL(&s, SYS_clone3, 0, 8);
    guest_end(&s);
    printf("%d %ld\n", sum, wrong);
}
