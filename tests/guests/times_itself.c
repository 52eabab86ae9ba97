/* What a program itself measures of its calls, by the time stamp counter around each: times_itself SAMPLES TO FROM.
 * A byte is written into the pipe TO and an answer read from FROM, again and again; `times_itself TO FROM` is the other
 * side. Both stay on one CPU, so that the answer always takes the same way. Prints the median of each call in
 * nanoseconds; `empty` is what measuring takes, which is in all others. */
#include "guest.h"
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>

/* lfence (Intel SDM, volume 2): it waits until all before it is done, and nothing behind it begins sooner. */
static inline uint64_t ticks(void)
{
    __asm__ volatile("lfence" ::: "memory");
    uint64_t now = __builtin_ia32_rdtsc();
    __asm__ volatile("lfence" ::: "memory");
    return now;
}

static double monotonic_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static int ascending(const void *a, const void *b)
{
    uint64_t one = *(const uint64_t *)a, other = *(const uint64_t *)b;
    return (one > other) - (one < other);
}

static uint64_t median(uint64_t *samples, long count)
{
    qsort(samples, (size_t)count, sizeof *samples, ascending);
    return samples[count / 2];
}

/* Holds this process on the last of its CPUs. */
static void stay(void)
{
    cpu_set_t all, one;
    int last = CPU_SETSIZE - 1;
    MUST(sched_getaffinity(0, sizeof all, &all));
    while (!CPU_ISSET(last, &all))
        last--;
    CPU_ZERO(&one);
    CPU_SET(last, &one);
    MUST(sched_setaffinity(0, sizeof one, &one));
}

/* A task of SCHED_BATCH that is woken takes the CPU from nobody (sched(7)): who writes goes on until it waits itself. */
static void schedule_as(int policy) { MUST(sched_setscheduler(0, policy, &(struct sched_param){0})); }

static int answer(const char *to, const char *from)
{
    char byte;
    schedule_as(SCHED_BATCH);
    int in = (int)MUST(open(to, O_RDONLY)), out = (int)MUST(open(from, O_WRONLY));
    while (RAW(SYS_read, in, &byte, 1) == 1)
        CHECK(RAW(SYS_write, out, &byte, 1) == 1);
    return 0;
}

enum { SAMPLES_MAX = 100000 };
static uint64_t empty[SAMPLES_MAX], cheap[SAMPLES_MAX], writes[SAMPLES_MAX], reads[SAMPLES_MAX], slept[SAMPLES_MAX];

/* Measures a call `count` times. */
#define SAMPLES(into, count, call)                                                                   \
    for (long i = 0; i < (count); i++) {                                                             \
        uint64_t before = ticks();                                                                   \
        call;                                                                                        \
        into[i] = ticks() - before;                                                                  \
    }

int main(int argc, char **argv)
{
    stay();
    if (argc == 3)
        return answer(argv[1], argv[2]);
    CHECK(argc == 4);
    long count = atol(argv[1]), sleeps = count / 20;
    CHECK(100 <= count && count <= SAMPLES_MAX);
    int out = (int)MUST(open(argv[2], O_WRONLY)), in = (int)MUST(open(argv[3], O_RDONLY));
    struct timespec pause = {0, 100000};
    char byte = 'x';
    double start_ns = monotonic_ns();
    uint64_t start = ticks();
    SAMPLES(empty, count, );
    SAMPLES(cheap, count, RAW(SYS_getppid));
    schedule_as(SCHED_BATCH);
    for (long i = 0; i < count; i++) {
        uint64_t before = ticks();
        long sent = RAW(SYS_write, out, &byte, 1);
        uint64_t between = ticks();
        long got = RAW(SYS_read, in, &byte, 1);
        reads[i] = ticks() - between;
        writes[i] = between - before;
        CHECK(sent == 1 && got == 1);
    }
    schedule_as(SCHED_OTHER);
    SAMPLES(slept, sleeps, RAW(SYS_nanosleep, &pause, 0));
    double tick_ns = (monotonic_ns() - start_ns) / (double)(ticks() - start);
    printf("%.1f empty\n", tick_ns * (double)median(empty, count));
    printf("%.1f getppid\n", tick_ns * (double)median(cheap, count));
    printf("%.1f write\n", tick_ns * (double)median(writes, count));
    printf("%.1f read\n", tick_ns * (double)median(reads, count));
    printf("%.1f nanosleep\n", tick_ns * (double)median(slept, sleeps));
}
