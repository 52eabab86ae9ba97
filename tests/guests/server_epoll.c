/* An echo server with an event loop: server_epoll REQUESTS [CONNECTIONS]. Prints its port, ends after so many requests.
 * With CONNECTIONS it starts a client process of its own. */
#include "guest.h"
#include "loopback.h"
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/wait.h>

int main(int argc, char **argv)
{
    struct guest_segment s;
    long requests = argc > 1 ? atol(argv[1]) : 400, served = 0, failures = 0;
    int port, listener = listen_on_loopback(&port), connections = argc > 2 ? atoi(argv[2]) : 0;
    pid_t client = 0;
    setvbuf(stdout, 0, _IOLBF, 0);
    if (connections) {
        client = MUST(fork());
        if (!client)
            _exit(run_client(port, connections, requests / connections) == requests ? 0 : 1);
    } else {
        printf("port %d\n", port);
    }
    int epoll = MUST(epoll_create1(0));
    struct epoll_event event = {.events = EPOLLIN, .data.fd = listener}, ready[16];
    MUST(epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event));
    char bytes[REQUEST_BYTES];
    guest_begin(&s);
    while (served < requests) {
        long count = CALL(&s, SYS_epoll_wait, epoll, ready, 16, -1);
        failures += count < 0;
        for (long i = 0; i < count; i++) {
            int fd = ready[i].data.fd;
            if (fd == listener) {
                event.data.fd = (int)CALL(&s, SYS_accept4, listener, 0, 0, SOCK_CLOEXEC);
                CALL(&s, SYS_epoll_ctl, epoll, EPOLL_CTL_ADD, event.data.fd, &event);
                continue;
            }
            long got = CALL(&s, SYS_recvfrom, fd, bytes, sizeof bytes, MSG_WAITALL, 0, 0);
            if (got == sizeof bytes) {
                CALL(&s, SYS_sendto, fd, bytes, sizeof bytes, MSG_NOSIGNAL, 0, 0);
                served++;
            } else {
                CALL(&s, SYS_close, fd);
            }
        }
    }
    guest_end(&s);
    int status = 0;
    if (client)
        MUST(waitpid(client, &status, 0));
    printf("%ld served, %ld failures, client ended with %d\n", served, failures, status);
}
