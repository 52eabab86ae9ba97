/* Where a site lies: at the end of a page, over the end of one, of a cache line, and two sites next to each other.
 * Besides, bytes of calls that are data between code: they are read and must stay. */
#include "sites.h"
#include <sys/syscall.h>

__asm__(".section .places, \"ax\", @progbits\n"
        ".p2align 12\n  .skip 4094, 0xcc\nsite_page_end: syscall\n  ret\n"
        ".p2align 12\n  .skip 4095, 0xcc\nsite_over_page: syscall\n  ret\n"
        ".p2align 12\n  .skip 4089, 0xcc\nsite_number_at_page_end: mov $110, %eax\n  syscall\n  ret\n"
        ".p2align 12\n  .skip 4093, 0xcc\nsite_number_over_page: mov $110, %eax\n  syscall\n  ret\n"
        ".p2align 12\n  .skip 4092, 0xcc\nsite_follower_over_page: syscall\n  cmp $-4096, %rax\n  ret\n"
        ".p2align 12\n  .skip 63, 0xcc\nsite_over_line: syscall\n  ret\n"
        ".p2align 6\n  .skip 61, 0xcc\nsite_number_over_line: mov $110, %eax\n  syscall\n  ret\n"
        ".p2align 6\n  .skip 60, 0xcc\nsite_follower_over_line: syscall\n  cmp $-4096, %rax\n  ret\n"
        ".p2align 12\n  syscall\n  ret\n" /* the first bytes of a page */
        ".globl data\n.globl data_end\ndata:\n.rept 200\n  .byte 0xb8, 110, 0, 0, 0, 0x0f, 0x05, 0xc3\n.endr\ndata_end:\n"
        ".text\n");
SITE(page_end, SITE_NUMBER SITE_ARGUMENTS "  jmp site_page_end\n");
SITE(over_page, SITE_NUMBER SITE_ARGUMENTS "  jmp site_over_page\n");
SITE(number_at_page_end, SITE_ARGUMENTS "  jmp site_number_at_page_end\n");
SITE(number_over_page, SITE_ARGUMENTS "  jmp site_number_over_page\n");
SITE(follower_over_page, SITE_NUMBER SITE_ARGUMENTS "  jmp site_follower_over_page\n");
SITE(over_line, SITE_NUMBER SITE_ARGUMENTS "  jmp site_over_line\n");
SITE(number_over_line, SITE_ARGUMENTS "  jmp site_number_over_line\n");
SITE(follower_over_line, SITE_NUMBER SITE_ARGUMENTS "  jmp site_follower_over_line\n");
/* sched_yield gives 0, the number of read, which the next site makes. */
SITE(two_apart, SITE_NUMBER SITE_ARGUMENTS "  syscall\n  syscall\n  ret\n");
SITE(three_apart, SITE_NUMBER SITE_ARGUMENTS "  syscall\n  nop\n  syscall\n  ret\n");
extern const unsigned char data[], data_end[];

static long both(struct guest_segment *s, guest_site *site)
{
    const unsigned long args[6] = {GUEST_ARGS(-1, 0, 1)};
    struct guest_record *first = guest_record_new(s, GUEST_CALL, GUEST_ABI, SYS_sched_yield, args);
    guest_record_returned(first, 0);
    struct guest_record *second = guest_record_new(s, GUEST_CALL, GUEST_ABI, SYS_read, args);
    long result = site(SYS_sched_yield, args);
    guest_record_returned(second, result);
    return result;
}

int main(void)
{
    static guest_site *const sites[] = {page_end, over_page, number_at_page_end, number_over_page, follower_over_page,
                                        over_line, number_over_line, follower_over_line};
    struct guest_segment s;
    guest_begin(&s);
    long parent = CALL(&s, SYS_getppid);
    for (long round = 0; round < 60; round++) {
        for (unsigned i = 0; i < sizeof sites / sizeof *sites; i++)
            CHECK(CALL_AT(&s, sites[i], SYS_getppid, i, round) == parent);
        CHECK(both(&s, two_apart) == -9 && both(&s, three_apart) == -9);
        /* One of the data's calls is made after all: the others stay data. */
        const unsigned long args[6] = {GUEST_ARGS(round)};
        struct guest_record *record = guest_record_new(&s, GUEST_CALL, GUEST_ABI, SYS_getppid, args);
        long result;
        register unsigned long r10 __asm__("r10") = args[3], r8 __asm__("r8") = args[4], r9 __asm__("r9") = args[5];
        __asm__ volatile("sub $128, %%rsp\n  call *%5\n  add $128, %%rsp" : "=a"(result), "+r"(r10), "+r"(r8), "+r"(r9)
                         : "D"(args[0]), "r"(data + 800), "S"(args[1]), "d"(args[2]) : "rcx", "r11", "memory");
        guest_record_returned(record, result);
        CHECK(result == parent);
    }
    guest_end(&s);
    for (const unsigned char *call = data; call < data_end; call += 8)
        CHECK(call == data + 800 || (call[0] == 0xb8 && call[5] == 0x0f && call[6] == 0x05 && call[7] == 0xc3));
    puts("data kept");
}
