/* A tree of forks, three deep and four wide; each child calls, forks, waits, and passes a sum on as its code. */
#include "guest.h"
#include <sys/syscall.h>
#include <sys/wait.h>

static void node(void *argument)
{
    struct guest_segment s;
    long depth = (long)argument;
    guest_born(&s);
    int sum = 1;
    for (int i = 0; i < 10; i++)
        CALL(&s, SYS_getppid, depth, i);
    for (int i = 0; depth > 0 && i < 4; i++) {
        int status = 0;
        long pid = SPAWN(&s, SYS_fork, node, (void *)(depth - 1));
        if (CALL(&s, SYS_wait4, pid, &status, 0, 0) != pid)
            EXIT(&s, 99);
        sum += WEXITSTATUS(status);
    }
    EXIT(&s, sum);
}

int main(void)
{
    struct guest_segment s;
    guest_begin(&s);
    int status = 0;
    long pid = SPAWN(&s, SYS_fork, node, (void *)3);
    long waited = CALL(&s, SYS_wait4, pid, &status, 0, 0);
    guest_end(&s);
    CHECK(waited == pid);
    printf("%d nodes\n", WEXITSTATUS(status));
}
