/* Code that makes calls is copied, replaced by other pages and put back on them, as by programs that want their text on
 * huge pages; then it is moved away (mremap) and called there. It may be that a recorder has changed it before. */
#include "sites.h"
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { PAGE = 4096 };
/* On a page of its own. One site is followed by an instruction of six bytes, one by short ones that can be no part of a
 * jump; one makes any call. */
__asm__(".pushsection .text\n.p2align 12\n.globl own_page\nown_page:\n.popsection\n");
SITE(by_constant, SITE_ARGUMENTS "  mov $110, %eax\n  syscall\n  cmp $-4096, %rax\n  ret\n");
SITE(by_short, SITE_NUMBER SITE_ARGUMENTS "  syscall\n  nop\n  ret\n");
SITE(by_number, SITE_NUMBER SITE_ARGUMENTS "  syscall\n  cmp $-4096, %rax\n  ret\n");
__asm__(".pushsection .text\n.p2align 12\n.popsection\n");
extern char own_page[];

static struct guest_segment s;
static long parent, wrong;

static guest_site *in_copy(const char *copy, guest_site *site)
{
    return (guest_site *)(copy + ((char *)site - own_page));
}

/* `copy` is where the page is now. */
static void calls(const char *copy)
{
    for (int i = 0; i < 5; i++) {
        wrong += CALL_AT(&s, in_copy(copy, by_constant), SYS_getppid, i) != parent;
        wrong += CALL_AT(&s, in_copy(copy, by_short), SYS_getppid, i) != parent;
        wrong += CALL_AT(&s, in_copy(copy, by_number), SYS_getppid, i) != parent;
        /* One that a recorder wants to see. */
        wrong += CALL_AT(&s, in_copy(copy, by_number), SYS_madvise, 0, 0, MADV_NORMAL) != 0;
    }
}

int main(void)
{
    char *copy = mmap(0, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    char *elsewhere = mmap(0, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(copy != MAP_FAILED && elsewhere != MAP_FAILED);
    guest_begin(&s);
    parent = CALL(&s, SYS_getppid);
    calls(own_page);
    for (int i = 0; i < 2; i++) {
        memcpy(copy, own_page, PAGE);
        wrong += CALL(&s, SYS_mmap, own_page, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
                      -1, 0) != (long)own_page;
        memcpy(own_page, copy, PAGE);
        wrong += CALL(&s, SYS_mprotect, own_page, PAGE, PROT_READ | PROT_EXEC) != 0;
        calls(own_page);
    }
    wrong += CALL(&s, SYS_mremap, own_page, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, elsewhere) != (long)elsewhere;
    calls(elsewhere);
    guest_end(&s);
    printf("%ld wrong\n", wrong);
}
