/* Ends by the signal whose number is argv[1], sent to itself; 11 by a fault. */
#include "guest.h"
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    int number = argc > 1 ? atoi(argv[1]) : SIGTERM;
    struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    if (number == SIGSEGV)
        *(volatile int *)8 = 1;
    kill(getpid(), number);
    for (;;)
        pause();
}
