/* A bounded client for the echo servers: each connection sends requests of 64 bytes and waits for each answer. */
#ifndef LOOPBACK_H
#define LOOPBACK_H
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { REQUEST_BYTES = 64 };

static inline int listen_on_loopback(int *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int listener = MUST(socket(AF_INET, SOCK_STREAM, 0));
    MUST(bind(listener, (struct sockaddr *)&address, length));
    MUST(getsockname(listener, (struct sockaddr *)&address, &length));
    MUST(listen(listener, 128));
    *port = ntohs(address.sin_port);
    return listener;
}

/* All bytes, in as many calls as it takes. */
static inline int receive_all(int from, char *bytes, int length)
{
    for (int done = 0; done < length;) {
        ssize_t got = recv(from, bytes + done, length - done, 0);
        if (got < 0) /* an end is expected, an error is not */
            printf("recv: %m after %d bytes\n", done);
        if (got <= 0)
            return 0;
        done += (int)got;
    }
    return 1;
}

struct client {
    int port;
    long requests, answered;
};

static inline void *client_body(void *argument)
{
    struct client *client = argument;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                                  .sin_port = htons((uint16_t)client->port)};
    char sent[REQUEST_BYTES], got[REQUEST_BYTES];
    int one = 1, to = MUST(socket(AF_INET, SOCK_STREAM, 0));
    MUST(connect(to, (struct sockaddr *)&address, sizeof address));
    MUST(setsockopt(to, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one));
    for (long i = 0; i < client->requests; i++) {
        memset(sent, (int)i, sizeof sent);
        if (send(to, sent, sizeof sent, MSG_NOSIGNAL) != sizeof sent || !receive_all(to, got, sizeof got))
            break;
        if (memcmp(sent, got, sizeof sent)) {
            puts("another answer than was sent");
            break;
        }
        client->answered++;
    }
    close(to);
    return 0;
}

/* Makes `requests` requests on each of `connections` connections (at most 64); gives how many were answered rightly. */
static inline long run_client(int port, int connections, long requests)
{
    pthread_t threads[64];
    static struct client clients[64];
    long answered = 0;
    CHECK(connections <= 64);
    for (int i = 0; i < connections; i++) {
        clients[i] = (struct client){port, requests, 0};
        CHECK(pthread_create(&threads[i], 0, client_body, &clients[i]) == 0);
    }
    for (int i = 0; i < connections; i++) {
        CHECK(pthread_join(threads[i], 0) == 0);
        answered += clients[i].answered;
    }
    return answered;
}
#endif
