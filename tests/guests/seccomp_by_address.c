/* Filters that look at the instruction pointer: only one site may make getppid, as the kernel tells its address; and
 * SIGSYS with the address of the call, for one that is trapped. */
#include "sites.h"
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <ucontext.h>

#define TRY(name) SITE(name, SITE_NUMBER SITE_ARGUMENTS "  syscall\n" #name "_behind:\n  cmp $-4096, %rax\n  ret\n")
TRY(permitted);
TRY(refused);
TRY(trapped);
extern const char permitted_behind[], trapped_behind[];
static struct guest_segment s;
static volatile int traps, strange;

static void handler(int signal, siginfo_t *info, void *context)
{
    ucontext_t *machine = context;
    (void)signal;
    strange += info->si_call_addr != trapped_behind || info->si_syscall != SYS_getppid;
    strange += machine->uc_mcontext.gregs[REG_RIP] != (long)trapped_behind;
    machine->uc_mcontext.gregs[REG_RAX] = 4711;
    traps++;
    guest_sigreturn(&s);
}

/* What the kernel sees is the number, put back into rax; what the program gets is the handler's. */
static long call_trapped(long i)
{
    const unsigned long args[6] = {GUEST_ARGS(i)};
    struct guest_record *record = guest_record_new(&s, GUEST_CALL, GUEST_ABI, SYS_getppid, args);
    long result = trapped(SYS_getppid, args);
    guest_record_returned(record, SYS_getppid);
    return result;
}

static unsigned half(const char *address, int upper)
{
    return (unsigned)((unsigned long)address >> (upper ? 32 : 0));
}

int main(void)
{
    enum { IP = offsetof(struct seccomp_data, instruction_pointer) };
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 5),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, IP + 4),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, half(permitted_behind, 1), 0, 4),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, IP),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, half(permitted_behind, 0), 1, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, half(trapped_behind, 0), 2, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EDOM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
    };
    const struct sock_fprog program = {sizeof code / sizeof *code, code};
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};
    long parent = RAW(SYS_getppid), sum = 0;
    sigaction(SIGSYS, &action, 0);
    guest_begin(&s); /* once before there is a filter: the sites have run */
    CHECK(CALL_AT(&s, permitted, SYS_getppid) == parent && CALL_AT(&s, refused, SYS_getppid) == parent);
    guest_end(&s);
    CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    CHECK(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0);
    guest_begin(&s);
    for (int i = 0; i < 100; i++) {
        CHECK(CALL_AT(&s, permitted, SYS_getppid, i) == parent);
        CHECK(CALL_AT(&s, refused, SYS_getppid, i) == -EDOM);
        sum += call_trapped(i);
        CHECK(CALL_AT(&s, refused, SYS_close, -1) == -EBADF);
    }
    guest_end(&s);
    printf("%d traps, %d strange, sum %ld\n", traps, strange, sum);
}
