/* posix_spawn and posix_spawnp, 40 times, with file actions and attributes: libc makes the child by CLONE_VM and
 * CLONE_VFORK on a stack of its own, and the child makes calls at libc's sites before it executes. */
#include "guest.h"
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    if (argc > 1) {
        char byte = 0;
        CHECK(read(0, &byte, 1) == 1);
        return byte;
    }
    int sum = 0, missing = 0;
    for (int i = 0; i < 40; i++) {
        char *arguments[] = {argv[0], "child", 0};
        posix_spawn_file_actions_t actions;
        posix_spawnattr_t attributes;
        sigset_t none;
        int data[2], status;
        pid_t pid;
        char byte = (char)i;
        MUST(pipe(data));
        MUST(write(data[1], &byte, 1));
        sigemptyset(&none);
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_adddup2(&actions, data[0], 0);
        posix_spawn_file_actions_addclose(&actions, data[1]);
        posix_spawnattr_init(&attributes);
        posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
        posix_spawnattr_setsigmask(&attributes, &none);
        CHECK(posix_spawn(&pid, "/proc/self/exe", &actions, &attributes, arguments, environ) == 0);
        MUST(waitpid(pid, &status, 0));
        CHECK(WIFEXITED(status));
        sum += WEXITSTATUS(status);
        missing += posix_spawnp(&pid, "no-such-program", &actions, &attributes, arguments, environ) == 2;
        posix_spawn_file_actions_destroy(&actions);
        posix_spawnattr_destroy(&attributes);
        close(data[0]);
        close(data[1]);
    }
    printf("%d, %d missing\n", sum, missing);
}
