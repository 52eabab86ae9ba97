/* A 32-bit program that calls through __kernel_vsyscall of the vDSO: sysenter, or the compat syscall on AMD. */
#define GUEST_FREESTANDING
#include "guest.h"

int guest_main(void)
{
    struct guest_segment s;
    if (!guest_sysinfo) {
        say("no AT_SYSINFO", 0);
        return 77;
    }
    guest_begin(&s);
    for (int i = 0; i < 500; i++) {
        CALL_GATE(&s, GATE_VDSO, 64 /* getppid */, i, 0xffffffff - i, 0x80000000, 0x12345678, i * 7, 0xfffff001);
        CALL_GATE(&s, GATE_INT80, 64, i, 1, 2, 3, 4, 5);
    }
    long bad = CALL_GATE(&s, GATE_VDSO, 3 /* read */, -1, 0, 1);
    long none = CALL_GATE(&s, GATE_VDSO, 9999);
    guest_end(&s);
    say("read", bad);
    say("9999", none);
    return 0;
}
