/* SIGKILL to a process that does nothing but make children, 150 times: some children are born of a parent that dies
 * before it has come out of fork. They live on, make calls and end. */
#include "guest.h"
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void born(void *argument)
{
    struct guest_segment s;
    guest_born(&s);
    for (int i = 0; i < 5; i++)
        CALL(&s, SYS_getppid, argument, i);
    guest_end(&s);
    _exit(0);
}

int main(void)
{
    unsigned long random = __builtin_ia32_rdtsc() | 1;
    MUST(prctl(PR_SET_CHILD_SUBREAPER, 1));
    for (int i = 0; i < 150; i++) {
        int status = 0;
        pid_t child = MUST(fork());
        if (!child) {
            struct guest_segment s;
            guest_begin(&s);
            for (;;)
                SPAWN(&s, SYS_fork, born, 0);
        }
        random = random * 6364136223846793005ul + 1442695040888963407ul;
        unsigned long until = __builtin_ia32_rdtsc() + (random >> 33) % 3000000;
        while (__builtin_ia32_rdtsc() < until)
            ;
        MUST(kill(child, SIGKILL));
        MUST(waitpid(child, &status, 0));
        CHECK(WIFSIGNALED(status));
        while (waitpid(-1, 0, 0) > 0)
            ; /* the orphans */
    }
    puts("all killed, all orphans ended");
}
