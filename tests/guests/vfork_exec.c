/* vfork with exec, 100 times: the parent waits in the kernel for each child's exec or end. */
#include "guest.h"
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static char *again[] = {"/proc/self/exe", "child", 0};

static void child(void *argument)
{
    struct guest_segment s;
    guest_born(&s);
    CALL(&s, SYS_getppid);
    if (argument)
        CALL(&s, SYS_execve, again[0], again, environ);
    EXIT(&s, 43);
}

int main(int argc, char **argv)
{
    (void)argv;
    struct guest_segment s;
    guest_begin(&s);
    if (argc > 1) {
        CALL(&s, SYS_getppid);
        EXIT(&s, 42);
    }
    int codes[2] = {0};
    for (long i = 0; i < 100; i++) {
        int status = 0;
        long pid = SPAWN(&s, SYS_vfork, child, (void *)(i % 2));
        CHECK(CALL(&s, SYS_wait4, pid, &status, 0, 0) == pid);
        codes[i % 2] += WEXITSTATUS(status);
    }
    guest_end(&s);
    printf("%d %d\n", codes[0], codes[1]);
}
