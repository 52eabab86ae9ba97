/* int 0x80 in 64-bit code: calls of the i386 table between calls of the 64-bit one. */
#include "guest.h"
#include <sys/syscall.h>

int main(void)
{
    struct guest_segment s;
    guest_begin(&s);
    long parent = CALL(&s, SYS_getppid);
    for (int i = 0; i < 300; i++) {
        CHECK(CALL_GATE(&s, GATE_INT80, 64 /* getppid */, i, 0xffffffff - i, 0x80000000, 4, 5, 0xfffff001) == parent);
        CHECK(CALL(&s, SYS_getppid, i) == parent);
    }
    long bad = CALL_GATE(&s, GATE_INT80, 3 /* read */, 0xffffffff, 0, 1);
    long none = CALL_GATE(&s, GATE_INT80, 9999);
    long same = CALL_GATE(&s, GATE_INT80, SYS_getppid /* mkdir there */, 0);
    guest_end(&s);
    printf("%ld %ld %ld\n", bad, none, same);
}
