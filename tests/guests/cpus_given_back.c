/* cpus_given_back MASK: ends well once it may run on these CPUs (as /proc/PID/status has them), badly after a minute. It
 * opens files, reads and computes, and makes no other calls. */
#include "guest.h"
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int has(const char *mask)
{
    char text[4096], line[256];
    int status = MUST(open("/proc/self/status", O_RDONLY));
    ssize_t length = MUST(read(status, text, sizeof text - 1));
    text[length] = 0;
    close(status);
    snprintf(line, sizeof line, "Cpus_allowed:\t%s\n", mask);
    return strstr(text, line) != 0;
}

int main(int argc, char **argv)
{
    CHECK(argc == 2);
    struct timespec start, now;
    clock_gettime(CLOCK_MONOTONIC, &start);
    do {
        if (has(argv[1]))
            return 0;
        clock_gettime(CLOCK_MONOTONIC, &now);
    } while (now.tv_sec < start.tv_sec + 60);
    return 1;
}
