/* A filter that kills one thread at getppid; the process lives on. The kernel makes such a call vanish: no tracepoint
 * sees it, a ptrace entry stop does. */
#include "guest.h"
#include "filter.h"
#include <pthread.h>
#include <sys/syscall.h>
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
    pthread_t thread;
    CHECK(pthread_create(&thread, 0, killed, 0) == 0);
    pthread_join(thread, 0);
    guest_begin(&s);
    long parent = CALL(&s, SYS_getppid); /* the thread's filter was the thread's alone */
    guest_end(&s);
    CHECK(parent > 0);
    puts("the process lives on");
    return 6;
}
