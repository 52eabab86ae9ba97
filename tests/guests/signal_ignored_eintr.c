/* Ignored signals come to the calls that the kernel never restarts: epoll_wait, rt_sigtimedwait, recv with a timeout,
 * semtimedop. Without a tracer such a signal wakes nobody. With one it stops the task for the tracer's sake, and the
 * call ends with EINTR, which is printed. */
#include "guest.h"
#include "sleeping.h"
#include <signal.h>
#include <sys/epoll.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

int main(void)
{
    int next[2], sockets[2], poll, semaphore, status;
    MUST(pipe(next));
    MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets));
    poll = MUST(epoll_create1(0));
    semaphore = MUST(semget(IPC_PRIVATE, 1, 0600));
    setvbuf(stdout, 0, _IOLBF, 0);
    signal(SIGUSR1, SIG_IGN);
    pid_t child = MUST(fork());
    if (!child) {
        struct guest_segment s;
        struct timespec time = {0, 300000000};
        struct timeval limit = {0, 300000};
        struct epoll_event event = {.events = EPOLLIN};
        struct sembuf take = {0, -1, 0};
        uint64_t set = 1u << (SIGUSR2 - 1);
        long results[4];
        char byte;
        MUST(epoll_ctl(poll, EPOLL_CTL_ADD, next[0], &event));
        MUST(setsockopt(sockets[0], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit));
        guest_begin(&s);
        results[0] = CALL(&s, SYS_epoll_wait, poll, &event, 1, 300);
        CALL(&s, SYS_write, sockets[0], "x", 1);
        results[1] = CALL(&s, SYS_rt_sigtimedwait, &set, 0, &time, 8);
        CALL(&s, SYS_write, sockets[0], "x", 1);
        results[2] = CALL(&s, SYS_recvfrom, sockets[0], &byte, 1, 0, 0, 0);
        CALL(&s, SYS_write, sockets[0], "x", 1);
        results[3] = CALL(&s, SYS_semtimedop, semaphore, &take, 1, &time);
        CALL(&s, SYS_write, sockets[0], "x", 1);
        guest_end(&s);
        for (int i = 0; i < 4; i++)
            printf("%ld\n", results[i]);
        _exit(0);
    }
    for (int i = 0; i < 4; i++) {
        char byte;
        wait_until_asleep(child);
        MUST(kill(child, i % 2 ? SIGUSR1 : SIGWINCH));
        CHECK(read(sockets[1], &byte, 1) == 1);
    }
    MUST(waitpid(child, &status, 0));
    MUST(semctl(semaphore, 0, IPC_RMID));
    CHECK(status == 0);
}
