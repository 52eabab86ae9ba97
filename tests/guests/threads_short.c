/* Thousands of short-lived threads, eight at a time; argv[1]: how many rounds of eight. */
#include "guest.h"
#include <pthread.h>
#include <sys/syscall.h>

static void *body(void *argument)
{
    struct guest_segment s;
    guest_begin(&s);
    for (int i = 0; i < 5; i++)
        CALL(&s, SYS_getppid, argument, i);
    guest_end(&s);
    return argument;
}

int main(int argc, char **argv)
{
    long rounds = argc > 1 ? atol(argv[1]) : 250, sum = 0;
    for (long round = 0; round < rounds; round++) {
        pthread_t threads[8];
        for (long i = 0; i < 8; i++)
            CHECK(pthread_create(&threads[i], 0, body, (void *)i) == 0);
        for (int i = 0; i < 8; i++) {
            void *result;
            CHECK(pthread_join(threads[i], &result) == 0);
            sum += (long)result;
        }
    }
    guest_count(SYS_clone3, (unsigned long)rounds * 8);
    printf("%ld\n", sum);
}
