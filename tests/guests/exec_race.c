/* Two threads call execve at the same time, 30 times over: one of them wins, all else of the process ends. */
#include "guest.h"
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

static char **arguments;
static pthread_barrier_t start;

static void *executor(void *argument)
{
    struct guest_segment s;
    pthread_barrier_wait(&start);
    guest_begin(&s);
    CALL(&s, SYS_execve, "/proc/self/exe", arguments, environ);
    return argument;
}

int main(int argc, char **argv)
{
    int round = argc > 1 ? atoi(argv[1]) : 0;
    if (round == 30) {
        puts("thirty races");
        return 30;
    }
    char number[16];
    snprintf(number, sizeof number, "%d", round + 1);
    arguments = (char *[]){argv[0], number, 0};
    pthread_t threads[3];
    pthread_barrier_init(&start, 0, 3);
    for (int i = 0; i < 3; i++)
        CHECK(pthread_create(&threads[i], 0, executor, 0) == 0);
    pthread_join(threads[0], 0);
    return 99;
}
