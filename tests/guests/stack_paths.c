/* Calls by ever other paths, with stacks that are full of other values each time: argv[1] threads make argv[2] calls each.
 * The call's first argument says which functions it comes from, two bits each (step_1 to step_3), the innermost lowest;
 * its second one how often this thread has come that way. With argv[3] "signals", a timer's handler, which makes calls of
 * its own, comes in between. */
#define _GNU_SOURCE
#include <alloca.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#define NOINLINE __attribute__((noinline, noclone))

static long calls;

static NOINLINE long leaf(unsigned long path, unsigned long seed)
{
    /* The path again, so that a compiler does not keep it in a register that the walk needs. */
    volatile unsigned long kept[2] = {path, seed};
    return syscall(SYS_getppid, path, seed) + (long)kept[1];
}

static NOINLINE long step(unsigned long path, unsigned long seed, int depth);

#define STEP(n, room)                                                                                                  \
    static NOINLINE long step_##n(unsigned long path, unsigned long seed, int depth)                                   \
    {                                                                                                                  \
        volatile unsigned long junk[room];                                                                             \
        for (int i = 0; i < room; i++)                                                                                 \
            junk[i] = seed * (2 * i + 1) + n;                                                                          \
        return step(path << 2 | n, seed, depth - 1) + (long)junk[seed % room];                                         \
    }
STEP(1, 2)
STEP(2, 2)
STEP(3, 7)

static NOINLINE long step(unsigned long path, unsigned long seed, int depth)
{
    /* Now and then the same frames lie elsewhere. */
    volatile char *room = alloca(16 + 16 * (seed % 5 == 4));
    room[0] = (char)seed;
    if (depth == 0)
        return leaf(path, seed) + room[0];
    switch ((seed >> depth) % 3) {
    case 0: return step_1(path, seed, depth) + room[0];
    case 1: return step_2(path, seed, depth) + room[0];
    default: return step_3(path, seed, depth) + room[0];
    }
}

static NOINLINE void *work(void *thread)
{
    unsigned long seed = (unsigned long)thread;
    for (long i = 0; i < calls; i++) {
        seed = seed * 6364136223846793005ul + 1442695040888963407ul;
        step(0, seed >> 40, 1 + (int)(seed >> 33) % 3);
    }
    return 0;
}

static void on_timer(int signo)
{
    (void)signo;
    syscall(SYS_getuid);
}

int main(int argc, char **argv)
{
    pthread_t threads[16];
    int count = argc > 1 ? atoi(argv[1]) : 1;
    calls = argc > 2 ? atol(argv[2]) : 1000;
    if (count < 1 || count > 16)
        return 2;
    if (argc > 3 && !strcmp(argv[3], "signals")) {
        struct sigaction action = {.sa_handler = on_timer, .sa_flags = SA_RESTART};
        struct itimerval every = {{0, 200}, {0, 200}};
        sigaction(SIGALRM, &action, 0);
        setitimer(ITIMER_REAL, &every, 0);
    }
    for (int i = 0; i < count; i++)
        if (pthread_create(&threads[i], 0, work, (void *)(i + 1L)))
            return 1;
    for (int i = 0; i < count; i++)
        pthread_join(threads[i], 0);
    return 0;
}
