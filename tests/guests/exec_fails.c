/* execve that fails, for each reason, and the program goes on. */
#include "guest.h"
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static void file(const char *path, const char *text, int mode)
{
    int fd = MUST(open(path, O_CREAT | O_TRUNC | O_WRONLY, 0600));
    MUST(write(fd, text, __builtin_strlen(text)));
    MUST(fchmod(fd, mode));
    MUST(close(fd));
}

int main(void)
{
    struct guest_segment s;
    file("noexec", "#!/bin/sh\n", 0600);
    file("garbage", "this is no program", 0700);
    file("interpreter", "#!/nonexistent/interpreter\n", 0700);
    file("empty", "", 0700);
    char *arguments[] = {"x", 0};
    guest_begin(&s);
    long results[] = {
        CALL(&s, SYS_execve, "/nonexistent", arguments, environ),
        CALL(&s, SYS_execve, "noexec", arguments, environ),
        CALL(&s, SYS_execve, "garbage", arguments, environ),
        CALL(&s, SYS_execve, "interpreter", arguments, environ),
        CALL(&s, SYS_execve, "empty", arguments, environ),
        CALL(&s, SYS_execve, ".", arguments, environ),
        CALL(&s, SYS_execve, 8, arguments, environ),
        CALL(&s, SYS_execve, "/bin/true", 8, environ),
        CALL(&s, SYS_execveat, -1, "relative", arguments, environ, 0),
    };
    long after = CALL(&s, SYS_getppid);
    guest_end(&s);
    CHECK(after > 0);
    for (unsigned i = 0; i < sizeof results / sizeof *results; i++)
        printf("%ld\n", results[i]);
}
