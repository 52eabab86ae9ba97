/* Numbers that no table has, and numbers whose upper half the kernel ignores. */
#include "guest.h"
#include <errno.h>
#include <sys/syscall.h>

int main(void)
{
    struct guest_segment s;
    guest_begin(&s);
    const long bad[] = {-1, 0x1d3, 100000, 0x7fffffff, -2, -516, 0x40000000 + SYS_getppid, 0x40000000 + 520, 512, 547};
    long results[sizeof bad / sizeof *bad];
    for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++)
        results[i] = CALL(&s, bad[i]);
    long plain = CALL(&s, SYS_getppid);
    long upper = CALL(&s, (long)(0xdeadbeef00000000ul + SYS_getppid));
    long sign = CALL(&s, (long)(0xffffffff00000000ul + SYS_getppid));
    guest_end(&s);
    CHECK(upper == plain && sign == plain);
    for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++)
        printf("%ld %ld\n", bad[i], results[i]);
}
