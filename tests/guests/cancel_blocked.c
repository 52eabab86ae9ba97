/* pthread_cancel of threads in a blocked read and in sleep: deferred and asynchronous; clean-up handlers run. */
#include "guest.h"
#include "sleeping.h"
#include <pthread.h>
#include <sys/syscall.h>
#include <time.h>

static int empty[2];
static volatile int tid, cleaned;
static void clean(void *argument) { cleaned += (int)(long)argument; }

static void *body(void *argument)
{
    long way = (long)argument;
    char byte;
    pthread_setcanceltype(way & 1 ? PTHREAD_CANCEL_ASYNCHRONOUS : PTHREAD_CANCEL_DEFERRED, 0);
    pthread_cleanup_push(clean, (void *)1);
    tid = gettid();
    if (way == 4) /* no cancellation point: by asynchronous cancelling alone */
        pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, 0);
    if (way >= 4)
        RAW(SYS_read, empty[0], &byte, 1);
    else if (way & 2)
        clock_nanosleep(CLOCK_MONOTONIC, 0, &(struct timespec){1000, 0}, 0);
    else
        read(empty[0], &byte, 1);
    pthread_cleanup_pop(0);
    return 0;
}

int main(void)
{
    MUST(pipe(empty));
    for (long i = 0; i < 50; i++) {
        pthread_t thread;
        void *result = 0;
        tid = 0;
        CHECK(pthread_create(&thread, 0, body, (void *)(i % 5)) == 0);
        while (!tid)
            usleep(200);
        if (i % 2)
            wait_until_asleep(tid);
        CHECK(pthread_cancel(thread) == 0);
        CHECK(pthread_join(thread, &result) == 0);
        CHECK(result == PTHREAD_CANCELED);
    }
    printf("%d cleaned\n", cleaned);
}
