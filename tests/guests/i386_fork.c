/* 32-bit fork, vfork and clone; each child calls, and ends with its own code. */
#define GUEST_FREESTANDING
#include "guest.h"

static void child(void *argument)
{
    struct guest_segment s;
    guest_born(&s);
    for (int i = 0; i < 50; i++)
        CALL(&s, 64 /* getppid */, i);
    EXIT(&s, (int)(long)argument);
}

int guest_main(void)
{
    struct guest_segment s;
    static char stack[65536] __attribute__((aligned(16)));
    int status[3] = {-1, -1, -1};
    guest_begin(&s);
    for (int round = 0; round < 10; round++) {
        long pids[3] = {
            SPAWN(&s, 2 /* fork */, child, (void *)11),
            SPAWN(&s, 190 /* vfork */, child, (void *)12),
            SPAWN(&s, 120 /* clone */, child, (void *)13, 17 /* SIGCHLD */, stack + sizeof stack, 0, 0, 0),
        };
        for (int i = 0; i < 3; i++)
            if (CALL(&s, 114 /* wait4 */, pids[i], &status[i], 0, 0) != pids[i])
                EXIT(&s, 99);
    }
    guest_end(&s);
    for (int i = 0; i < 3; i++)
        say("child ended with", status[i] >> 8);
    return 0;
}
