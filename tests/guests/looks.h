/* At chosen moments a guest writes down what /proc says of its descriptors: "PID FD LINK", "-" for none. Right after
 * each line it asks for that descriptor's flags, which marks the moment in a recording. */
#pragma once
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHECK(x) do { if (!(x)) { perror(#x); exit(99); } } while (0)
#define FDS 32

static int log_fd;

static void look(void)
{
    for (int fd = 0; fd < FDS; fd++) {
        char name[64], link[512], line[640];
        snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
        ssize_t length = readlink(name, link, sizeof link - 1);
        if (length < 0)
            strcpy(link, "-");
        else
            link[length] = 0;
        int bytes = snprintf(line, sizeof line, "%d %d %s\n", getpid(), fd, link);
        CHECK(write(log_fd, line, bytes) == bytes);
        fcntl(fd, F_GETFD);
    }
}

static void open_log(const char *path)
{
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
    CHECK(fd >= 0);
    log_fd = fcntl(fd, F_DUPFD_CLOEXEC, 100);
    CHECK(log_fd >= 100);
    close(fd);
}
