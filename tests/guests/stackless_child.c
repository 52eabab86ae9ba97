/* A child that never had a stack: clone with CLONE_VM and a stack pointer into a page that cannot be touched. It makes
 * calls and ends; as a process, and with clone3. */
#include "guest.h"
#include <linux/sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

volatile long child_calls;
/* long stackless(nr, args): the child makes 50 calls without using rsp, and exits with 7. */
long stackless(long nr, const unsigned long *args);
__asm__(".text\n.globl stackless\nstackless:\n  mov %rdi, %rax\n  mov %rsi, %r11\n  mov (%r11), %rdi\n"
        "  mov 8(%r11), %rsi\n  mov 16(%r11), %rdx\n  mov 24(%r11), %r10\n  mov 32(%r11), %r8\n  mov 40(%r11), %r9\n"
        "  syscall\n  test %rax, %rax\n  jz 1f\n  ret\n"
        "1: mov $50, %ebx\n"
        "2: mov $110, %eax\n  syscall\n  test %rax, %rax\n  js 3f\n  incq child_calls(%rip)\n  dec %ebx\n  jnz 2b\n"
        "  mov $7, %edi\n  mov $231, %eax\n  syscall\n"
        "3: ud2\n");

int main(void)
{
    struct guest_segment s;
    char *page = mmap(0, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    guest_begin(&s);
    for (int i = 0; i < 40; i++) {
        struct clone_args clone3 = {.flags = CLONE_VM, .exit_signal = SIGCHLD, .stack = (unsigned long)page,
                                    .stack_size = 256};
        const unsigned long by_clone[6] = {GUEST_ARGS(CLONE_VM | SIGCHLD, page + 256, 0, 0, 0)};
        const unsigned long by_clone3[6] = {GUEST_ARGS(&clone3, sizeof clone3)};
        const unsigned long *args = i % 2 ? by_clone3 : by_clone;
        long nr = i % 2 ? SYS_clone3 : SYS_clone;
        int status = 0;
        struct guest_record *record = guest_record_new(&s, GUEST_CALL, GUEST_ABI, nr, args);
        long pid = stackless(nr, args);
        guest_record_returned(record, pid);
        CHECK(pid > 0);
        CHECK(CALL(&s, SYS_wait4, pid, &status, 0, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 7);
    }
    guest_end(&s);
    printf("%ld calls of children\n", child_calls);
}
