/* An echo server with a pool of threads that share one listener: server_pool REQUESTS [CONNECTIONS]. As server_epoll,
 * but for its insides: accept and recv block, a futex hands out the work. */
#include "guest.h"
#include "loopback.h"
#include <sys/wait.h>

enum { WORKERS = 8 };
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t waiting = PTHREAD_COND_INITIALIZER;
static int queue[256], head, tail, closing;
static long served, wanted, failures;

static void *worker(void *argument)
{
    (void)argument;
    for (;;) {
        pthread_mutex_lock(&lock);
        while (head == tail && !closing)
            pthread_cond_wait(&waiting, &lock);
        if (head == tail) {
            pthread_mutex_unlock(&lock);
            return 0;
        }
        int connection = queue[head++ % 256];
        pthread_mutex_unlock(&lock);
        char bytes[REQUEST_BYTES];
        while (receive_all(connection, bytes, sizeof bytes)) {
            if (send(connection, bytes, sizeof bytes, MSG_NOSIGNAL) != sizeof bytes)
                __atomic_fetch_add(&failures, 1, __ATOMIC_SEQ_CST);
            __atomic_fetch_add(&served, 1, __ATOMIC_SEQ_CST);
        }
        close(connection);
    }
}

int main(int argc, char **argv)
{
    wanted = argc > 1 ? atol(argv[1]) : 400;
    int port, listener = listen_on_loopback(&port), connections = argc > 2 ? atoi(argv[2]) : 0;
    pthread_t threads[WORKERS];
    pid_t client = 0;
    setvbuf(stdout, 0, _IOLBF, 0);
    if (connections) {
        client = MUST(fork());
        if (!client)
            _exit(run_client(port, connections, wanted / connections) == wanted ? 0 : 1);
    } else {
        printf("port %d\n", port);
    }
    for (int i = 0; i < WORKERS; i++)
        CHECK(pthread_create(&threads[i], 0, worker, 0) == 0);
    struct timeval always = {0, 0}, often = {0, 20000}; /* the loop looks up now and then whether all is served */
    MUST(setsockopt(listener, SOL_SOCKET, SO_RCVTIMEO, &often, sizeof often));
    while (__atomic_load_n(&served, __ATOMIC_SEQ_CST) < wanted) {
        int connection = accept(listener, 0, 0);
        if (connection < 0)
            continue;
        MUST(setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &always, sizeof always)); /* it has the listener's */
        pthread_mutex_lock(&lock);
        queue[tail++ % 256] = connection;
        pthread_cond_signal(&waiting);
        pthread_mutex_unlock(&lock);
    }
    pthread_mutex_lock(&lock);
    closing = 1;
    pthread_cond_broadcast(&waiting);
    pthread_mutex_unlock(&lock);
    for (int i = 0; i < WORKERS; i++)
        CHECK(pthread_join(threads[i], 0) == 0);
    int status = 0;
    if (client)
        MUST(waitpid(client, &status, 0));
    printf("%ld served, %ld failures, client ended with %d\n", served, failures, status);
}
