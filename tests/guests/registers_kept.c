/* A call changes rax, rcx and r11 and nothing else: general registers, flags, vector registers, red zone. */
#include "guest.h"
#include <string.h>
#include <sys/syscall.h>

/* state: 13 general registers, xmm0..15, 128 bytes of red zone, flags */
struct state {
    uint64_t general[13];
    uint64_t vector[16][2];
    uint64_t zone[16];
    uint64_t flags;
};

#define GENERALS(X) X(0, rbx) X(1, rdx) X(2, rsi) X(3, rdi) X(4, rbp) X(5, r8) X(6, r9) X(7, r10) X(8, r12) X(9, r13) X(10, r14)
void probe(struct state *before, struct state *after, long nr);
__asm__(".text\n.globl probe\n"
        "probe: push %rbx\n push %rbp\n push %r12\n push %r13\n push %r14\n push %r15\n"
        /* below the red zone: pointers to both states */
        " mov %rdi, -136(%rsp)\n mov %rsi, -144(%rsp)\n"
        " mov %rdx, %rax\n mov %rdi, %r15\n"
        ".set i, 0\n.rept 16\n mov 360+8*i(%r15), %rcx\n mov %rcx, -128+8*i(%rsp)\n.set i, i+1\n.endr\n"
        " movdqu 104(%r15), %xmm0\n movdqu 120(%r15), %xmm1\n movdqu 136(%r15), %xmm2\n movdqu 152(%r15), %xmm3\n"
        " movdqu 168(%r15), %xmm4\n movdqu 184(%r15), %xmm5\n movdqu 200(%r15), %xmm6\n movdqu 216(%r15), %xmm7\n"
        " movdqu 232(%r15), %xmm8\n movdqu 248(%r15), %xmm9\n movdqu 264(%r15), %xmm10\n movdqu 280(%r15), %xmm11\n"
        " movdqu 296(%r15), %xmm12\n movdqu 312(%r15), %xmm13\n movdqu 328(%r15), %xmm14\n movdqu 344(%r15), %xmm15\n"
        " mov (%r15), %rbx\n mov 8(%r15), %rdx\n mov 16(%r15), %rsi\n mov 24(%r15), %rdi\n mov 32(%r15), %rbp\n"
        " mov 40(%r15), %r8\n mov 48(%r15), %r9\n mov 56(%r15), %r10\n mov 64(%r15), %r12\n mov 72(%r15), %r13\n"
        " mov 80(%r15), %r14\n"
        " cmp $-1, %rax\n stc\n std\n"
        " syscall\n"
        " mov -144(%rsp), %r15\n"
        " mov %rbx, (%r15)\n mov %rdx, 8(%r15)\n mov %rsi, 16(%r15)\n mov %rdi, 24(%r15)\n mov %rbp, 32(%r15)\n"
        " mov %r8, 40(%r15)\n mov %r9, 48(%r15)\n mov %r10, 56(%r15)\n mov %r12, 64(%r15)\n mov %r13, 72(%r15)\n"
        " mov %r14, 80(%r15)\n"
        " movdqu %xmm0, 104(%r15)\n movdqu %xmm1, 120(%r15)\n movdqu %xmm2, 136(%r15)\n movdqu %xmm3, 152(%r15)\n"
        " movdqu %xmm4, 168(%r15)\n movdqu %xmm5, 184(%r15)\n movdqu %xmm6, 200(%r15)\n movdqu %xmm7, 216(%r15)\n"
        " movdqu %xmm8, 232(%r15)\n movdqu %xmm9, 248(%r15)\n movdqu %xmm10, 264(%r15)\n movdqu %xmm11, 280(%r15)\n"
        " movdqu %xmm12, 296(%r15)\n movdqu %xmm13, 312(%r15)\n movdqu %xmm14, 328(%r15)\n movdqu %xmm15, 344(%r15)\n"
        ".set i, 0\n.rept 16\n mov -128+8*i(%rsp), %rcx\n mov %rcx, 360+8*i(%r15)\n.set i, i+1\n.endr\n"
        " lea -256(%rsp), %rsp\n pushfq\n pop %rcx\n lea 256(%rsp), %rsp\n mov %rcx, 488(%r15)\n cld\n"
        " pop %r15\n pop %r14\n pop %r13\n pop %r12\n pop %rbp\n pop %rbx\n ret\n");

int main(void)
{
    static struct state before, after;
    _Static_assert(sizeof before == 496, "offsets in probe");
    for (int round = 0; round < 200; round++) {
        unsigned char *bytes = (unsigned char *)&before;
        for (unsigned i = 0; i < sizeof before; i++)
            bytes[i] = (unsigned char)(i * 37 + round * 11 + 1);
        memset(&after, 0, sizeof after);
        probe(&before, &after, round % 2 ? SYS_getppid : 100000);
        CHECK(!memcmp(before.general, after.general, 11 * 8));
        CHECK(!memcmp(before.vector, after.vector, sizeof before.vector));
        CHECK(!memcmp(before.zone, after.zone, sizeof before.zone));
        CHECK((after.flags & 0xcd5) == (0x401 | (after.flags & 0x0d4)) && after.flags & 1 && after.flags & 0x400);
    }
    puts("registers kept");
}
