/* The init of a pid namespace, with zombies and sleepers inside, is killed. Needs root; says so without it. */
#include "guest.h"
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    int ready[2];
    MUST(pipe(ready));
    pid_t pid = (pid_t)RAW(SYS_clone, CLONE_NEWPID | SIGCHLD, 0, 0, 0, 0);
    if (pid < 0) {
        puts("no pid namespace for us");
        return 0;
    }
    if (!pid) {
        for (int i = 0; i < 10; i++)
            if (!MUST(fork())) {
                if (i % 2)
                    _exit(i);
                for (;;)
                    pause();
            }
        MUST(write(ready[1], "x", 1));
        for (;;)
            pause();
    }
    char byte;
    int status;
    CHECK(read(ready[0], &byte, 1) == 1);
    MUST(kill(pid, SIGKILL));
    MUST(waitpid(pid, &status, 0));
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    puts("namespace gone");
}
