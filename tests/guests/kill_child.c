/* Children killed by SIGKILL: newborn, in a loop of calls, blocked in a call, with threads. */
#include "guest.h"
#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void busy(void *argument)
{
    struct guest_segment s;
    guest_born(&s);
    for (long i = 0;; i++)
        CALL(&s, argument ? SYS_pause : SYS_getppid, i);
}

static void *busy_thread(void *argument)
{
    struct guest_segment s;
    guest_begin(&s);
    for (long i = 0;; i++)
        CALL(&s, argument ? SYS_pause : SYS_getppid, i);
    return 0;
}

int main(void)
{
    struct guest_segment s;
    guest_begin(&s);
    for (int i = 0; i < 150; i++) {
        int status = 0;
        long pid = SPAWN(&s, SYS_fork, busy, (void *)(long)(i % 2));
        for (int delay = i % 20; delay > 0; delay--)
            CALL(&s, SYS_getppid);
        CHECK(CALL(&s, SYS_kill, pid, SIGKILL) == 0);
        CHECK(CALL(&s, SYS_wait4, pid, &status, 0, 0) == pid);
        CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    }
    guest_end(&s);
    for (int i = 0; i < 10; i++) {
        int status = 0;
        pid_t pid = MUST(fork());
        if (!pid) {
            pthread_t thread;
            for (long t = 0; t < 6; t++)
                CHECK(pthread_create(&thread, 0, busy_thread, (void *)(t % 2)) == 0);
            for (;;)
                pause();
        }
        for (int delay = i * 20; delay > 0; delay--)
            getppid();
        MUST(kill(pid, SIGKILL));
        MUST(waitpid(pid, &status, 0));
        CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    }
    puts("all killed");
}
