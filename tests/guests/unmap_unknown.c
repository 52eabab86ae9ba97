/* A static program that knows each of its mappings and unmaps all others, wherever they come from. It
 * goes on, in a child too. */
#define GUEST_FREESTANDING
#include "guest.h"

enum { NR_munmap = 11, NR_getppid = 110, NR_fork = 57, NR_wait4 = 61 };
extern const char __executable_start[], _end[];

static char maps[65536];

static int hex(const char **at, unsigned long *value)
{
    const char *start = *at;
    for (*value = 0;; (*at)++) {
        char c = **at;
        if (c >= '0' && c <= '9')
            *value = *value * 16 + (unsigned long)(c - '0');
        else if (c >= 'a' && c <= 'f')
            *value = *value * 16 + (unsigned long)(c - 'a' + 10);
        else
            return *at > start;
    }
}

static int is_known(unsigned long begin, unsigned long end, const char *line)
{
    unsigned long own = (unsigned long)__executable_start, own_end = ((unsigned long)_end + 4095) & -4096ul;
    if (begin < own_end && end > (own & -4096ul))
        return 1;
    if (guest_log && begin <= (unsigned long)guest_log && (unsigned long)guest_log < end)
        return 1;
    for (; *line && *line != '\n'; line++)
        if (*line == '[') /* stack, vdso, vvar, vsyscall, heap: the kernel's own names, which no mapping can take */
            return 1;
    return 0;
}

/* Gives how many mappings are not the program's; they are gone when it returns. */
static int unmap_unknown(void)
{
    long fd = RAW(GUEST_NR_open, "/proc/self/maps", 0, 0), length = 0, got;
    int unknown = 0;
    while ((got = RAW(GUEST_NR_read, fd, maps + length, sizeof maps - 1 - (unsigned long)length)) > 0)
        length += got;
    RAW(GUEST_NR_close, fd);
    maps[length] = 0;
    for (const char *at = maps; *at; at++) {
        unsigned long begin, end;
        const char *line = at;
        if (hex(&at, &begin) && *at == '-' && (at++, hex(&at, &end)) && !is_known(begin, end, line)) {
            unknown++;
            RAW(NR_munmap, begin, end - begin);
        }
        while (*at && *at != '\n')
            at++;
        if (!*at)
            break;
    }
    return unknown;
}

static void child(void *argument)
{
    struct guest_segment s;
    guest_born(&s);
    for (int i = 0; i < 50; i++)
        CALL(&s, NR_getppid, argument, i);
    guest_end(&s);
    unmap_unknown();
    guest_begin(&s);
    for (int i = 0; i < 50; i++)
        CALL(&s, NR_getppid, argument, i);
    EXIT(&s, 5);
}

int guest_main(void)
{
    struct guest_segment s;
    long parent = RAW(NR_getppid), wrong = 0;
    for (int round = 0; round < 5; round++) {
        guest_begin(&s);
        for (int i = 0; i < 100; i++)
            wrong += CALL(&s, NR_getppid, round, i) != parent;
        guest_end(&s);
        unmap_unknown();
    }
    int status = 0;
    guest_begin(&s);
    long pid = SPAWN(&s, NR_fork, child, 0);
    wrong += CALL(&s, NR_wait4, pid, &status, 0, 0) != pid;
    guest_end(&s);
    say("wrong", wrong);
    say("status", status);
    return 0;
}
