/* CLONE_PARENT: the grandchild is the root's child; and clones whose exit signal is none or another than SIGCHLD. */
#include "guest.h"
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static void grandchild(void *argument)
{
    struct guest_segment s;
    guest_born(&s);
    long parent = CALL(&s, SYS_getppid);
    EXIT(&s, parent == (long)argument ? 7 : 99);
}

static void child(void *argument)
{
    struct guest_segment s;
    guest_born(&s);
    SPAWN(&s, SYS_clone, grandchild, argument, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0);
    SPAWN(&s, SYS_clone, grandchild, argument, CLONE_PARENT, 0, 0, 0, 0);
    EXIT(&s, 3);
}

int main(void)
{
    struct guest_segment s;
    guest_begin(&s);
    int sum = 0;
    for (int round = 0; round < 20; round++) {
        long self = CALL(&s, SYS_getpid);
        CHECK(SPAWN(&s, SYS_clone, child, (void *)self, SIGCHLD, 0, 0, 0, 0) > 0);
        for (int i = 0; i < 3; i++) {
            int status = 0;
            CHECK(CALL(&s, SYS_wait4, -1, &status, __WALL, 0) > 0);
            sum += WEXITSTATUS(status);
        }
    }
    guest_end(&s);
    printf("%d\n", sum);
}
