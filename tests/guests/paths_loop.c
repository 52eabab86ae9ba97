/* argv[1] times the calls of a program that looks for its files: one opened and closed, two asked after, two that are
 * not there. Five calls of six name a path. Prints the nanoseconds that each call took. */
#include "guest.h"
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>

int main(int argc, char **argv)
{
    struct timespec start, end;
    struct stat status;
    long rounds = argc > 1 ? atol(argv[1]) : 1000;
    clock_gettime(CLOCK_MONOTONIC, &start);
    for (long i = 0; i < rounds; i++) {
        long fd = RAW(SYS_openat, AT_FDCWD, "/dev/null", O_RDONLY | O_CLOEXEC, 0);
        CHECK(fd >= 0);
        RAW(SYS_close, fd);
        CHECK(RAW(SYS_newfstatat, AT_FDCWD, "/dev/zero", &status, 0) == 0);
        CHECK(RAW(SYS_faccessat, AT_FDCWD, "/dev/null", R_OK) == 0);
        CHECK(RAW(SYS_newfstatat, AT_FDCWD, "/dev/none", &status, 0) < 0);
        CHECK(RAW(SYS_openat, AT_FDCWD, "/etc/none/conf", O_RDONLY | O_CLOEXEC, 0) < 0);
    }
    clock_gettime(CLOCK_MONOTONIC, &end);
    double elapsed = (double)(end.tv_sec - start.tv_sec) * 1e9 + (double)(end.tv_nsec - start.tv_nsec);
    printf("%.1f ns per call\n", elapsed / (double)(rounds ? 6 * rounds : 1));
}
