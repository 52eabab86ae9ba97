/* A program that forbids itself the time stamp counter (PR_SET_TSC): rdtsc is a fault from then on, in its own code and
 * in that of others. */
#include "guest.h"
#include <sys/prctl.h>
#include <sys/syscall.h>

int main(void)
{
    struct guest_segment s;
    guest_begin(&s);
    for (int i = 0; i < 3; i++)
        CALL(&s, SYS_getppid);
    CALL(&s, SYS_prctl, PR_SET_TSC, PR_TSC_SIGSEGV, 0, 0, 0);
    for (int i = 0; i < 3; i++)
        CALL(&s, SYS_getppid);
    CALL(&s, SYS_prctl, PR_SET_TSC, PR_TSC_ENABLE, 0, 0, 0);
    CALL(&s, SYS_getppid);
    guest_end(&s);
}
