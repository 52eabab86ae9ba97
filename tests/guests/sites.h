/* Call sites of a guest's own making: functions in assembler around one syscall instruction (x86-64).
 *
 *   SITE(name, "assembler")            long name(long nr, const unsigned long *args); the unwind table has it
 *   CALL_AT(&segment, name, nr, ...)   one logged call through it
 *
 * SITE_ARGUMENTS loads the six arguments and leaves rdi's number to SITE_NUMBER before it.
 */
#ifndef SITES_H
#define SITES_H
#include "guest.h"

typedef long guest_site(long nr, const unsigned long *args);

#define SITE_NUMBER "  mov %rdi, %rax\n"
#define SITE_ARGUMENTS                                                                            \
    "  mov %rsi, %r11\n  mov (%r11), %rdi\n  mov 8(%r11), %rsi\n  mov 16(%r11), %rdx\n"            \
    "  mov 24(%r11), %r10\n  mov 32(%r11), %r8\n  mov 40(%r11), %r9\n"
#define SITE(name, body)                                                                          \
    guest_site name;                                                                              \
    __asm__(".pushsection .text\n.p2align 4\n.globl " #name "\n.type " #name ", @function\n"       \
            #name ":\n.cfi_startproc\n" body "\n.cfi_endproc\n.popsection\n")

static GUEST_UNUSED long guest_call_at(struct guest_segment *s, guest_site *site, long nr, unsigned long a0,
                                       unsigned long a1, unsigned long a2, unsigned long a3, unsigned long a4,
                                       unsigned long a5)
{
    const unsigned long args[6] = {a0, a1, a2, a3, a4, a5};
    struct guest_record *record = guest_record_new(s, GUEST_CALL, guest_gate_abi(GATE_NATIVE, nr), nr, args);
    long ret = site(nr, args);
    guest_record_returned(record, ret);
    return ret;
}
#define CALL_AT(s, site, nr, ...) guest_call_at(s, site, nr, GUEST_ARGS(__VA_ARGS__))
#endif
