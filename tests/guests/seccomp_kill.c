/* Filters that kill at getppid: one thread in a child, and at last this process, by SIGSYS. */
#include "guest.h"
#include "filter.h"
#include <pthread.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void *killed(void *argument)
{
    struct guest_segment s;
    install_filter(SYS_getppid, SECCOMP_RET_KILL_THREAD);
    guest_begin(&s);
    CALL(&s, SYS_getpid);
    CALL(&s, SYS_getppid);
    return argument;
}

int main(void)
{
    struct guest_segment s;
    struct rlimit none = {0, 0};
    int status;
    setrlimit(RLIMIT_CORE, &none);
    pid_t pid = MUST(fork());
    if (!pid) {
        pthread_t thread;
        CHECK(pthread_create(&thread, 0, killed, 0) == 0);
        pthread_join(thread, 0);
        _exit(getppid() > 0 ? 6 : 7); /* the thread's filter is the thread's alone */
    }
    MUST(waitpid(pid, &status, 0));
    printf("process of the killed thread: %x\n", status);
    fflush(stdout);
    install_filter(SYS_getppid, SECCOMP_RET_KILL_PROCESS);
    guest_begin(&s);
    CALL(&s, SYS_getpid);
    CALL(&s, SYS_getppid);
    return 99;
}
