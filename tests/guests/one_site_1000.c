/* 1,000 threads leave a barrier and all make calls at the same two sites, which nobody has run before. */
#include "sites.h"
#include <pthread.h>
#include <sys/syscall.h>

enum { THREADS = 1000, CALLS = 30 };
SITE(by_register, SITE_NUMBER SITE_ARGUMENTS "  syscall\n  cmp $-4096, %rax\n  ret\n");
SITE(by_constant, SITE_ARGUMENTS "  mov $110, %eax\n  syscall\n  cmp $-4096, %rax\n  ret\n");
static pthread_barrier_t all;
static long parent;

static void *body(void *argument)
{
    struct guest_segment s;
    pthread_barrier_wait(&all);
    guest_begin(&s);
    for (long i = 0; i < CALLS; i++) {
        CHECK(CALL_AT(&s, by_register, SYS_getppid, argument, i) == parent);
        CHECK(CALL_AT(&s, by_constant, SYS_getppid, argument, i) == parent);
    }
    guest_end(&s);
    return 0;
}

int main(void)
{
    static pthread_t threads[THREADS];
    pthread_attr_t attributes;
    parent = RAW(SYS_getppid);
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 65536);
    pthread_barrier_init(&all, 0, THREADS);
    for (long i = 0; i < THREADS; i++)
        CHECK(pthread_create(&threads[i], &attributes, body, (void *)i) == 0);
    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_join(threads[i], 0) == 0);
    puts("all through");
}
