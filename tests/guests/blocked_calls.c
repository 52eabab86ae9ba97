/* One process in each of many blocking calls. Says "ready" when all of them sleep; when stdin ends, each gets what it
 * waits for, and says what the call returned. Attaching and detaching in between must not show. */
#include "guest.h"
#include "sleeping.h"
#include <arpa/inet.h>
#include <linux/aio_abi.h>
#include <linux/futex.h>
#include <mqueue.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>

static const struct timespec far = {120, 0};
static const struct timeval far_too = {120, 0};
static struct timespec a_moment = {2, 0};
static volatile int handled;
static struct shared {
    int word;
    long results[32];
} *shared;

static int pipes[32][2], sockets[32][2], listeners[2], semaphore, queue, message_queue, flocked, locked;
static struct sockaddr_in addresses[2];
static char byte;

static void on_signal(int signal) { handled += signal == SIGUSR1; }

static long block(int call, int fd)
{
    struct pollfd wanted = {.fd = fd, .events = POLLIN};
    struct epoll_event event = {.events = EPOLLIN};
    sigset_t none, usr1;
    fd_set set;
    sigemptyset(&none);
    sigemptyset(&usr1);
    sigaddset(&usr1, SIGUSR1);
    FD_ZERO(&set);
    FD_SET(fd, &set);
    switch (call) {
    case 0:
    case 1: {
        int epoll = MUST(epoll_create1(0));
        MUST(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event));
        return call ? RAW(SYS_epoll_pwait2, epoll, &event, 1, &far, 0, 8) : RAW(SYS_epoll_wait, epoll, &event, 1, 120000);
    }
    case 2:
        MUST(setsockopt(sockets[call][0], SOL_SOCKET, SO_RCVTIMEO, &far_too, sizeof far_too));
        return RAW(SYS_recvfrom, sockets[call][0], &byte, 1, 0, 0, 0);
    case 3:
        MUST(setsockopt(listeners[0], SOL_SOCKET, SO_RCVTIMEO, &far_too, sizeof far_too));
        return RAW(SYS_accept, listeners[0], 0, 0);
    case 4:
        sigprocmask(SIG_BLOCK, &usr1, 0);
        return RAW(SYS_rt_sigtimedwait, &usr1, 0, &far, 8);
    case 5: {
        struct sembuf take = {0, -1, 0};
        return RAW(SYS_semtimedop, semaphore, &take, 1, &far);
    }
    case 6: {
        aio_context_t context = 0;
        struct io_event done;
        struct iocb poll = {.aio_lio_opcode = IOCB_CMD_POLL, .aio_fildes = (uint32_t)fd, .aio_buf = POLLIN};
        struct iocb *list = &poll;
        MUST(syscall(SYS_io_setup, 8, &context));
        MUST(syscall(SYS_io_submit, context, 1, &list));
        return RAW(SYS_io_getevents, context, 1, 1, &done, &far);
    }
    case 7: return RAW(SYS_read, fd, &byte, 1);
    case 8: return RAW(SYS_futex, &shared->word, FUTEX_WAIT, 0, &far, 0, 0);
    case 9: return RAW(SYS_nanosleep, &a_moment, 0);
    case 10: return RAW(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, &a_moment, 0);
    case 11: return RAW(SYS_poll, &wanted, 1, 120000);
    case 12: return RAW(SYS_ppoll, &wanted, 1, (struct timespec[]){far}, 0, 8);
    case 13: return RAW(SYS_select, fd + 1, &set, 0, 0, (struct timeval[]){far_too});
    case 14: return RAW(SYS_pselect6, fd + 1, &set, 0, 0, (struct timespec[]){far}, 0);
    case 15: return RAW(SYS_pause);
    case 16: return RAW(SYS_rt_sigsuspend, &none, 8);
    case 17:
    case 18: {
        pid_t child = MUST(fork());
        siginfo_t info;
        if (!child)
            _exit(read(fd, &byte, 1) == 1 ? 3 : 4);
        return call == 17 ? RAW(SYS_wait4, child, 0, 0, 0) == child : RAW(SYS_waitid, P_PID, child, &info, WEXITED, 0);
    }
    case 19: return RAW(SYS_flock, MUST(open("flocked", O_RDWR)), LOCK_EX);
    case 20: {
        struct flock all = {.l_type = F_WRLCK};
        return RAW(SYS_fcntl, MUST(open("locked", O_RDWR)), F_SETLKW, &all);
    }
    case 21: {
        struct {
            long type;
            char text[8];
        } message;
        return RAW(SYS_msgrcv, queue, &message, 8, 0, 0);
    }
    case 22: {
        char message[16];
        struct timespec until = {time(0) + 120, 0};
        return RAW(SYS_mq_timedreceive, message_queue, message, sizeof message, 0, &until);
    }
    case 23: return RAW(SYS_accept4, listeners[1], 0, 0, SOCK_CLOEXEC);
    case 24: {
        struct iovec part = {&byte, 1};
        struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
        return RAW(SYS_recvmsg, sockets[call][0], &message, 0);
    }
    default: return 0;
    }
}
enum { CALLS = 25 };

static const char *const names[CALLS] = {
    "epoll_wait", "epoll_pwait2", "recvfrom, SO_RCVTIMEO", "accept, SO_RCVTIMEO", "rt_sigtimedwait", "semtimedop",
    "io_getevents", "read", "futex", "nanosleep", "clock_nanosleep", "poll", "ppoll", "select", "pselect6", "pause",
    "rt_sigsuspend", "wait4", "waitid", "flock", "fcntl F_SETLKW", "msgrcv", "mq_timedreceive", "accept4", "recvmsg",
};

static void wake(int call, pid_t pid)
{
    switch (call) {
    case 2:
    case 24: MUST(write(sockets[call][1], "x", 1)); break;
    case 3:
    case 23: {
        int to = MUST(socket(AF_INET, SOCK_STREAM, 0));
        MUST(connect(to, (struct sockaddr *)&addresses[call == 23], sizeof addresses[0]));
        break;
    }
    case 4:
    case 15:
    case 16: MUST(kill(pid, SIGUSR1)); break;
    case 5: MUST(semop(semaphore, &(struct sembuf){0, 1, 0}, 1)); break;
    case 8:
        __atomic_store_n(&shared->word, 1, __ATOMIC_SEQ_CST);
        MUST(syscall(SYS_futex, &shared->word, FUTEX_WAKE, 1, 0, 0, 0));
        break;
    case 9:
    case 10: break;
    case 19: MUST(flock(flocked, LOCK_UN)); break;
    case 20: MUST(fcntl(locked, F_SETLK, &(struct flock){.l_type = F_UNLCK})); break;
    case 21: MUST(msgsnd(queue, &(struct { long type; char text[8]; }){1, "x"}, 1, 0)); break;
    case 22: MUST(mq_send(message_queue, "x", 1, 0)); break;
    default: MUST(write(pipes[call][1], "x", 1));
    }
}

int main(int argc, char **argv)
{
    pid_t pids[CALLS];
    if (argc > 1)
        a_moment.tv_sec = atol(argv[1]);
    setvbuf(stdout, 0, _IOLBF, 0);
    shared = mmap(0, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(shared != MAP_FAILED);
    signal(SIGUSR1, on_signal);
    for (int i = 0; i < CALLS; i++) {
        MUST(pipe(pipes[i]));
        MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets[i]));
    }
    for (int i = 0; i < 2; i++) {
        socklen_t length = sizeof addresses[i];
        addresses[i] = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        listeners[i] = MUST(socket(AF_INET, SOCK_STREAM, 0));
        MUST(bind(listeners[i], (struct sockaddr *)&addresses[i], length));
        MUST(getsockname(listeners[i], (struct sockaddr *)&addresses[i], &length));
        MUST(listen(listeners[i], 4));
    }
    semaphore = MUST(semget(IPC_PRIVATE, 1, 0600));
    queue = MUST(msgget(IPC_PRIVATE, 0600));
    char name[32];
    snprintf(name, sizeof name, "/blocked_calls-%d", getpid());
    message_queue = MUST(mq_open(name, O_RDWR | O_CREAT, 0600, &(struct mq_attr){.mq_maxmsg = 1, .mq_msgsize = 16}));
    MUST(mq_unlink(name));
    flocked = MUST(open("flocked", O_CREAT | O_RDWR, 0600));
    MUST(flock(flocked, LOCK_EX));
    locked = MUST(open("locked", O_CREAT | O_RDWR, 0600));
    MUST(fcntl(locked, F_SETLK, &(struct flock){.l_type = F_WRLCK}));
    for (int i = 0; i < CALLS; i++) {
        pids[i] = MUST(fork());
        if (!pids[i]) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            shared->results[i] = block(i, pipes[i][0]);
            _exit(handled);
        }
    }
    for (int i = 0; i < CALLS; i++)
        if (i != 9 && i != 10)
            wait_until_asleep(pids[i]);
    puts("ready");
    while (read(0, &byte, 1) > 0)
        ;
    for (int i = 0; i < CALLS; i++) {
        int status;
        wake(i, pids[i]);
        MUST(waitpid(pids[i], &status, 0));
        long result = shared->results[i];
        if ((i == 3 || i == 23) && result > 0)
            result = 1;
        printf("%s: %ld%s\n", names[i], result, status ? ", signal handled" : "");
    }
    semctl(semaphore, 0, IPC_RMID);
    msgctl(queue, IPC_RMID, 0);
}
