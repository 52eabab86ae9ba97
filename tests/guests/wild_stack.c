/* Calls with a stack pointer that is no stack: null, odd, unmapped, read-only, not canonical; then a signal there,
 * whose handler has a stack of its own. */
#include "sites.h"
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>

static struct guest_segment s;
static volatile int handled;
uint64_t wild_sp, kept_sp;
#define WILD(number)                                                                                \
    SITE_NUMBER SITE_ARGUMENTS "  mov %rsp, kept_sp(%rip)\n  mov wild_sp(%rip), %rsp\n" number      \
    "  syscall\n  mov kept_sp(%rip), %rsp\n  ret\n"
SITE(by_register, WILD(""));
SITE(by_constant, WILD("  mov $110, %eax\n"));

static void handler(int signal)
{
    CALL(&s, SYS_getuid, signal);
    handled++;
    guest_sigreturn(&s);
}

int main(void)
{
    static char own[4096];
    void *read_only = mmap(0, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    void *none = mmap(0, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    const uint64_t places[] = {0, 1, 8, 0x1000, (uint64_t)own + 2001, (uint64_t)own, (uint64_t)read_only + 512,
                               (uint64_t)none + 4096, (uint64_t)none + 7, 0x7ffffffff000, 0x800000000000,
                               0xffff800000000000, -1ul, -8ul};
    static char stack[65536];
    const stack_t elsewhere = {.ss_sp = stack, .ss_size = sizeof stack};
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_ONSTACK};
    sigaltstack(&elsewhere, 0);
    sigaction(SIGUSR1, &action, 0);
    guest_begin(&s);
    for (int round = 0; round < 10; round++)
        for (unsigned i = 0; i < sizeof places / sizeof *places; i++) {
            wild_sp = places[i];
            long parent = CALL_AT(&s, by_register, SYS_getppid, i);
            CHECK(CALL_AT(&s, by_constant, SYS_getppid, i, round) == parent);
            CHECK(CALL_AT(&s, by_register, SYS_close, -1) == -9);
            CHECK(CALL_AT(&s, by_register, SYS_tgkill, s.tid, s.tid, SIGUSR1, i) == 0);
        }
    guest_end(&s);
    for (unsigned i = 0; i < sizeof own; i++)
        CHECK(!own[i]); /* nobody wrote to what the stack pointer pointed at */
    printf("%d handled\n", handled);
}
