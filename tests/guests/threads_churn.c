/* Threads come and go, a few alive at any time, until stdin has ended and argv[1] rounds are done. For attaching: says
 * "ready" after the first round, and at the end how many calls and failures there were. */
#include "guest.h"
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

static long calls, failures;

static void *body(void *argument)
{
    (void)argument;
    struct epoll_event event;
    int epoll = epoll_create1(0);
    for (int i = 0; i < 20; i++) {
        long waited = RAW(SYS_epoll_wait, epoll, &event, 1, i % 5 == 0);
        __atomic_fetch_add(&calls, 1, __ATOMIC_SEQ_CST);
        if (waited)
            __atomic_fetch_add(&failures, 1, __ATOMIC_SEQ_CST);
    }
    RAW(SYS_close, epoll);
    return 0;
}

int main(int argc, char **argv)
{
    long rounds = argc > 1 ? atol(argv[1]) : 20, round = 0;
    setvbuf(stdout, 0, _IOLBF, 0);
    for (int open = 1; open || round < rounds; round++) {
        pthread_t threads[6];
        for (int i = 0; i < 6; i++)
            CHECK(pthread_create(&threads[i], 0, body, 0) == 0);
        for (int i = 0; i < 6; i++)
            CHECK(pthread_join(threads[i], 0) == 0);
        if (!round)
            puts("ready");
        struct pollfd input = {.fd = 0, .events = POLLIN};
        char byte;
        if (open && poll(&input, 1, 0) == 1 && read(0, &byte, 1) <= 0)
            open = 0;
    }
    CHECK(calls == round * 6 * 20);
    printf("%ld failures\n", failures);
}
