/* A 32-bit program without libc: int 0x80. */
#define GUEST_FREESTANDING
#include "guest.h"

int guest_main(void)
{
    struct guest_segment s;
    guest_begin(&s);
    long parent = CALL(&s, 64 /* getppid */);
    for (int i = 0; i < 500; i++)
        CALL(&s, 64, i, 0xffffffff - i, 0x80000000, 0x12345678, i * 7, 0xfffff001);
    long bad = CALL(&s, 3 /* read */, -1, 0, 1);
    long none = CALL(&s, 9999);
    long minus = CALL(&s, -1);
    long map = CALL(&s, 192 /* mmap2 */, 0, 4096, 3, 0x22, -1, 0);
    long unmapped = CALL(&s, 91 /* munmap */, map, 4096);
    guest_end(&s);
    say("getppid is positive", parent > 0);
    say("read", bad);
    say("9999", none);
    say("-1", minus);
    say("munmap", unmapped);
    return 32;
}
