/* A filter that turns getppid into SIGSYS, whose handler gives the result. */
#include "guest.h"
#include "filter.h"
#include <signal.h>
#include <sys/syscall.h>
#include <ucontext.h>

static struct guest_segment s;
static volatile int traps;

static void handler(int signal, siginfo_t *info, void *context)
{
    (void)signal;
    ucontext_t *machine = context;
    traps += info->si_syscall == SYS_getppid && info->si_code == 1 && info->si_arch == AUDIT_ARCH_X86_64;
    machine->uc_mcontext.gregs[REG_RAX] = 4711;
    CALL(&s, SYS_getpid);
    guest_sigreturn(&s);
}

/* The kernel's result of a trapped call is its number, put back into rax; what the program gets is the handler's. */
static long trapped(long i)
{
    const unsigned long args[6] = {GUEST_ARGS(i)};
    struct guest_record *record = guest_record_new(&s, GUEST_CALL, GUEST_ABI, SYS_getppid, args);
    long result = guest_native(SYS_getppid, args);
    guest_record_returned(record, SYS_getppid);
    return result;
}

int main(void)
{
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};
    sigaction(SIGSYS, &action, 0);
    install_filter(SYS_getppid, SECCOMP_RET_TRAP);
    long sum = 0;
    guest_begin(&s);
    for (int i = 0; i < 100; i++)
        sum += trapped(i);
    guest_end(&s);
    printf("%d traps, sum %ld\n", traps, sum);
}
