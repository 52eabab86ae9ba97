/* Code that a program writes and writes again, with calls in it: into a page that is writable and executable, into
 * one that is first the one and then the other, through a second mapping, and code that it gives back to its file. */
#include "sites.h"
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/syscall.h>

static struct guest_segment s;
static long parent;

/* SITE_NUMBER, SITE_ARGUMENTS, a call, ret; then the same with a mov in place of the call. */
SITE(with_call, SITE_NUMBER SITE_ARGUMENTS "  syscall\n  cmp $-4096, %rax\n  ret\nwith_call_end:\n");
SITE(without_call, SITE_NUMBER SITE_ARGUMENTS "  mov %edi, %eax\n  cmp $-4096, %rax\n  ret\n");
SITE(with_constant, SITE_ARGUMENTS "with_constant_number:\n  mov $110, %eax\n  syscall\n  ret\nwith_constant_end:\n");
extern const char with_call_end[], with_constant_number[], with_constant_end[];

static void put(char *at, guest_site *code, const char *end, guest_site *start)
{
    memcpy(at, (const void *)code, (size_t)(end - (const char *)start));
}

/* Writes at `at`, runs at `run`: `before` and `after` stand around each writing. */
static void rewrite(char *at, char *run, void (*before)(char *), void (*after)(char *))
{
    guest_site *site = (guest_site *)run;
    guest_begin(&s);
    for (long i = 0; i < 40; i++) {
        before(at);
        put(at, with_call, with_call_end, with_call);
        after(at);
        for (int call = 0; call < 5; call++)
            CHECK(CALL_AT(&s, site, SYS_getppid, i, call) == parent);
        before(at);
        put(at, without_call, with_call_end, with_call);
        after(at);
        for (int call = 0; call < 5; call++)
            CHECK(site(SYS_getppid, (const unsigned long[6]){77 + (unsigned long)call}) == 77 + call);
        before(at);
        put(at, with_constant, with_constant_end, with_constant);
        after(at);
        for (int call = 0; call < 5; call++)
            CHECK(CALL_AT(&s, site, SYS_getppid, i, call) == parent);
        /* The constant alone. */
        before(at);
        memcpy(at + (with_constant_number - (const char *)with_constant) + 1, &(int){SYS_getuid}, 4);
        after(at);
        for (int call = 0; call < 5; call++)
            CALL_AT(&s, site, SYS_getuid, i, call);
    }
    guest_end(&s);
}

static void nothing(char *page) { (void)page; }
static void writable(char *page) { CHECK(CALL(&s, SYS_mprotect, page, 4096, PROT_READ | PROT_WRITE) == 0); }
static void executable(char *page) { CHECK(CALL(&s, SYS_mprotect, page, 4096, PROT_READ | PROT_EXEC) == 0); }

/* A page of its own in the program's text. */
__asm__(".section .discarded, \"ax\", @progbits\n.p2align 12\ndiscarded:\n" SITE_NUMBER SITE_ARGUMENTS
        "  syscall\n  cmp $-4096, %rax\n  ret\n.p2align 12\n.text\n");
extern char discarded[];

int main(void)
{
    const int all = PROT_READ | PROT_WRITE | PROT_EXEC, anonymous = MAP_PRIVATE | MAP_ANONYMOUS;
    parent = RAW(SYS_getppid);
    char *page = mmap(0, 4096, all, anonymous, -1, 0);
    CHECK(page != MAP_FAILED);
    rewrite(page, page, nothing, nothing);
    puts("writable and executable");

    page = mmap(0, 4096, PROT_READ | PROT_WRITE, anonymous, -1, 0);
    CHECK(page != MAP_FAILED);
    rewrite(page, page, writable, executable);
    puts("writable or executable");

    int file = MUST(memfd_create("code", 0));
    MUST(ftruncate(file, 4096));
    page = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    char *run = mmap(0, 4096, PROT_READ | PROT_EXEC, MAP_SHARED, file, 0);
    CHECK(page != MAP_FAILED && run != MAP_FAILED);
    rewrite(page, run, nothing, nothing);
    puts("mapped twice");

    guest_begin(&s);
    for (int i = 0; i < 40; i++) {
        for (int call = 0; call < 5; call++)
            CHECK(CALL_AT(&s, (guest_site *)discarded, SYS_getppid, i, call) == parent);
        CHECK(CALL(&s, SYS_madvise, discarded, 4096, MADV_DONTNEED) == 0);
    }
    guest_end(&s);
    puts("discarded");
}
