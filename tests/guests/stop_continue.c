/* SIGSTOP and SIGCONT as the parent sees them: by waitpid with WUNTRACED and WCONTINUED, 20 times; then a handler for
 * SIGCONT, and SIGKILL to a stopped child. */
#include "guest.h"
#include "sleeping.h"
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static volatile int continued;
static void on_continue(int signal) { continued += signal == SIGCONT; }

static void describe(int status)
{
    if (WIFSTOPPED(status))
        printf("stopped by %d\n", WSTOPSIG(status));
    else if (WIFCONTINUED(status))
        printf("continued\n");
    else if (WIFSIGNALED(status))
        printf("killed by %d\n", WTERMSIG(status));
    else
        printf("exited with %d\n", WEXITSTATUS(status));
}

int main(void)
{
    int status;
    const int stops[] = {SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU};
    int next[2]; /* a byte for each stop, so that none comes before the parent has seen the continuing before it */
    char byte = 0;
    MUST(pipe(next));
    setvbuf(stdout, 0, _IOLBF, 0);
    pid_t child = MUST(fork());
    if (!child) {
        setpgid(0, 0); /* not orphaned: the parent is in another group of the session, so that SIGTSTP stops */
        signal(SIGCONT, on_continue);
        for (int i = 0; i < 20; i++) {
            CHECK(read(next[0], &byte, 1) == 1);
            kill(getpid(), stops[i % 4]);
        }
        CHECK(read(next[0], &byte, 1) == 1); /* an end would hide the last continuing */
        return continued;
    }
    for (int i = 0; i < 20; i++) {
        MUST(write(next[1], &byte, 1));
        MUST(waitpid(child, &status, WUNTRACED));
        describe(status);
        CHECK(WIFSTOPPED(status));
        CHECK(task_state(child) == 'T' || task_state(child) == 't');
        MUST(kill(child, SIGCONT));
        MUST(waitpid(child, &status, WCONTINUED));
        describe(status);
        CHECK(WIFCONTINUED(status));
    }
    MUST(write(next[1], &byte, 1));
    MUST(waitpid(child, &status, 0));
    describe(status);
    child = MUST(fork());
    if (!child)
        for (;;)
            getppid();
    MUST(kill(child, SIGSTOP));
    MUST(waitpid(child, &status, WUNTRACED));
    describe(status);
    CHECK(waitpid(child, &status, WUNTRACED | WNOHANG) == 0);
    MUST(kill(child, SIGKILL));
    MUST(waitpid(child, &status, WUNTRACED));
    describe(status);
}
