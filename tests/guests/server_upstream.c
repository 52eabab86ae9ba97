/* A server that asks another process for every answer: server_upstream REQUESTS UPSTREAM_NS [stat].
 * The other process spins for so long before it answers, so that the time of the server's read grows with it and no
 * other call's does. With "stat", the server looks at a file for every request, as a later version of it may. */
#include "guest.h"
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long long now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now); /* answered by the vDSO: no call */
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static void upstream(int server, long long spin_ns)
{
    char request;
    while (recv(server, &request, 1, 0) == 1) {
        for (long long start_ns = now_ns(); now_ns() - start_ns < spin_ns;)
            ;
        MUST(send(server, &request, 1, MSG_NOSIGNAL));
    }
    _exit(0);
}

int main(int argc, char **argv)
{
    CHECK(argc == 3 || (argc == 4 && !strcmp(argv[3], "stat")));
    long requests = atol(argv[1]), answered = 0;
    int pair[2], status;
    char byte = 'x';
    struct stat file;
    MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
    pid_t child = MUST(fork());
    if (!child) {
        close(pair[0]);
        upstream(pair[1], atoll(argv[2]));
    }
    close(pair[1]);
    for (long i = 0; i < requests; i++) {
        if (argc == 4)
            stat("/etc/passwd", &file);
        MUST(write(pair[0], &byte, 1));
        answered += read(pair[0], &byte, 1) == 1;
    }
    close(pair[0]);
    MUST(waitpid(child, &status, 0));
    CHECK(answered == requests && status == 0);
    return 0;
}
