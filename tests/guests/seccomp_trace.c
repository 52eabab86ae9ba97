/* SECCOMP_RET_TRACE of the program's own: with no tracer that asked for it, the call gives ENOSYS. */
#include "guest.h"
#include "filter.h"
#include <sys/syscall.h>

int main(void)
{
    struct guest_segment s;
    install_filter(SYS_getppid, SECCOMP_RET_TRACE | 5);
    guest_begin(&s);
    long first = CALL(&s, SYS_getppid), sum = 0;
    for (int i = 0; i < 100; i++)
        sum += CALL(&s, SYS_getppid, i);
    guest_end(&s);
    printf("%ld %ld\n", first, sum);
}
