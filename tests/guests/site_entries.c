/* Branches to a syscall instruction, into its middle and behind it; and one site for many numbers, libc's among them. */
#include "sites.h"
#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The number is set in front of the site; `directly` comes to the site itself with another one. */
SITE(from_above, SITE_ARGUMENTS "  mov $110, %eax\ntarget:\n  syscall\n  cmp $-4096, %rax\n  ja 1f\n1: ret\n");
SITE(directly, SITE_NUMBER SITE_ARGUMENTS "  jmp target\n");
SITE(on_condition, SITE_NUMBER SITE_ARGUMENTS "  test %rax, %rax\n  jns target\n  ud2\n");
/* Makes no call: 78 by what stands behind the instruction. */
SITE(behind_it, "  mov $78, %eax\n  jmp target + 2\n");

/* 0f 05 90 90 90 c3 c3: a call, three nops and ret; one byte later add $0xc3909090, %eax and ret. */
SITE(with_a_middle, SITE_NUMBER SITE_ARGUMENTS "middle:\n  .byte 0x0f, 0x05, 0x90, 0x90, 0x90, 0xc3, 0xc3\n");
SITE(into_the_middle, "  mov $1, %eax\n  jmp middle + 1\n");

/* libc's only site for numbers of the caller's choice. */
static long by_libc(long nr, const unsigned long *a)
{
    long result = syscall(nr, a[0], a[1], a[2], a[3], a[4], a[5]);
    return result == -1 ? -errno : result;
}

int main(void)
{
    struct guest_segment s;
    int pipes[2];
    char byte = 'x';
    MUST(pipe(pipes));
    guest_begin(&s);
    long parent = CALL(&s, SYS_getppid), sum = 0;
    for (long round = 0; round < 100; round++) {
        CHECK(behind_it(0, 0) == 78 && (unsigned)into_the_middle(0, 0) == 0xc3909091u);
        CHECK(CALL_AT(&s, directly, SYS_getppid, round) == parent);
        CHECK(CALL_AT(&s, from_above, SYS_getppid, round) == parent);
        CHECK(CALL_AT(&s, on_condition, SYS_close, -1) == -9);
        CHECK(CALL_AT(&s, with_a_middle, SYS_getppid, round) == parent);
        CHECK(behind_it(0, 0) == 78 && (unsigned)into_the_middle(0, 0) == 0xc3909091u);
        CHECK(CALL_AT(&s, by_libc, SYS_getppid, 1, 2, 3, 4, 5, 6) == parent);
        CHECK(CALL_AT(&s, by_libc, SYS_write, pipes[1], &byte, 1) == 1);
        CHECK(CALL_AT(&s, by_libc, SYS_read, pipes[0], &byte, 1) == 1);
        sum += CALL_AT(&s, by_libc, SYS_close, -1) + CALL_AT(&s, by_libc, 100000 + round) +
               CALL_AT(&s, by_libc, -1 - round) + CALL_AT(&s, by_libc, 1000, round);
    }
    guest_end(&s);
    printf("%ld\n", sum);
}
