/* A process of eight calling threads is stopped and continued as one. */
#include "guest.h"
#include "sleeping.h"
#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static volatile int enough;
static void on_term(int signal) { enough = signal; }

static void *body(void *argument)
{
    struct guest_segment s;
    guest_begin(&s);
    for (long i = 0; !enough && i < 100000; i++)
        CALL(&s, SYS_getppid, argument, i);
    guest_end(&s);
    return 0;
}

static int child(void)
{
    pthread_t threads[7];
    sigset_t set;
    signal(SIGTERM, on_term);
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &set, 0); /* the threads inherit this: the leader gets it */
    for (long i = 0; i < 7; i++)
        CHECK(pthread_create(&threads[i], 0, body, (void *)i) == 0);
    pthread_sigmask(SIG_UNBLOCK, &set, 0);
    while (!enough)
        usleep(1000);
    for (int i = 0; i < 7; i++)
        CHECK(pthread_join(threads[i], 0) == 0);
    return 21;
}

int main(void)
{
    int status;
    pid_t pid = MUST(fork());
    if (!pid)
        return child();
    for (int i = 0; i < 10; i++) {
        usleep(3000);
        MUST(kill(pid, SIGSTOP));
        MUST(waitpid(pid, &status, WUNTRACED));
        CHECK(WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
        MUST(kill(pid, SIGCONT));
        MUST(waitpid(pid, &status, WCONTINUED));
        CHECK(WIFCONTINUED(status));
    }
    MUST(kill(pid, SIGTERM));
    MUST(waitpid(pid, &status, 0));
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 21);
    puts("stopped and continued as one");
}
