/* Real SIGTRAPs: by int3, single step, kill and tgkill; handled, ignored, blocked, and fatal. */
#include "guest.h"
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static struct guest_segment s;
static volatile int traps;

static void handler(int signal)
{
    CALL(&s, SYS_getppid, signal);
    traps++;
    guest_sigreturn(&s);
}

static int end_of(void (*body)(void))
{
    int status;
    pid_t child = MUST(fork());
    if (!child) {
        body();
        _exit(40);
    }
    MUST(waitpid(child, &status, 0));
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static void by_int3(void) { __asm__ volatile("int3"); }
static void by_kill(void) { kill(getpid(), SIGTRAP); }
static void ignored_kill(void) { signal(SIGTRAP, SIG_IGN), by_kill(); }
static void ignored_int3(void) { signal(SIGTRAP, SIG_IGN), by_int3(); }
static void block(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTRAP);
    sigprocmask(SIG_BLOCK, &set, 0);
}
static void blocked_kill(void) { block(), by_kill(); }
static void blocked_int3(void) { block(), by_int3(); }
static void blocked_kill_with_calls(void)
{
    block();
    by_kill();
    for (int i = 0; i < 100; i++)
        getppid();
    sigset_t set;
    sigpending(&set);
    _exit(sigismember(&set, SIGTRAP) ? 41 : 42);
}

int main(void)
{
    struct sigaction action = {.sa_handler = handler};
    sigaction(SIGTRAP, &action, 0);
    guest_begin(&s);
    for (int i = 0; i < 100; i++) {
        CALL(&s, SYS_getppid, i);
        __asm__ volatile("int3" ::: "memory");
        CALL(&s, SYS_tgkill, s.tid, s.tid, SIGTRAP);
        CALL(&s, SYS_kill, s.tid, SIGTRAP);
        /* The trap flag: one SIGTRAP after the next instruction. */
        __asm__ volatile("sub $128, %%rsp\n pushfq\n orl $0x100, (%%rsp)\n popfq\n nop\n pushfq\n"
                         "andl $0xfffffeff, (%%rsp)\n popfq\n add $128, %%rsp" ::: "memory", "cc");
    }
    guest_end(&s);
    printf("%d traps\n", traps);
    signal(SIGTRAP, SIG_DFL);
    printf("int3 %d\n", end_of(by_int3));
    printf("kill %d\n", end_of(by_kill));
    printf("kill, ignored %d\n", end_of(ignored_kill));
    printf("int3, ignored %d\n", end_of(ignored_int3));
    printf("kill, blocked %d\n", end_of(blocked_kill));
    printf("int3, blocked %d\n", end_of(blocked_int3));
    printf("kill, blocked, then calls %d\n", end_of(blocked_kill_with_calls));
}
