/* Ordinary calls: all six arguments, results of every sign, errors. */
#include "guest.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>

int main(void)
{
    struct guest_segment s;
    char page[64];
    guest_begin(&s);
    for (int i = 0; i < 1000; i++)
        CALL(&s, SYS_getppid, i, ~0ul - i, 3ul << 62, 0x123456789abcdef0, i * 7, 1ul << i % 64);
    long map = CALL(&s, SYS_mmap, 0, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    long null = CALL(&s, SYS_openat, AT_FDCWD, "/dev/null", O_RDWR, 0);
    long written = CALL(&s, SYS_pwrite64, null, "abc", 3, 0);
    long wrote = CALL(&s, SYS_write, null, page, sizeof page);
    long end = CALL(&s, SYS_read, null, page, sizeof page);
    long errors[] = {
        CALL(&s, SYS_read, -1, page, 1),
        CALL(&s, SYS_openat, AT_FDCWD, "/nonexistent/file", O_RDONLY),
        CALL(&s, SYS_openat, AT_FDCWD, 8, O_RDONLY),
        CALL(&s, SYS_lseek, null, 0, 99),
        CALL(&s, SYS_mmap, 1, 2, 3, 4, 5, 6),
        CALL(&s, SYS_munmap, 1, 4096),
        CALL(&s, SYS_kill, 0x7fffffff, 0),
    };
    CALL(&s, SYS_munmap, map, 8192);
    CALL(&s, SYS_close, null);
    guest_end(&s);
    CHECK(map > 0 && null >= 0 && written == 3 && wrote == 64 && end == 0);
    for (unsigned i = 0; i < sizeof errors / sizeof *errors; i++)
        printf("%ld\n", errors[i]);
}
