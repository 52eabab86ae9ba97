/* A small shell's job control on a terminal of its own: background read stops by SIGTTIN, Ctrl-Z, fg, Ctrl-C. */
#include "guest.h"
#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

static void describe(const char *what, int status)
{
    if (WIFSTOPPED(status))
        printf("%s: stopped by %d\n", what, WSTOPSIG(status));
    else if (WIFSIGNALED(status))
        printf("%s: killed by %d\n", what, WTERMSIG(status));
    else
        printf("%s: exited with %d\n", what, WEXITSTATUS(status));
    fflush(stdout);
}

static int session(int master, const char *name)
{
    int status;
    alarm(100);
    setsid();
    int terminal = MUST(open(name, O_RDWR));
    MUST(ioctl(terminal, TIOCSCTTY, 0));
    signal(SIGTTOU, SIG_IGN);
    pid_t job = MUST(fork());
    if (!job) {
        setpgid(0, 0);
        signal(SIGTTOU, SIG_DFL);
        char line[16];
        if (read(terminal, line, sizeof line) == 3) /* SIGTTIN first, then "hi\n" */
            for (;;)
                pause();
        _exit(9);
    }
    setpgid(job, job);
    MUST(waitpid(job, &status, WUNTRACED));
    describe("background read", status);
    MUST(tcsetpgrp(terminal, job));
    MUST(kill(-job, SIGCONT));
    MUST(waitpid(job, &status, WCONTINUED));
    MUST(write(master, "hi\n", 3));
    /* The line is taken when nothing is left to read. */
    int left = 1;
    while (left)
        MUST(ioctl(terminal, FIONREAD, &left)), usleep(1000);
    MUST(write(master, "\x1a", 1));
    MUST(waitpid(job, &status, WUNTRACED));
    describe("Ctrl-Z", status);
    MUST(tcsetpgrp(terminal, getpgrp()));
    MUST(tcsetpgrp(terminal, job));
    MUST(kill(-job, SIGCONT));
    MUST(waitpid(job, &status, WCONTINUED));
    MUST(write(master, "\x03", 1));
    MUST(waitpid(job, &status, WUNTRACED));
    describe("Ctrl-C", status);
    return 0;
}

int main(void)
{
    int status, master = MUST(posix_openpt(O_RDWR | O_NOCTTY));
    MUST(grantpt(master));
    MUST(unlockpt(master));
    char *name = ptsname(master);
    fflush(stdout);
    pid_t pid = MUST(fork());
    if (!pid)
        return session(master, name);
    MUST(waitpid(pid, &status, 0));
    describe("session", status);
}
