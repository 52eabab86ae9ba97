/* 20,000 queued real-time signals arrive in order, each with its value and its sender. */
#include "guest.h"
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct guest_segment s;
static volatile int next, wrong;

static void handler(int signal, siginfo_t *info, void *context)
{
    (void)signal, (void)context;
    wrong += info->si_value.sival_int != next || info->si_code != SI_QUEUE || info->si_pid != (pid_t)s.tid;
    next++;
    guest_sigreturn(&s);
}

int main(void)
{
    int total = 20000;
    struct rlimit limit;
    getrlimit(RLIMIT_SIGPENDING, &limit);
    if (limit.rlim_cur < 25000)
        total = (int)limit.rlim_cur / 2;
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGRTMIN + 3);
    sigaction(SIGRTMIN + 3, &action, 0);
    sigprocmask(SIG_BLOCK, &set, 0);
    for (int i = 0; i < total; i++)
        MUST(sigqueue(getpid(), SIGRTMIN + 3, (union sigval){.sival_int = i}));
    guest_begin(&s);
    CALL(&s, SYS_rt_sigprocmask, SIG_UNBLOCK, &set, 0, 8);
    CALL(&s, SYS_getppid);
    guest_end(&s);
    CHECK(wrong == 0 && next == total);
    puts("all in order");
}
