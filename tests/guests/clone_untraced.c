/* CLONE_UNTRACED: a child that asks not to be traced, 5 times, 200 calls each. */
#include "guest.h"
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static void child(void *argument)
{
    struct guest_segment s;
    guest_born(&s);
    long parent = 0;
    for (int i = 0; i < 200; i++)
        parent = CALL(&s, SYS_getppid, i);
    EXIT(&s, parent == (long)argument ? 5 : 99);
}

int main(void)
{
    struct guest_segment s;
    int sum = 0;
    guest_begin(&s);
    long self = CALL(&s, SYS_getpid);
    for (int i = 0; i < 5; i++) {
        int status = 0;
        long pid = SPAWN(&s, SYS_clone, child, (void *)self, CLONE_UNTRACED | SIGCHLD, 0, 0, 0, 0);
        CHECK(CALL(&s, SYS_wait4, pid, &status, 0, 0) == pid);
        sum += WEXITSTATUS(status);
    }
    guest_end(&s);
    printf("%d\n", sum);
}
