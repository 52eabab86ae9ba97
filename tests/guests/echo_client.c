/* echo_client PORT CONNECTIONS REQUESTS: drives an echo server; prints answers and time per request. */
#include "guest.h"
#include "loopback.h"
#include <time.h>

int main(int argc, char **argv)
{
    CHECK(argc == 4);
    struct timespec start, end;
    int connections = atoi(argv[2]);
    long requests = atol(argv[3]);
    clock_gettime(CLOCK_MONOTONIC, &start);
    long answered = run_client(atoi(argv[1]), connections, requests);
    clock_gettime(CLOCK_MONOTONIC, &end);
    double elapsed = (double)(end.tv_sec - start.tv_sec) * 1e9 + (double)(end.tv_nsec - start.tv_nsec);
    printf("%ld answered, %.0f ns per request\n", answered, elapsed / (double)(answered ? answered : 1));
    return answered == connections * requests ? 0 : 1;
}
