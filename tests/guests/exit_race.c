/* exit_group(3) while 50 threads are in calls of their own, 10 processes in turn. */
#include "guest.h"
#include <pthread.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void *body(void *argument)
{
    struct guest_segment s;
    guest_begin(&s);
    for (long i = 0; i < 1000; i++)
        CALL(&s, SYS_getppid, argument, i);
    for (;;)
        CALL(&s, SYS_pause);
    return 0;
}

static int one(void)
{
    struct guest_segment s;
    pthread_t thread;
    for (long i = 0; i < 50; i++)
        CHECK(pthread_create(&thread, 0, body, (void *)i) == 0);
    guest_begin(&s);
    for (int i = 0; i < 50; i++)
        CALL(&s, SYS_getppid);
    EXIT(&s, 3);
    return 99;
}

int main(void)
{
    for (int i = 0; i < 9; i++) {
        int status;
        pid_t pid = MUST(fork());
        if (!pid)
            return one();
        MUST(waitpid(pid, &status, 0));
        CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 3);
    }
    return one();
}
