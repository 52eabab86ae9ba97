/* Syscall user dispatch of the program's own: its calls become SIGSYS and never reach the kernel's tables. */
#include "guest.h"
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <ucontext.h>

static volatile char selector;
static volatile int caught;

static void emulate(int signal, siginfo_t *info, void *context)
{
    (void)signal;
    selector = 0; /* allow: sigreturn is a call too */
    ucontext_t *machine = context;
    caught += info->si_code == 2 /* SYS_USER_DISPATCH */;
    machine->uc_mcontext.gregs[REG_RAX] = 4711 + info->si_syscall;
}

int main(void)
{
    struct sigaction action = {.sa_sigaction = emulate, .sa_flags = SA_SIGINFO};
    sigaction(SIGSYS, &action, 0);
    if (prctl(59 /* PR_SET_SYSCALL_USER_DISPATCH */, 1, 0, 0, &selector)) {
        puts("no syscall user dispatch here");
        return 0;
    }
    long sum = 0;
    for (int i = 0; i < 1000; i++) {
        selector = 1;
        sum += RAW(SYS_getppid);
        selector = 0;
    }
    printf("%d calls caught, sum %ld\n", caught, sum);
    CHECK(prctl(59, 0, 0, 0, 0) == 0);
}
