/* Threads end by exit(2) with codes of their own while the leader ends: by exit_group, whose code is the process's, or
 * by exit(2) too, where it is the code of whoever was last (Linux 5.17 on) or the leader's (before). */
#include "guest.h"
#include <pthread.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void *body(void *argument)
{
    RAW(SYS_exit, 100 + (long)argument);
    return 0;
}

int main(void)
{
    for (int i = 0; i < 50; i++) {
        int status;
        pid_t pid = MUST(fork());
        if (!pid) {
            pthread_t thread;
            for (long t = 0; t < 4; t++)
                CHECK(pthread_create(&thread, 0, body, (void *)t) == 0);
            if (i % 2)
                RAW(SYS_exit_group, 9);
            RAW(SYS_exit, 9);
        }
        MUST(waitpid(pid, &status, 0));
        CHECK(WIFEXITED(status));
        int code = WEXITSTATUS(status);
        CHECK(code == 9 || (i % 2 == 0 && code >= 100 && code < 104));
    }
    return 9;
}
