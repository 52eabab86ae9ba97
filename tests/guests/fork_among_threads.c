/* fork and vfork in a program of 64 threads that all make calls at the same sites; the children use them too. */
#include "guest.h"
#include <pthread.h>
#include <sys/syscall.h>
#include <sys/wait.h>

enum { THREADS = 64, CALLS = 300 };

static void *body(void *argument)
{
    struct guest_segment s;
    guest_begin(&s);
    for (long i = 0; i < CALLS; i++)
        CALL(&s, SYS_getppid, argument, i);
    guest_end(&s);
    return 0;
}

static void child(void *argument)
{
    struct guest_segment s;
    guest_born(&s);
    for (int i = 0; i < 20; i++)
        CALL(&s, SYS_getppid, argument, i);
    EXIT(&s, (int)(long)argument);
}

int main(void)
{
    static pthread_t threads[THREADS];
    struct guest_segment s;
    int sum = 0;
    for (long i = 0; i < THREADS; i++)
        CHECK(pthread_create(&threads[i], 0, body, (void *)i) == 0);
    guest_begin(&s);
    for (long i = 0; i < 30; i++) {
        int status = 0;
        long pid = SPAWN(&s, i % 3 ? SYS_fork : SYS_vfork, child, (void *)i);
        CHECK(CALL(&s, SYS_wait4, pid, &status, 0, 0) == pid && WIFEXITED(status));
        sum += WEXITSTATUS(status);
    }
    guest_end(&s);
    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_join(threads[i], 0) == 0);
    printf("%d\n", sum);
}
