/* A filter of the program's own that refuses getppid with an error: the call has that result. */
#include "guest.h"
#include "filter.h"
#include <sys/syscall.h>

int main(void)
{
    struct guest_segment s;
    install_filter(SYS_getppid, SECCOMP_RET_ERRNO | 77);
    guest_begin(&s);
    long first = CALL(&s, SYS_getppid), sum = 0;
    for (int i = 0; i < 100; i++)
        sum += CALL(&s, SYS_getppid, i);
    long other = CALL(&s, SYS_getpid);
    guest_end(&s);
    CHECK(other > 0);
    printf("%ld %ld\n", first, sum);
}
