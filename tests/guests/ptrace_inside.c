/* Is a tracer itself: TRACEME, ATTACH and SEIZE. With a tracer of its own the kernel says EPERM, and that is reported;
 * it never hangs. */
#include "guest.h"
#include <errno.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    int status;
    alarm(60);
    setvbuf(stdout, 0, _IOLBF, 0);
    pid_t child = MUST(fork());
    if (!child) {
        if (ptrace(PTRACE_TRACEME, 0, 0, 0)) {
            printf("TRACEME: %d\n", errno);
            _exit(1);
        }
        raise(SIGSTOP);
        _exit(2);
    }
    MUST(waitpid(child, &status, 0));
    if (WIFSTOPPED(status)) {
        printf("TRACEME: traced\n");
        MUST(ptrace(PTRACE_CONT, child, 0, 0));
        MUST(waitpid(child, &status, 0));
    }
    child = MUST(fork());
    if (!child)
        for (;;)
            pause();
    if (ptrace(PTRACE_ATTACH, child, 0, 0)) {
        printf("ATTACH: %d\n", errno);
    } else {
        MUST(waitpid(child, &status, 0));
        printf("ATTACH: traced\n");
        MUST(ptrace(PTRACE_DETACH, child, 0, 0));
    }
    if (ptrace(PTRACE_SEIZE, child, 0, 0))
        printf("SEIZE: %d\n", errno);
    else
        printf("SEIZE: traced\n");
    kill(child, SIGKILL);
    MUST(waitpid(child, &status, 0));
}
