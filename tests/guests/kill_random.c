/* SIGKILL to children in a tight loop of calls, of one thread and of four, at moments that no call decides: after a
 * stretch of the time stamp counter. */
#include "guest.h"
#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void *hammer(void *argument)
{
    struct guest_segment s;
    guest_begin(&s);
    for (long i = 0;; i++) {
        CALL(&s, SYS_getppid, argument, i);
        CALL(&s, SYS_close, -1);
    }
    return 0;
}

int main(void)
{
    unsigned long random = __builtin_ia32_rdtsc() | 1;
    for (int i = 0; i < 120; i++) {
        int status = 0;
        pid_t child = MUST(fork());
        if (!child) {
            pthread_t thread;
            for (long t = 1; t < (i % 4 ? 1 : 4); t++)
                CHECK(pthread_create(&thread, 0, hammer, (void *)t) == 0);
            hammer(0);
        }
        random = random * 6364136223846793005ul + 1442695040888963407ul;
        unsigned long until = __builtin_ia32_rdtsc() + (random >> 33) % 6000000; /* up to some milliseconds */
        while (__builtin_ia32_rdtsc() < until)
            ;
        MUST(kill(child, SIGKILL));
        MUST(waitpid(child, &status, 0));
        CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    }
    puts("all killed");
}
