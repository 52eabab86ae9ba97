/* argv[1] getppid calls by each of argv[2] threads at one site that every class of the inline mechanism can change: an
 * instruction of five bytes before it, one of six behind it. With several threads it is changed while they run it. */
#include "sites.h"
#include <pthread.h>
#include <sys/syscall.h>

SITE(any_class, SITE_ARGUMENTS "  mov $110, %eax\n  syscall\n  cmp $-4096, %rax\n  ret\n");
static long calls = 1000, parent;

static void *hammer(void *unused)
{
    const unsigned long args[6] = {GUEST_ARGS(1, 2, 3, 4, 5, 6)};
    for (long i = 0; i < calls; i++)
        CHECK(any_class(SYS_getppid, args) == parent);
    return unused;
}

int main(int argc, char **argv)
{
    pthread_t threads[64];
    int count = argc > 2 ? atoi(argv[2]) : 16;
    if (argc > 1)
        calls = atol(argv[1]);
    CHECK(count >= 1 && count <= 64);
    parent = RAW(SYS_getppid);
    for (int i = 1; i < count; i++)
        CHECK(pthread_create(&threads[i], 0, hammer, 0) == 0);
    hammer(0);
    for (int i = 1; i < count; i++)
        CHECK(pthread_join(threads[i], 0) == 0);
    guest_count(SYS_getppid, (unsigned long)(calls * count) + 1);
}
