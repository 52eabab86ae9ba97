/* Two threads that make getppid calls without end, and one that sleeps in a read. The two count their calls that have
 * returned, in a file that outlives them: argv[1], a 64-bit number a thread. Says "ready" when both are at it. */
#include "guest.h"
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static volatile unsigned long *counts;
static int pipe_ends[2];

static void *count(void *own)
{
    volatile unsigned long *mine = own;
    for (;;) {
        RAW(SYS_getppid);
        ++*mine;
    }
    return NULL;
}

static void *sleeper(void *unused)
{
    char byte;
    (void)unused;
    for (;;)
        RAW(SYS_read, pipe_ends[0], &byte, 1);
    return NULL;
}

int main(int argc, char **argv)
{
    pthread_t threads[2];
    int file = open(argc > 1 ? argv[1] : "counts", O_RDWR | O_CREAT, 0600);
    if (file < 0 || ftruncate(file, 4096) || pipe(pipe_ends))
        return 1;
    counts = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (counts == MAP_FAILED || pthread_create(&threads[0], NULL, count, (void *)&counts[1]) ||
        pthread_create(&threads[1], NULL, sleeper, NULL))
        return 1;
    while (!counts[1])
        ;
    if (write(1, "ready\n", 6) != 6)
        return 1;
    count((void *)&counts[0]);
}
