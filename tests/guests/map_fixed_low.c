/* A program that owns the low 2 GiB, as Wine and old interpreters do: it maps over every place there without asking,
 * uses it, and goes on calling; in the end it gives all of it back. */
#include "guest.h"
#include <sys/mman.h>
#include <sys/syscall.h>

enum { STEP = 16 << 20, BYTES = STEP };

int main(void)
{
    struct guest_segment s;
    const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE;
    int mapped = 0;
    long parent = RAW(SYS_getppid);
    guest_begin(&s);
    for (int round = 0; round < 2; round++) {
        for (unsigned long at = 0x10000; at < 0x80000000; at += at == 0x10000 ? STEP - 0x10000 : STEP) {
            unsigned long bytes = at == 0x10000 ? STEP - 0x10000 : BYTES;
            CHECK(CALL(&s, SYS_mmap, at, bytes, PROT_READ | PROT_WRITE, flags, -1, 0) == (long)at);
            /* Ends and middle, in all of it: nobody else writes there. */
            for (unsigned long place = at; place < at + bytes; place += bytes / 4)
                *(volatile unsigned long *)place = place;
            CHECK(CALL(&s, SYS_getppid, at) == parent);
            mapped++;
        }
        for (int i = 0; i < 200; i++)
            CHECK(CALL(&s, SYS_getppid, i) == parent);
        for (unsigned long at = 0x10000; at < 0x80000000; at += at == 0x10000 ? STEP - 0x10000 : STEP) {
            unsigned long bytes = at == 0x10000 ? STEP - 0x10000 : BYTES;
            for (unsigned long place = at; place < at + bytes; place += bytes / 4)
                CHECK(*(volatile unsigned long *)place == place);
        }
        CHECK(CALL(&s, SYS_munmap, 0x10000, 0x80000000ul - 0x10000) == 0);
    }
    for (int i = 0; i < 200; i++)
        CHECK(CALL(&s, SYS_getppid, i) == parent);
    guest_end(&s);
    printf("%d mapped\n", mapped);
}
