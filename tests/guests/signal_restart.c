/* A signal in a blocked read: with SA_RESTART the read goes on, without it ends with EINTR; pause always ends. */
#include "guest.h"
#include "sleeping.h"
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static struct guest_segment s;
static volatile int handled;

static void handler(int signal)
{
    (void)signal;
    CALL(&s, SYS_getppid, 1);
    handled++;
    guest_sigreturn(&s);
}

int main(void)
{
    int data[2];
    char byte = 0;
    struct sigaction restarts = {.sa_handler = handler, .sa_flags = SA_RESTART}, ends = {.sa_handler = handler};
    MUST(pipe(data));
    sigaction(SIGUSR1, &restarts, 0);
    sigaction(SIGUSR2, &ends, 0);
    pid_t self = getpid(), child = MUST(fork());
    if (!child) {
        for (int i = 0; i < 3; i++) {
            wait_until_asleep(self);
            kill(self, SIGUSR1);
        }
        wait_until_asleep(self);
        MUST(write(data[1], "x", 1));
        for (int i = 0; i < 2; i++) { /* the next read, and pause */
            wait_until_asleep(self);
            kill(self, SIGUSR2);
        }
        _exit(0);
    }
    guest_begin(&s);
    long first = CALL(&s, SYS_read, data[0], &byte, 1);
    long second = CALL(&s, SYS_read, data[0], &byte, 1);
    long third = CALL(&s, SYS_pause);
    guest_end(&s);
    MUST(waitpid(child, 0, 0));
    CHECK(byte == 'x');
    printf("%ld %ld %ld, %d handled\n", first, second, third, handled);
}
