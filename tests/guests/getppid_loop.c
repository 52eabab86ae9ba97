/* argv[1] getppid calls, nothing else; prints the nanoseconds that each took. */
#include "guest.h"
#include <sys/syscall.h>
#include <time.h>

int main(int argc, char **argv)
{
    struct timespec start, end;
    long calls = argc > 1 ? atol(argv[1]) : 100000;
    clock_gettime(CLOCK_MONOTONIC, &start);
    for (long i = 0; i < calls; i++)
        RAW(SYS_getppid);
    clock_gettime(CLOCK_MONOTONIC, &end);
    double elapsed = (double)(end.tv_sec - start.tv_sec) * 1e9 + (double)(end.tv_nsec - start.tv_nsec);
    printf("%.1f ns per call\n", elapsed / (double)(calls ? calls : 1));
    guest_count(SYS_getppid, (unsigned long)calls);
}
