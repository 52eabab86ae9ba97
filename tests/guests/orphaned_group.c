/* A stopped process group becomes orphaned: the kernel sends it SIGHUP and SIGCONT. */
#include "guest.h"
#include "sleeping.h"
#include <signal.h>
#include <sys/wait.h>

static volatile int hangups, continues;
static void on_signal(int signal)
{
    if (signal == SIGHUP)
        hangups++;
    else
        continues++;
}

int main(void)
{
    int report[2], status;
    MUST(pipe(report));
    pid_t middle = MUST(fork());
    if (!middle) {
        MUST(setsid());
        pid_t child = MUST(fork());
        if (!child) {
            setpgid(0, 0);
            alarm(100);
            signal(SIGHUP, on_signal);
            signal(SIGCONT, on_signal);
            raise(SIGSTOP);
            while (!hangups || !continues)
                usleep(1000);
            char line[64];
            int length = snprintf(line, sizeof line, "SIGHUP %d, SIGCONT %d\n", hangups, continues);
            MUST(write(report[1], line, length));
            _exit(0);
        }
        MUST(waitpid(child, &status, WUNTRACED));
        CHECK(WIFSTOPPED(status));
        _exit(0); /* leaves the stopped group without a parent in the session */
    }
    MUST(close(report[1]));
    MUST(waitpid(middle, &status, 0));
    char line[64];
    ssize_t length = read(report[0], line, sizeof line);
    CHECK(length > 0);
    MUST(write(1, line, length));
}
