/* A handler on a stack of its own, once after the main stack has run out. */
#include "guest.h"
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct guest_segment s;
static char stack[65536] __attribute__((aligned(16)));
static volatile int on_stack, overflows;
static void *out[5];

static void handler(int signal)
{
    char here;
    on_stack += &here >= stack && &here < stack + sizeof stack;
    CALL(&s, SYS_getppid, signal);
    if (signal == SIGSEGV) {
        overflows++;
        __builtin_longjmp(out, 1);
    }
    guest_sigreturn(&s);
}

static int __attribute__((noinline, optimize("no-optimize-sibling-calls"))) deeper(volatile char *above)
{
    volatile char room[4096];
    room[0] = above[0];
    return above[0] ? deeper(room) + room[0] : 0;
}

int main(void)
{
    stack_t alternative = {.ss_sp = stack, .ss_size = sizeof stack};
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_ONSTACK | SA_NODEFER};
    struct rlimit limit = {1 << 20, RLIM_INFINITY};
    MUST(sigaltstack(&alternative, 0));
    setrlimit(RLIMIT_STACK, &limit);
    sigaction(SIGUSR1, &action, 0);
    sigaction(SIGSEGV, &action, 0);
    guest_begin(&s);
    for (int i = 0; i < 50; i++)
        CALL(&s, SYS_tgkill, s.tid, s.tid, SIGUSR1);
    volatile char start = 1;
    if (!__builtin_setjmp(out))
        deeper(&start);
    CALL(&s, SYS_getppid);
    guest_end(&s);
    printf("%d on the alternative stack, %d overflows\n", on_stack, overflows);
}
