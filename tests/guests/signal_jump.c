/* siglongjmp out of a handler for SIGALRM, out of calls that return at once and out of a blocked read: signal_jump HZ.
 * Half of the signals return instead. Ends after 600 jumps, or after ten seconds where the timer ticks slowly. Where a
 * handler takes longer than the timer, nothing but handlers runs: so it is a handler that stops the timer, with the last
 * jump. */
#include "guest.h"
#include "own_text.h"
#include <setjmp.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <ucontext.h>

static sigjmp_buf out;
static volatile int ready, signals, jumps, strange;
static time_t end;
enum { JUMPS = 600 };
static const struct itimerval never;

static void handler(int signal, siginfo_t *info, void *context)
{
    const ucontext_t *machine = context;
    (void)signal, (void)info;
    strange += !own_text_has((unsigned long)machine->uc_mcontext.gregs[REG_RIP]);
    strange += getppid() == 0 && getpid() == 0;
    const int last = ready && (jumps >= JUMPS - 1 || time(0) >= end);
    if (last)
        setitimer(ITIMER_REAL, &never, 0);
    if ((++signals % 2 && ready) || last)
        siglongjmp(out, 1);
}

int main(int argc, char **argv)
{
    long us = 1000000 / (argc > 1 ? atol(argv[1]) : 1000);
    struct itimerval often = {{0, us}, {0, us}};
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_RESTART};
    int empty[2];
    char byte;
    sigset_t alarm_only;
    sigemptyset(&alarm_only);
    sigaddset(&alarm_only, SIGALRM);
    own_text_read();
    MUST(pipe(empty));
    sigaction(SIGALRM, &action, 0);
    pid_t parent = getppid();
    end = time(0) + 10;
    /* Without the mask: siglongjmp would let the next signal in before it leaves the handler's stack, and where a
     * handler takes longer than the timer, handlers would pile up on it. */
    if (sigsetjmp(out, 0)) {
        jumps++;
        sigprocmask(SIG_UNBLOCK, &alarm_only, 0);
    } else { /* in this order: handlers that only return would let nothing else run, either */
        ready = 1;
        setitimer(ITIMER_REAL, &often, 0);
    }
    if (jumps < JUMPS && time(0) < end) {
        for (int i = 0; i < jumps % 50; i++)
            CHECK(getppid() == parent);
        read(empty[0], &byte, 1); /* nobody writes: left by a jump alone */
        CHECK(!"the read returned");
    }
    setitimer(ITIMER_REAL, &never, 0);
    ready = 0;
    CHECK(write(empty[1], "x", 1) == 1 && read(empty[0], &byte, 1) == 1 && byte == 'x');
    CHECK(jumps > 10);
    printf("%d strange\n", strange);
}
