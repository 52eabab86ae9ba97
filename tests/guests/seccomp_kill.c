/* A filter that kills the process at getppid, by SIGSYS. */
#include "guest.h"
#include "filter.h"
#include <sys/resource.h>
#include <sys/syscall.h>

int main(void)
{
    struct guest_segment s;
    struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    install_filter(SYS_getppid, SECCOMP_RET_KILL_PROCESS);
    guest_begin(&s);
    CALL(&s, SYS_getpid);
    CALL(&s, SYS_getppid);
    return 99;
}
