/* A call keeps every combination of the arithmetic flags and the direction flag, rsp and the registers that a
 * function keeps; at a site with the number just before it, and at one without. */
#include "guest.h"
#include <sys/syscall.h>
#include <unistd.h>

struct after {
    uint64_t flags, stack_moved, r15, rbp, result;
};
typedef void probe(uint64_t flags, struct after *after, long nr);
#define PROBE(name, number)                                                                        \
    probe name;                                                                                    \
    __asm__(".text\n.globl " #name "\n" #name ":\n"                                                \
            "  push %rbx\n  push %rbp\n  push %r15\n  mov %rsi, %rbx\n  mov %rsp, %r8\n"            \
            "  mov %rdx, %rax\n  mov $0x1111222233334444, %r15\n  mov $0x5555666677778888, %rbp\n"  \
            "  push %rdi\n  popfq\n  mov $-1, %edi\n" number "  syscall\n"                          \
            "  mov %r15, 16(%rbx)\n  mov %rbp, 24(%rbx)\n  mov %rax, 32(%rbx)\n"                    \
            "  pushfq\n  pop (%rbx)\n  cld\n  mov %rsp, %rcx\n  sub %r8, %rcx\n  mov %rcx, 8(%rbx)\n" \
            "  pop %r15\n  pop %rbp\n  pop %rbx\n  ret\n")
PROBE(by_register, "");
PROBE(by_constant, "  mov $110, %eax\n");

int main(void)
{
    static const uint64_t bits[] = {1 << 0, 1 << 2, 1 << 4, 1 << 6, 1 << 7, 1 << 10, 1 << 11};
    static const uint64_t all = 0xcd5;
    static const struct { probe *probe; long nr, result; } calls[] = {
        {by_register, SYS_getppid, 0}, {by_constant, SYS_getppid, 0},
        {by_register, SYS_close, -9}, {by_register, 100000, -38},
    };
    long parent = syscall(SYS_getppid);
    int kept = 0;
    for (int round = 0; round < 3; round++)
        for (unsigned i = 0; i < sizeof calls / sizeof *calls; i++)
            for (unsigned set = 0; set < 128; set++) {
                uint64_t flags = 0x202;
                for (int bit = 0; bit < 7; bit++)
                    flags |= set >> bit & 1 ? bits[bit] : 0;
                struct after after = {0};
                calls[i].probe(flags, &after, calls[i].nr);
                CHECK((after.flags & all) == (flags & all));
                CHECK(!after.stack_moved && after.r15 == 0x1111222233334444 && after.rbp == 0x5555666677778888);
                CHECK((long)after.result == (calls[i].result ? calls[i].result : parent));
                kept++;
            }
    printf("%d times kept\n", kept);
}
