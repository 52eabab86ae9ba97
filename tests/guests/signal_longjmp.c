/* A handler that never returns but jumps out, of a call among others; 500 times. */
#include "guest.h"
#include <signal.h>
#include <sys/syscall.h>

static struct guest_segment s;
static void *out[5];
static int jumps;

static void handler(int signal)
{
    (void)signal;
    CALL(&s, SYS_getppid, 7);
    __builtin_longjmp(out, 1);
}

int main(void)
{
    /* SA_NODEFER: no mask has to be put back, since nothing returns. */
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_NODEFER};
    sigaction(SIGUSR1, &action, 0);
    guest_begin(&s);
    if (__builtin_setjmp(out))
        jumps++;
    if (jumps < 500)
        CALL(&s, SYS_tgkill, s.tid, s.tid, SIGUSR1, jumps);
    CALL(&s, SYS_getppid, 8);
    guest_end(&s);
    printf("%d jumps\n", jumps);
}
