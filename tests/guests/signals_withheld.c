/* SIGTRAP and SIGSYS blocked, ignored, then both, over calls at sites that have not run before; what the program said
 * of these signals stays, and none is pending. */
#include "sites.h"
#include <signal.h>
#include <sys/syscall.h>

__asm__(".text\n.p2align 6\nfresh:\n.rept 32\n  .p2align 6\n" SITE_NUMBER SITE_ARGUMENTS
        "  syscall\n  cmp $-4096, %rax\n  ret\n.endr\n"
        ".p2align 6\nfresh_constant:\n.rept 32\n  .p2align 6\n" SITE_ARGUMENTS
        "  mov $110, %eax\n  syscall\n  test %rax, %rax\n  ret\n.endr\n");
extern const char fresh[], fresh_constant[];

static void must_be(void (*handler)(int), int blocked)
{
    sigset_t mask, pending;
    struct sigaction action;
    sigprocmask(SIG_BLOCK, 0, &mask);
    sigpending(&pending);
    for (int i = 0; i < 2; i++) {
        int signal = i ? SIGSYS : SIGTRAP;
        sigaction(signal, 0, &action);
        CHECK(action.sa_handler == handler);
        CHECK(sigismember(&mask, signal) == blocked && !sigismember(&pending, signal));
    }
}

int main(void)
{
    struct guest_segment s;
    sigset_t both;
    sigemptyset(&both);
    sigaddset(&both, SIGTRAP);
    sigaddset(&both, SIGSYS);
    long parent = RAW(SYS_getppid);
    for (int way = 0; way < 4; way++) {
        void (*disposition)(int) = way & 1 ? SIG_IGN : SIG_DFL;
        signal(SIGTRAP, disposition);
        signal(SIGSYS, disposition);
        sigprocmask(way & 2 ? SIG_BLOCK : SIG_UNBLOCK, &both, 0);
        must_be(disposition, way >> 1);
        guest_begin(&s);
        for (int site = 8 * way; site < 8 * way + 8; site++)
            for (int i = 0; i < 20; i++) {
                CHECK(CALL_AT(&s, (guest_site *)(fresh + 64 * site), SYS_getppid, i) == parent);
                CHECK(CALL_AT(&s, (guest_site *)(fresh_constant + 64 * site), SYS_getppid, i) == parent);
            }
        guest_end(&s);
        must_be(disposition, way >> 1);
    }
    puts("as it was said");
}
