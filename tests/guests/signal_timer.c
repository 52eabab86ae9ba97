/* A timer of 2 kHz over a loop of calls: signals arrive anywhere, 400 of them. */
#include "guest.h"
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static struct guest_segment s;
static volatile int ticks, code_wrong;

static void handler(int signal, siginfo_t *info, void *context)
{
    (void)signal, (void)context;
    CALL(&s, SYS_getuid, 9, ticks); /* another number than the loop's: not every recorder knows all arguments */
    code_wrong += info->si_code != SI_TIMER;
    ticks++;
    guest_sigreturn(&s);
}

int main(void)
{
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_RESTART};
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN};
    struct itimerspec often = {{0, 500000}, {0, 500000}}, never = {{0, 0}, {0, 0}};
    int kernel_timer;
    sigaction(SIGRTMIN, &action, 0);
    CHECK(syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &kernel_timer) == 0);
    guest_begin(&s);
    CALL(&s, SYS_timer_settime, kernel_timer, 0, &often, 0);
    for (long i = 0; ticks < 400; i++)
        CALL(&s, SYS_getppid, i);
    CALL(&s, SYS_timer_settime, kernel_timer, 0, &never, 0);
    CALL(&s, SYS_getppid);
    guest_end(&s);
    CHECK(!code_wrong);
    puts("ticks");
}
