/* execve by a thread that is not the leader, while others live: the new program has the leader's tid. */
#include "guest.h"
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

static char **arguments;

static void *sleeper(void *argument)
{
    struct guest_segment s;
    guest_begin(&s);
    for (;;)
        CALL(&s, SYS_pause);
    return argument;
}

static void *executor(void *argument)
{
    struct guest_segment s;
    guest_begin(&s);
    CALL(&s, SYS_getppid);
    CALL(&s, SYS_execve, "/proc/self/exe", arguments, environ);
    return argument;
}

int main(int argc, char **argv)
{
    int round = argc > 2 ? atoi(argv[1]) : 0;
    if (round == 10) {
        CHECK(getpid() == atoi(argv[2]) && RAW(SYS_gettid) == getpid());
        puts("ten execs, one process");
        return 10;
    }
    char number[16], self[16];
    snprintf(number, sizeof number, "%d", round + 1);
    snprintf(self, sizeof self, "%d", getpid());
    arguments = (char *[]){argv[0], number, self, 0};
    pthread_t thread;
    for (int i = 0; i < 3; i++)
        CHECK(pthread_create(&thread, 0, sleeper, 0) == 0);
    CHECK(pthread_create(&thread, 0, executor, 0) == 0);
    pthread_join(thread, 0);
    return 99;
}
