/* What a handler is told: code, sender, value, fault address, system call of SIGSYS's cousin SIGCHLD. */
#include "guest.h"
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static siginfo_t got;
static void *out[5];
static volatile sig_atomic_t jump;

static void handler(int signal, siginfo_t *info, void *context)
{
    (void)signal, (void)context;
    got = *info;
    if (jump)
        __builtin_longjmp(out, 1);
}

int main(void)
{
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_NODEFER};
    const int signals[] = {SIGUSR1, SIGTRAP, SIGSEGV, SIGFPE, SIGILL, SIGCHLD, SIGALRM, SIGRTMIN};
    for (unsigned i = 0; i < sizeof signals / sizeof *signals; i++)
        sigaction(signals[i], &action, 0);
    pid_t self = getpid();
    kill(self, SIGUSR1);
    printf("kill: %d %d\n", got.si_code, got.si_pid == self);
    RAW(SYS_tgkill, self, self, SIGUSR1);
    printf("tgkill: %d %d\n", got.si_code, got.si_pid == self);
    sigqueue(self, SIGRTMIN, (union sigval){.sival_int = 4711});
    printf("sigqueue: %d %d %d\n", got.si_code, got.si_pid == self, got.si_value.sival_int);
    kill(self, SIGTRAP);
    printf("SIGTRAP by kill: %d %d\n", got.si_code, got.si_pid == self);
    __asm__ volatile("int3");
    printf("int3: %d\n", got.si_code);
    pid_t child = MUST(fork());
    if (!child)
        _exit(12);
    while (waitpid(child, 0, 0) != child)
        ;
    printf("SIGCHLD: %d %d %d\n", got.si_code, got.si_pid == child, got.si_status);
    jump = 1;
    char *page = mmap(0, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (!__builtin_setjmp(out))
        *(volatile char *)(page + 123) = 1;
    printf("write to a read-only page: %d %d\n", got.si_code, got.si_addr == page + 123);
    if (!__builtin_setjmp(out))
        *(volatile char *)8 = 1;
    printf("no page: %d %p\n", got.si_code, got.si_addr);
    if (!__builtin_setjmp(out))
        __asm__ volatile("xor %%edx, %%edx\n mov $1, %%eax\n xor %%ecx, %%ecx\n div %%ecx" ::: "rax", "rcx", "rdx");
    printf("division: %d %d\n", got.si_signo == SIGFPE, got.si_code);
    if (!__builtin_setjmp(out))
        __asm__ volatile("ud2");
    printf("ud2: %d %d\n", got.si_signo == SIGILL, got.si_code);
}
