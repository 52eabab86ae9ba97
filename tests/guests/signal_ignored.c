/* Ignored signals, and stops, come to calls that wait: nanosleep, poll, futex, read. Without a recorder an
 * ignored signal wakes nobody; all of these calls go on to their own end. */
#include "guest.h"
#include "sleeping.h"
#include <linux/futex.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

int main(void)
{
    struct guest_segment s;
    int word = 0, pipes[2], wake[2], sync[2], status;
    MUST(pipe(pipes));
    MUST(pipe(wake));
    MUST(pipe(sync));
    setvbuf(stdout, 0, _IOLBF, 0);
    signal(SIGUSR1, SIG_IGN);
    pid_t child = MUST(fork());
    if (!child) {
        struct timespec time = {0, 300000000};
        struct pollfd poll = {.fd = pipes[0], .events = POLLIN};
        long results[5];
        char byte;
        guest_begin(&s);
        results[0] = CALL(&s, SYS_nanosleep, &time, 0);
        CALL(&s, SYS_write, sync[1], "x", 1);
        results[1] = CALL(&s, SYS_poll, &poll, 1, 300);
        CALL(&s, SYS_write, sync[1], "x", 1);
        results[2] = CALL(&s, SYS_futex, &word, FUTEX_WAIT, 0, &time, 0, 0);
        CALL(&s, SYS_write, sync[1], "x", 1);
        results[3] = CALL(&s, SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, &time, 0);
        CALL(&s, SYS_write, sync[1], "x", 1);
        results[4] = CALL(&s, SYS_read, wake[0], &byte, 1);
        guest_end(&s);
        for (int i = 0; i < 5; i++)
            printf("%ld\n", results[i]);
        return 0;
    }
    for (int i = 0; i < 5; i++) {
        char byte;
        wait_until_asleep(child);
        for (int signal = 0; signal < 8; signal++) {
            MUST(kill(child, signal % 2 ? SIGUSR1 : SIGWINCH));
            usleep(1000 * (signal % 3));
        }
        MUST(kill(child, SIGSTOP));
        MUST(waitpid(child, &status, WUNTRACED));
        MUST(kill(child, SIGUSR1));
        MUST(kill(child, SIGCONT));
        if (i < 4)
            CHECK(read(sync[0], &byte, 1) == 1);
        else
            MUST(write(wake[1], "x", 1));
    }
    MUST(waitpid(child, &status, 0));
    CHECK(status == 0);
}
