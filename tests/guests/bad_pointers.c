/* Path arguments that a recorder cannot read: null, protected, kernel, across a page's end, of an undumpable process. */
#include "guest.h"
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

int main(void)
{
    struct guest_segment s;
    char *pages = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(pages != MAP_FAILED);
    strcpy(pages + 4096 - 10, "/dev/null"); /* its NUL is the page's last byte */
    memcpy(pages + 4096 - 30, "/nonexistent/", 13);
    char *open_end = pages + 4096 - 4; /* "ull", NUL: but read as a path it ends in time */
    CHECK(mprotect(pages + 4096, 4096, PROT_NONE) == 0);
    char *unended = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memset(unended, 'x', 4096);
    CHECK(munmap(unended + 4096, 4096) == 0);
    guest_begin(&s);
    long results[] = {
        CALL(&s, SYS_openat, AT_FDCWD, 0, O_RDONLY),
        CALL(&s, SYS_openat, AT_FDCWD, pages + 4096, O_RDONLY),
        CALL(&s, SYS_openat, AT_FDCWD, 0xffff888000000000, O_RDONLY),
        CALL(&s, SYS_openat, AT_FDCWD, 0x8000000000000000, O_RDONLY),
        CALL(&s, SYS_openat, AT_FDCWD, open_end, O_RDONLY),
        CALL(&s, SYS_openat, AT_FDCWD, unended + 4090, O_RDONLY),
        CALL(&s, SYS_openat, AT_FDCWD, ~0ul, O_RDONLY),
        CALL(&s, SYS_write, 1, pages + 4096, 1),
        CALL(&s, SYS_readlink, pages + 4096, pages, 4096),
    };
    long good = CALL(&s, SYS_openat, AT_FDCWD, pages + 4096 - 10, O_RDONLY);
    CALL(&s, SYS_prctl, PR_SET_DUMPABLE, 0, 0, 0, 0);
    long hidden = CALL(&s, SYS_openat, AT_FDCWD, pages + 4096 - 10, O_RDONLY);
    CALL(&s, SYS_close, hidden);
    CALL(&s, SYS_close, good);
    guest_end(&s);
    CHECK(good >= 0 && hidden >= 0);
    for (unsigned i = 0; i < sizeof results / sizeof *results; i++)
        printf("%ld\n", results[i]);
}
