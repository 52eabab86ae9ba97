/* The instruction leaves the address behind itself in rcx and the flags in r11. Nothing relies on it but code that
 * was written to find out who answers its calls; a guest of its own, since all else about registers must hold. */
#include "guest.h"
#include <sys/syscall.h>

void probe(uint64_t *rcx, uint64_t *r11, uint64_t *flags);
extern const char behind[];
__asm__(".text\n.globl probe\n.globl behind\nprobe:\n"
        "  push %rbx\n  push %rbp\n  push %r12\n  mov %rdi, %rbx\n  mov %rsi, %rbp\n  mov %rdx, %r12\n"
        "  mov $110, %eax\n  cmp $-1, %rax\n  stc\n  syscall\nbehind:\n"
        "  mov %rcx, (%rbx)\n  mov %r11, (%rbp)\n  pushfq\n  pop (%r12)\n"
        "  pop %r12\n  pop %rbp\n  pop %rbx\n  ret\n");

int main(void)
{
    for (int i = 0; i < 300; i++) {
        uint64_t rcx, r11, flags;
        probe(&rcx, &r11, &flags);
        CHECK(rcx == (uint64_t)behind);
        CHECK((r11 & 0xcd5) == (flags & 0xcd5));
    }
    puts("as the manual says");
}
