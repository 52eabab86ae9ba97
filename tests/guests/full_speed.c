/* argv[1] getppid calls as fast as they can be made. Prints how long they took, how long of that the task was not on a
 * CPU, and how often it gave its CPU up (being stopped is one of the ways to). */
#include "guest.h"
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>

static double now_ns(clockid_t clock)
{
    struct timespec now;
    MUST(clock_gettime(clock, &now));
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static long waits(void)
{
    struct rusage usage;
    MUST(getrusage(RUSAGE_THREAD, &usage));
    return usage.ru_nvcsw;
}

int main(int argc, char **argv)
{
    long calls = argc > 1 ? atol(argv[1]) : 100000, waits_before = waits();
    double cpu = now_ns(CLOCK_THREAD_CPUTIME_ID), start = now_ns(CLOCK_MONOTONIC);
    for (long i = 0; i < calls; i++)
        RAW(SYS_getppid);
    double elapsed = now_ns(CLOCK_MONOTONIC) - start;
    double running = now_ns(CLOCK_THREAD_CPUTIME_ID) - cpu;
    printf("%ld calls, %.0f ns in all, %.0f ns off the CPU, %ld waits\n", calls, elapsed, elapsed - running,
           waits() - waits_before);
    guest_count(SYS_getppid, (unsigned long)calls);
}
