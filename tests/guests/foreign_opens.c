/* Opens files by the 32-bit and the x32 table from a 64-bit program: `int 0x80`, and `syscall` with bit 30. Exits with 77
 * where the kernel knows no 32-bit calls. x32 may be unknown: the call is made all the same. */
#include <string.h>
#include <sys/mman.h>

static long by_int80(long nr, long a, long b, long c)
{
    long result;
    __asm__ volatile("int $0x80" : "=a"(result) : "a"(nr), "b"(a), "c"(b), "d"(c) : "memory", "r8", "r9", "r10", "r11");
    return (int)result;
}

static long by_x32(long nr, long a, long b, long c)
{
    long result;
    __asm__ volatile("syscall" : "=a"(result) : "a"(nr | 0x40000000), "D"(a), "S"(b), "d"(c) : "memory", "rcx", "r11");
    return result;
}

int main(void)
{
    char *low = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
    if (low == MAP_FAILED)
        return 77;
    strcpy(low, "/dev/null");
    strcpy(low + 100, "/dev/zero");
    if (by_int80(5, (long)low, 0, 0) != 3)
        return 77;
    by_x32(2, (long)low + 100, 0, 0);
    by_int80(42, (long)low + 200, 0, 0);
    return by_int80(6, 3, 0, 0);
}
