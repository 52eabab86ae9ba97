/* A daemon: double fork, setsid; the root ends first, the daemon calls and writes afterwards. */
#include "guest.h"
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(void)
{
    int gate[2];
    struct guest_segment s;
    MUST(pipe(gate));
    if (MUST(fork())) {
        puts("root ends");
        return 17; /* the daemon sees the end of the pipe when the root has ended */
    }
    MUST(setsid());
    if (MUST(fork()))
        _exit(0);
    MUST(close(gate[1]));
    alarm(100);
    char byte;
    CHECK(read(gate[0], &byte, 1) == 0);
    guest_begin(&s);
    for (int i = 0; i < 300; i++)
        CALL(&s, SYS_getppid, i);
    CALL(&s, SYS_write, 1, "daemon ends\n", 12);
    EXIT(&s, 5);
}
