/* Strict mode: read, write, exit and rt_sigreturn, and SIGKILL for anything else. A child works in it and ends well; a
 * second one makes another call. */
#include "sites.h"
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

SITE(by_register, SITE_NUMBER SITE_ARGUMENTS "  syscall\n  cmp $-4096, %rax\n  ret\n");
SITE(by_constant, SITE_ARGUMENTS "  mov $1, %eax\n  syscall\n  cmp $-4096, %rax\n  ret\n");

static int end_of(int is_bad)
{
    int data[2], status = 0;
    MUST(pipe(data));
    pid_t child = MUST(fork());
    if (!child) {
        const unsigned long write_one[6] = {(unsigned long)data[1], (unsigned long)"x", 1};
        char byte;
        const unsigned long read_one[6] = {(unsigned long)data[0], (unsigned long)&byte, 1};
        const unsigned long end[6] = {6};
        CHECK(prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) == 0);
        for (int i = 0; i < 100; i++)
            if (by_constant(SYS_write, write_one) != 1 || by_register(SYS_read, read_one) != 1)
                break;
        if (is_bad)
            by_register(SYS_getppid, end);
        by_register(SYS_exit, end);
    }
    MUST(waitpid(child, &status, 0));
    close(data[0]);
    close(data[1]);
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

int main(void)
{
    for (int i = 0; i < 4; i++)
        printf("%d %d\n", end_of(0), end_of(1));
}
