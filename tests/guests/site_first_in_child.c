/* Sites that a child runs first: of fork, which has its own copy of the code, and of vfork and CLONE_VM, which do
 * not; then the parent runs them, and another child. */
#include "sites.h"
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define SITES_AT(name, number) SITE(name, SITE_NUMBER SITE_ARGUMENTS number "  syscall\n  cmp $-4096, %rax\n  ret\n")
SITES_AT(fork_first, "");
SITES_AT(vfork_first, "");
SITES_AT(clone_first, "");
SITES_AT(fork_first_constant, "  mov $110, %eax\n");
SITES_AT(vfork_first_constant, "  mov $110, %eax\n");
SITES_AT(clone_first_constant, "  mov $110, %eax\n");

static void child(void *argument)
{
    guest_site *site = argument;
    struct guest_segment s;
    guest_born(&s);
    for (int i = 0; i < 20; i++)
        CALL_AT(&s, site, SYS_getppid, i);
    EXIT(&s, 0);
}

int main(void)
{
    static const struct { guest_site *site; long nr, flags; } ways[] = {
        {fork_first, SYS_fork, 0},        {fork_first_constant, SYS_fork, 0},
        {vfork_first, SYS_vfork, 0},      {vfork_first_constant, SYS_vfork, 0},
        {clone_first, SYS_clone, CLONE_VM | SIGCHLD}, {clone_first_constant, SYS_clone, CLONE_VM | SIGCHLD},
    };
    static char stack[16384] __attribute__((aligned(16)));
    struct guest_segment s;
    guest_begin(&s);
    long parent = CALL(&s, SYS_getppid);
    for (int round = 0; round < 5; round++)
        for (unsigned i = 0; i < sizeof ways / sizeof *ways; i++) {
            int status = -1;
            long pid = SPAWN(&s, ways[i].nr, child, (void *)ways[i].site, ways[i].flags, stack + sizeof stack, 0, 0, 0);
            CHECK(CALL(&s, SYS_wait4, pid, &status, 0, 0) == pid && status == 0);
            for (int call = 0; call < 10; call++)
                CHECK(CALL_AT(&s, ways[i].site, SYS_getppid, call) == parent);
        }
    guest_end(&s);
    puts("all ended well");
}
