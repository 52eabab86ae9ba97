/* SIGKILL to itself: the call does not return. */
#include "guest.h"
#include <signal.h>
#include <sys/syscall.h>

int main(void)
{
    struct guest_segment s;
    guest_begin(&s);
    long self = CALL(&s, SYS_getpid);
    CALL(&s, SYS_kill, self, SIGKILL);
    CALL(&s, SYS_getppid);
    return 99;
}
