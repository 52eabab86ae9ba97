/* What stands before and behind a syscall instruction: numbers by other instructions, immediates that look like a
 * number, and followers of every length. */
#include "sites.h"
#include <sys/syscall.h>

/* Before. */
SITE(by_register, SITE_NUMBER SITE_ARGUMENTS "  syscall\n  ret\n");
SITE(by_constant, SITE_ARGUMENTS "  mov $110, %eax\n  syscall\n  ret\n");
SITE(by_movq, SITE_ARGUMENTS "  .byte 0x48, 0xc7, 0xc0, 110, 0, 0, 0\n  syscall\n  ret\n");
SITE(by_movabs, SITE_ARGUMENTS "  .byte 0x48, 0xb8, 110, 0, 0, 0, 0, 0, 0, 0\n  syscall\n  ret\n");
SITE(by_half, SITE_ARGUMENTS "  xor %eax, %eax\n  .byte 0x66, 0xb8, 110, 0\n  syscall\n  ret\n");
SITE(by_lea, SITE_ARGUMENTS "  xor %eax, %eax\n  lea 110(%rax), %eax\n  syscall\n  ret\n");
SITE(by_xor, SITE_ARGUMENTS "  xor %eax, %eax\n  syscall\n  ret\n");
SITE(by_push, SITE_ARGUMENTS "  push $110\n  pop %rax\n  syscall\n  ret\n");
/* Its last five bytes are those of mov $110, %eax, and the number is the same. */
SITE(behind_a_store, SITE_ARGUMENTS "  mov $110, %eax\n  .byte 0xc7, 0x44, 0x24, 0xb8, 110, 0, 0, 0\n  syscall\n"
                                    "  cmpl $110, -0x48(%rsp)\n  jne 1f\n  ret\n1: ud2\n");
SITE(behind_a_store_of_another, SITE_NUMBER SITE_ARGUMENTS
     "  .byte 0xc7, 0x44, 0x24, 0xb8, 60, 0, 0, 0\n  syscall\n  cmpl $60, -0x48(%rsp)\n  jne 1f\n  ret\n1: ud2\n");
SITE(behind_r8, SITE_NUMBER SITE_ARGUMENTS "  .byte 0x41, 0xb8, 60, 0, 0, 0\n  syscall\n  ret\n");
SITE(behind_r8_wide, SITE_NUMBER SITE_ARGUMENTS "  .byte 0x49, 0xb8, 60, 0, 0, 0, 1, 0, 0, 0\n  syscall\n  ret\n");
/* 0xb8 and a number in the displacement of a lea. */
SITE(behind_a_displacement, SITE_NUMBER SITE_ARGUMENTS "  .byte 0x4c, 0x8d, 0x8c, 0x24, 0xb8, 60, 0, 0\n"
                                                       "  mov 40(%r11), %r9\n  syscall\n  ret\n");
/* Behind. */
#define BEHIND(follower) SITE_NUMBER SITE_ARGUMENTS "  syscall\n" follower
SITE(then_nop, BEHIND("  nop\n  ret\n"));
SITE(then_nops, BEHIND("  nop\n  nop\n  nop\n  nop\n  nop\n  nop\n  ret\n"));
SITE(then_long_nop, BEHIND("  nopw 0x12345678(%rax,%rax)\n  ret\n"));
SITE(then_compare, BEHIND("  .byte 0x48, 0x3d, 0x00, 0xf0, 0xff, 0xff\n  ja 1f\n1: ret\n"));
SITE(then_compare_short, BEHIND("  cmp $-9, %eax\n  je 1f\n  nop\n1: ret\n"));
SITE(then_test, BEHIND("  test %rax, %rax\n  js 1f\n1: ret\n"));
SITE(then_test_eax, BEHIND("  test %eax, %eax\n  jz 1f\n1: ret\n"));
SITE(then_jump, BEHIND("  jmp 1f\n  ud2\n1: ret\n"));
SITE(then_far_jump, BEHIND("  jmp 1f\n  .skip 300, 0xcc\n1: ret\n"));
SITE(then_call, BEHIND("  call 1f\n  ret\n1: ret\n"));
SITE(then_pop, SITE_NUMBER SITE_ARGUMENTS "  push %rbx\n  syscall\n  pop %rbx\n  ret\n");
SITE(then_relative, BEHIND("  mov 1f(%rip), %rcx\n  cmp $0x7f3a, %rcx\n  jne 2f\n  ret\n2: ud2\n1: .quad 0x7f3a\n"));
SITE(then_push, BEHIND("  push %rax\n  pop %rax\n  ret\n"));
SITE(then_exchange, BEHIND("  xchg %rax, %rdx\n  xchg %rax, %rdx\n  ret\n"));

int main(void)
{
    static guest_site *const any[] = {
        by_register, behind_a_store_of_another, behind_a_displacement, then_nop, then_nops, then_long_nop, then_compare,
        then_compare_short, then_test, then_test_eax, then_jump, then_far_jump, then_call, then_pop, then_relative,
        then_push, then_exchange,
    };
    static guest_site *const getppid_only[] = {by_constant, by_movq, by_movabs, by_half, by_lea, by_push,
                                               behind_a_store};
    struct guest_segment s;
    char byte;
    guest_begin(&s);
    long parent = CALL(&s, SYS_getppid), sum = 0;
    for (long round = 0; round < 40; round++) {
        for (unsigned i = 0; i < sizeof any / sizeof *any; i++) {
            CHECK(CALL_AT(&s, any[i], SYS_getppid, i, round) == parent);
            CHECK(CALL_AT(&s, any[i], SYS_close, -1) == -9);
            sum += CALL_AT(&s, any[i], 100000, round);
        }
        for (unsigned i = 0; i < sizeof getppid_only / sizeof *getppid_only; i++)
            CHECK(CALL_AT(&s, getppid_only[i], SYS_getppid, i, round) == parent);
        CHECK(CALL_AT(&s, by_xor, SYS_read, -1, &byte, 1) == -9);
        /* Here the site itself sets the fifth argument. */
        CHECK(CALL_AT(&s, behind_r8, SYS_getppid, 0, 1, 2, 3, 60, 5) == parent);
        CHECK(CALL_AT(&s, behind_r8_wide, SYS_getppid, 0, 1, 2, 3, 0x10000003c, 5) == parent);
    }
    guest_end(&s);
    printf("%ld\n", sum);
}
