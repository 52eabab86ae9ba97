/* SIGALRM many times a second over calls that return at once and calls that wait, with calls in the handler, which
 * must see nothing but addresses of this program: signal_storm HZ {restart,end,stack}. Ends after 1,200 signals. */
#include "sites.h"
#include "own_text.h"
#include <linux/futex.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <ucontext.h>

enum { SIGNALS = 1200, ROUNDS = 4000 };
SITE(by_register, SITE_NUMBER SITE_ARGUMENTS "  syscall\n  ret\n");
SITE(by_constant, SITE_ARGUMENTS "  mov $110, %eax\n  syscall\n  cmp $-4096, %rax\n  ret\n");

static struct guest_segment s;
static const struct itimerval never;
static volatile int signals, strange;
static const char *mode;
static char stack[65536];

static void handler(int signal, siginfo_t *info, void *context)
{
    const ucontext_t *machine = context;
    (void)signal;
    strange += !own_text_has((unsigned long)machine->uc_mcontext.gregs[REG_RIP]);
    strange += info->si_code != SI_KERNEL;
    strange += mode[0] == 's' && !((char *)&machine >= stack && (char *)&machine < stack + sizeof stack);
    CALL(&s, SYS_getuid, 9, signals);
    CALL_AT(&s, by_register, SYS_close, -1, signals);
    /* Here, since a program whose handler takes longer than the timer may come to nothing else. */
    if (++signals == SIGNALS)
        CALL(&s, SYS_setitimer, ITIMER_REAL, &never, 0);
    guest_sigreturn(&s);
}

int main(int argc, char **argv)
{
    CHECK(argc > 2);
    mode = argv[2];
    long us = 1000000 / atol(argv[1]);
    struct itimerval often = {{0, us}, {0, us}};
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | (mode[0] != 'e' ? SA_RESTART : 0) |
                                                                    (mode[0] == 's' ? SA_ONSTACK : 0)};
    const stack_t elsewhere = {.ss_sp = stack, .ss_size = sizeof stack};
    struct timespec short_time = {0, 20000};
    struct pollfd poll = {.events = POLLIN};
    int full[2], empty[2], word = 0;
    long wrong = 0;
    char byte;
    own_text_read();
    MUST(pipe(full));
    MUST(pipe(empty));
    poll.fd = empty[0];
    sigaltstack(&elsewhere, 0);
    sigaction(SIGALRM, &action, 0);
    guest_begin(&s);
    long parent = CALL(&s, SYS_getppid), result;
    CALL(&s, SYS_setitimer, ITIMER_REAL, &often, 0);
    /* A kernel that is kept too long in its timer interrupt lets it rest for up to 100 ms (hrtimer_interrupt): then
     * fewer will do. */
    for (long i = 0; signals < SIGNALS && i < ROUNDS; i++) {
        for (int fast = 0; fast < 10; fast++) {
            wrong += CALL_AT(&s, by_constant, SYS_getppid, i) != parent;
            wrong += CALL_AT(&s, by_register, SYS_getppid, i) != parent;
        }
        wrong += CALL(&s, SYS_write, full[1], "x", 1) != 1;
        wrong += CALL_AT(&s, by_register, SYS_read, full[0], &byte, 1) != 1;
        result = CALL_AT(&s, by_register, SYS_nanosleep, &short_time, 0);
        wrong += result != 0 && result != -4;
        result = CALL_AT(&s, by_register, SYS_poll, &poll, 1, 1);
        wrong += result != 0 && result != -4;
        result = CALL(&s, SYS_futex, &word, FUTEX_WAIT, 0, &short_time, 0, 0);
        wrong += result != -110 && result != -4;
    }
    CALL(&s, SYS_setitimer, ITIMER_REAL, &never, 0);
    CALL(&s, SYS_getppid);
    guest_end(&s);
    CHECK(signals > 10);
    printf("%d strange, %ld wrong\n", strange, wrong);
}
