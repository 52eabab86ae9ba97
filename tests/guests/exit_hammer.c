/* exit_group while eight threads hammer calls without an end, by the first thread and by another: 16 processes. */
#include "guest.h"
#include <pthread.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int leaver;

static void *hammer(void *argument)
{
    struct guest_segment s;
    guest_begin(&s);
    for (long i = 0;; i++) {
        CALL(&s, SYS_getppid, argument, i);
        CALL(&s, SYS_write, -1, &s, i);
        if (i == 60 && (long)argument == leaver)
            EXIT(&s, 20 + leaver);
    }
    return 0;
}

int main(void)
{
    int sum = 0;
    for (leaver = 0; leaver < 16; leaver++) {
        int status = 0;
        pid_t pid = MUST(fork());
        if (!pid) {
            pthread_t thread;
            leaver %= 9;
            for (long i = 1; i <= 8; i++)
                CHECK(pthread_create(&thread, 0, hammer, (void *)i) == 0);
            hammer(0);
        }
        MUST(waitpid(pid, &status, 0));
        CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 20 + leaver % 9);
        sum += WEXITSTATUS(status);
    }
    printf("%d\n", sum);
}
