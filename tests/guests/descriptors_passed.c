/* Descriptors that come from elsewhere: through connections of unix(7), with the message there before the receiver and
 * after it, several messages at once, from another process's table, by a handle, of new processes and of terminals.
 * Looks at them at chosen moments. Argument: the log. */
#include <errno.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include "looks.h"

#ifndef TIOCGPTPEER
#define TIOCGPTPEER 0x5441
#endif

/* A message with descriptors, or with room for some. */
struct passing {
    struct mmsghdr header;
    struct iovec part;
    char byte, control[CMSG_SPACE(4 * sizeof(int))];
};

static void prepare(struct passing *passing, const int *fds, int count)
{
    memset(passing, 0, sizeof *passing);
    passing->part = (struct iovec){&passing->byte, 1};
    struct msghdr *message = &passing->header.msg_hdr;
    *message = (struct msghdr){.msg_iov = &passing->part, .msg_iovlen = 1, .msg_control = passing->control,
                               .msg_controllen = sizeof passing->control};
    if (count == 0)
        return;
    message->msg_controllen = CMSG_SPACE(count * sizeof(int));
    struct cmsghdr *head = CMSG_FIRSTHDR(message);
    *head = (struct cmsghdr){CMSG_LEN(count * sizeof(int)), SOL_SOCKET, SCM_RIGHTS};
    memcpy(CMSG_DATA(head), fds, count * sizeof(int));
}

static void pass(int socket, const char *path)
{
    struct passing passing;
    int fd = open(path, O_RDWR);
    CHECK(fd >= 0);
    prepare(&passing, &fd, 1);
    CHECK(sendmsg(socket, &passing.header.msg_hdr, 0) == 1);
    close(fd);
}

static void take(int socket, int flags)
{
    struct passing passing;
    prepare(&passing, 0, 0);
    CHECK(recvmsg(socket, &passing.header.msg_hdr, flags) == 1);
}

/* Until the process is inside that call. */
static void until_inside(pid_t process, long nr)
{
    char name[64], line[64];
    snprintf(name, sizeof name, "/proc/%d/syscall", process);
    do {
        int fd = open(name, O_RDONLY | O_CLOEXEC);
        CHECK(fd >= 0);
        ssize_t bytes = read(fd, line, sizeof line - 1);
        close(fd);
        line[bytes > 0 ? bytes : 0] = 0;
        sched_yield();
    } while (atol(line) != nr);
}

static void client(const struct sockaddr_un *name, socklen_t bytes, int told)
{
    int connection = socket(AF_UNIX, SOCK_SEQPACKET, 0), full = open("/dev/full", O_WRONLY);
    CHECK(connection >= 0 && full >= 0 && connect(connection, (const void *)name, bytes) == 0);
    /* Before the server asks, and while it waits. */
    pass(connection, "/dev/zero");
    CHECK(write(told, &full, sizeof full) == sizeof full);
    until_inside(getppid(), SYS_recvmsg);
    pass(connection, "/dev/random");
    /* Several at once: the server waits for the second of them. */
    struct passing two[2];
    int fds[2] = {open("/proc/self/mem", O_RDONLY), open("/dev/urandom", O_RDONLY)};
    prepare(&two[0], &fds[1], 1);
    prepare(&two[1], fds, 2);
    struct mmsghdr headers[2] = {two[0].header, two[1].header};
    CHECK(sendmmsg(connection, headers, 2, 0) == 2);
    char byte;
    CHECK(read(connection, &byte, 1) == 1);
    _exit(0);
}

int main(int argc, char **argv)
{
    CHECK(argc == 2);
    open_log(argv[1]);
    char here[] = "/tmp/sysrec-passed-XXXXXX";
    CHECK(mkdtemp(here) && chdir(here) == 0);
    int listening = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0), ends[2];
    struct sockaddr_un name = {AF_UNIX, "socket"};
    CHECK(bind(listening, (void *)&name, sizeof name) == 0 && listen(listening, 1) == 0 && pipe(ends) == 0);
    pid_t child = fork();
    if (child == 0)
        client(&name, offsetof(struct sockaddr_un, sun_path) + 7, ends[1]);
    int full, connection = accept(listening, 0, 0);
    CHECK(child > 0 && connection >= 0 && read(ends[0], &full, sizeof full) == sizeof full);
    take(connection, MSG_CMSG_CLOEXEC);
    look();
    take(connection, 0);
    look();
    struct passing two[2];
    prepare(&two[0], 0, 0);
    prepare(&two[1], 0, 0);
    struct mmsghdr headers[2] = {two[0].header, two[1].header};
    CHECK(recvmmsg(connection, headers, 2, 0, 0) == 2);
    look();
    /* From a table that is not ours. */
    int process = syscall(SYS_pidfd_open, child, 0);
    CHECK(process >= 0 && syscall(SYS_pidfd_getfd, process, full, 0) >= 0);
    /* What only root may do, for others fails. */
    struct { struct file_handle head; char room[128]; } handle = {.head.handle_bytes = 128};
    int mount, folder = open("/tmp", O_RDONLY | O_DIRECTORY);
    if (syscall(SYS_name_to_handle_at, folder, here, &handle, &mount, 0) == 0)
        syscall(SYS_open_by_handle_at, folder, &handle, O_RDONLY);
    syscall(SYS_mq_open, "sysrec-queue", O_RDWR | O_CREAT | O_EXCL, 0600, 0);
    syscall(SYS_mq_unlink, "sysrec-queue");
    look();
    int pidfd = -1;
    struct clone_args make = {.flags = CLONE_PIDFD, .pidfd = (uint64_t)(uintptr_t)&pidfd, .exit_signal = SIGCHLD};
    pid_t second = syscall(SYS_clone3, &make, sizeof make);
    if (second == 0)
        _exit(0);
    CHECK(second > 0 && pidfd >= 0);
    int terminal = open("/dev/ptmx", O_RDWR | O_NOCTTY), unlock = 0;
    CHECK(ioctl(terminal, TIOCSPTLCK, &unlock) == 0);
    CHECK(ioctl(terminal, TIOCGPTPEER, O_RDWR | O_NOCTTY) >= 0);
    look();
    CHECK(write(connection, "x", 1) == 1);
    int status;
    CHECK(waitpid(child, &status, 0) == child && status == 0 && waitpid(second, &status, 0) == second);
    CHECK(unlink("socket") == 0 && chdir("/") == 0 && rmdir(here) == 0);
    return 0;
}
