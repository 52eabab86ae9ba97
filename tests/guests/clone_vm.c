/* clone with CLONE_VM but no CLONE_THREAD, on a tiny stack: processes that share memory. */
#include "guest.h"
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static volatile int shared;

static void child(void *argument)
{
    struct guest_segment s;
    guest_born(&s);
    for (int i = 0; i < 20; i++)
        CALL(&s, SYS_getppid, i);
    __atomic_fetch_add(&shared, (int)(long)argument, __ATOMIC_SEQ_CST);
    EXIT(&s, 0);
}

int main(void)
{
    static char stacks[8][1024] __attribute__((aligned(16)));
    struct guest_segment s;
    guest_begin(&s);
    for (int round = 0; round < 25; round++) {
        long pids[8];
        for (long i = 0; i < 8; i++)
            pids[i] = SPAWN(&s, SYS_clone, child, (void *)(i + 1), CLONE_VM | CLONE_FS | SIGCHLD,
                            stacks[i] + sizeof stacks[i], 0, 0, 0);
        for (int i = 0; i < 8; i++)
            CHECK(CALL(&s, SYS_wait4, pids[i], 0, 0, 0) == pids[i]);
    }
    guest_end(&s);
    printf("%d\n", shared);
}
