// C++ exceptions: thrown and caught around calls, and thrown out of a signal handler through a blocked read of libc.
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <sys/wait.h>
#include <unistd.h>
#include "sleeping.h"

static int unwound;
struct Witness { ~Witness() { unwound++; } };

static void handler(int signal)
{
    throw std::runtime_error("out of a handler for " + std::to_string(signal));
}

__attribute__((noinline)) static ssize_t wait_for(int from)
{
    Witness witness;
    char byte;
    return read(from, &byte, 1);
}

int main()
{
    int empty[2], next[2], caught = 0;
    struct sigaction action = {};
    action.sa_handler = handler;
    action.sa_flags = SA_NODEFER; // nothing returns, so that no mask has to be put back
    sigaction(SIGALRM, &action, nullptr);
    if (pipe(empty) || pipe(next))
        return 98;
    for (int i = 0; i < 200; i++) {
        try {
            Witness witness;
            if (getppid() > 0)
                throw i;
        } catch (int thrown) {
            caught += thrown == i && getppid() > 0;
        }
    }
    pid_t self = getpid(), child = fork();
    if (!child) {
        char byte;
        close(next[1]);
        while (read(next[0], &byte, 1) == 1) {
            wait_until_asleep(self);
            kill(self, SIGALRM);
        }
        _exit(0);
    }
    close(next[0]);
    for (int i = 0; i < 20; i++) {
        try {
            if (write(next[1], "x", 1) != 1)
                return 97;
            wait_for(empty[0]);
        } catch (const std::runtime_error &) {
            caught++;
        }
    }
    close(next[1]);
    waitpid(child, nullptr, 0);
    std::printf("%d caught, %s\n", caught, unwound >= 220 ? "all unwound" : "not unwound");
}
