/* Six lines of threads, each thread followed by one that it makes before it ends, until stdin has ended and each line
 * has had argv[1] threads. For attaching: whoever overlooks one thread overlooks all that follow it. Says "ready" when
 * all lines have begun, and at the end how many calls failed. With a second argument it says of each epoll_wait who
 * made it and when, as the vDSO's clock says: "TID NANOSECONDS", just before the call. */
#include "guest.h"
#include <linux/futex.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { LINES = 6, CALLS = 20, LOGGED_MAX = 1 << 19 };
static long calls, failures, threads, threads_min;
static int begun, alive = LINES, going_on = 1;
static unsigned used;
static struct logged {
    long tid, time_ns;
} logged[LOGGED_MAX];
static pthread_attr_t detached;

static void add(int *word, int change)
{
    __atomic_fetch_add(word, change, __ATOMIC_SEQ_CST);
    RAW(SYS_futex, word, FUTEX_WAKE, 1, 0, 0, 0);
}

static void wait_for(int *word, int wanted)
{
    for (int now; (now = __atomic_load_n(word, __ATOMIC_SEQ_CST)) != wanted;)
        RAW(SYS_futex, word, FUTEX_WAIT, now, 0, 0, 0);
}

static void *body(void *argument)
{
    long generation = (long)argument;
    struct epoll_event event;
    struct timespec now;
    long tid = RAW(SYS_gettid);
    int epoll = epoll_create1(0);
    if (generation == 0)
        add(&begun, 1);
    for (int i = 0; i < CALLS; i++) {
        clock_gettime(CLOCK_MONOTONIC, &now);
        logged[__atomic_fetch_add(&used, 1, __ATOMIC_SEQ_CST) % LOGGED_MAX] =
            (struct logged){tid, now.tv_sec * 1000000000L + now.tv_nsec};
        long waited = RAW(SYS_epoll_wait, epoll, &event, 1, i % 5 == 0);
        __atomic_fetch_add(&calls, 1, __ATOMIC_SEQ_CST);
        if (waited)
            __atomic_fetch_add(&failures, 1, __ATOMIC_SEQ_CST);
    }
    RAW(SYS_close, epoll);
    __atomic_fetch_add(&threads, 1, __ATOMIC_SEQ_CST);
    pthread_t next;
    if (__atomic_load_n(&going_on, __ATOMIC_SEQ_CST) || generation + 1 < threads_min)
        CHECK(pthread_create(&next, &detached, body, (void *)(generation + 1)) == 0);
    else
        add(&alive, -1);
    return 0;
}

int main(int argc, char **argv)
{
    char byte;
    pthread_t first;
    threads_min = argc > 1 ? atol(argv[1]) : 20;
    setvbuf(stdout, 0, _IOLBF, 0);
    CHECK(pthread_attr_init(&detached) == 0);
    CHECK(pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED) == 0);
    for (int i = 0; i < LINES; i++)
        CHECK(pthread_create(&first, &detached, body, 0) == 0);
    wait_for(&begun, LINES);
    puts("ready");
    while (read(0, &byte, 1) > 0)
        ;
    __atomic_store_n(&going_on, 0, __ATOMIC_SEQ_CST);
    wait_for(&alive, 0);
    CHECK(calls == threads * CALLS);
    printf("%ld failures\n", failures);
    fflush(stdout);
    setvbuf(stdout, 0, _IOFBF, 1 << 16);
    for (unsigned i = 0; argc > 2 && i < used && i < LOGGED_MAX; i++)
        printf("%ld %ld\n", logged[i].tid, logged[i].time_ns);
}
