/* 500 threads alive at the same time, then 300 zombies, then all are collected. */
#include "guest.h"
#include <pthread.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static pthread_barrier_t all;

static void *body(void *argument)
{
    struct guest_segment s;
    pthread_barrier_wait(&all);
    guest_begin(&s);
    for (int i = 0; i < 20; i++)
        CALL(&s, SYS_getppid, argument, i);
    guest_end(&s);
    pthread_barrier_wait(&all);
    return 0;
}

int main(void)
{
    enum { THREADS = 500, ZOMBIES = 300 };
    static pthread_t threads[THREADS];
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 65536);
    pthread_barrier_init(&all, 0, THREADS + 1);
    for (long i = 0; i < THREADS; i++)
        CHECK(pthread_create(&threads[i], &attributes, body, (void *)i) == 0);
    pthread_barrier_wait(&all);
    pthread_barrier_wait(&all);
    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_join(threads[i], 0) == 0);
    for (int i = 0; i < ZOMBIES; i++) {
        pid_t pid = MUST(fork());
        if (!pid)
            _exit(i % 100);
    }
    int sum = 0, status;
    for (int i = 0; i < ZOMBIES; i++) {
        MUST(wait(&status));
        sum += WEXITSTATUS(status);
    }
    printf("%d\n", sum);
}
