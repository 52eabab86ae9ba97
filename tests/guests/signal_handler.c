/* A handler with calls of its own, and one that raises another signal: handlers inside handlers. */
#include "guest.h"
#include <signal.h>
#include <sys/syscall.h>

static struct guest_segment s;
static volatile int depth, deepest, calls;

static void handler(int signal)
{
    depth++;
    if (depth > deepest)
        deepest = depth;
    CALL(&s, SYS_getppid, depth, signal);
    if (signal < SIGRTMIN + 10)
        CALL(&s, SYS_tgkill, s.tid, s.tid, signal + 1);
    CALL(&s, SYS_getppid, depth, signal, 3);
    calls++;
    depth--;
    guest_sigreturn(&s);
}

int main(void)
{
    for (int i = 0; i <= 10; i++)
        signal(SIGRTMIN + i, handler);
    guest_begin(&s);
    for (int i = 0; i < 50; i++)
        CALL(&s, SYS_tgkill, s.tid, s.tid, SIGRTMIN);
    guest_end(&s);
    printf("%d handlers, %d deep\n", calls, deepest);
}
