/* backtrace() in a handler: of a blocked read of libc's, and of calls in a loop under a timer. Both walk through the
 * frame of the signal into the functions that made the call, and see nothing but code of the program. */
#include "guest.h"
#include "own_text.h"
#include <execinfo.h>
#include <signal.h>
#include <sys/time.h>
#include <sys/wait.h>
#include "sleeping.h"

#define CHAIN __attribute__((noinline, noclone, section("chain")))
extern const char __start_chain[], __stop_chain[];
static volatile int signals, incomplete, strange;

static void handler(int signal)
{
    void *frames[64];
    int count = backtrace(frames, 64), in_chain = 0;
    (void)signal;
    for (int i = 0; i < count; i++) {
        in_chain += (char *)frames[i] >= __start_chain && (char *)frames[i] < __stop_chain;
        strange += !own_text_has((unsigned long)frames[i]);
    }
    /* The last signal may come behind the loop. */
    incomplete += in_chain != 3 && signals < 400;
    signals++;
}

static volatile int sink;
static const struct itimerval often = {{0, 1000}, {0, 1000}}, never = {{0, 0}, {0, 0}};
CHAIN int third(int from)
{
    char byte;
    if (from >= 0)
        return (int)read(from, &byte, 1) + sink;
    /* Started here, so that no signal comes before the chain stands. */
    setitimer(ITIMER_REAL, &often, 0);
    while (signals < 400)
        getppid();
    return sink;
}
CHAIN int second(int from) { return third(from) + sink; }
CHAIN int first(int from) { return second(from) + sink; }

int main(void)
{
    int data[2];
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
    void *frames[4];
    backtrace(frames, 4); /* loads the unwinder */
    own_text_read();
    MUST(pipe(data));
    sigaction(SIGUSR1, &action, 0);
    sigaction(SIGALRM, &action, 0);
    pid_t self = getpid(), child = MUST(fork());
    if (!child) {
        for (int i = 0; i < 5; i++) {
            wait_until_asleep(self);
            kill(self, SIGUSR1);
        }
        wait_until_asleep(self);
        MUST(write(data[1], "x", 1));
        _exit(0);
    }
    CHECK(first(data[0]) == 1);
    MUST(waitpid(child, 0, 0));
    CHECK(signals == 5);
    printf("blocked: %d incomplete, %d strange\n", incomplete, strange);
    incomplete = strange = signals = 0;
    first(-1);
    setitimer(ITIMER_REAL, &never, 0);
    printf("in a loop: %d incomplete, %d strange\n", incomplete > 0, strange);
}
