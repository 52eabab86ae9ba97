/* Opens, duplicates, passes and closes descriptors in every way, and looks at them at chosen moments. Arguments: the
 * log, and "after" once it has executed itself. */
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "looks.h"

static int sharer(void *unused)
{
    (void)unused;
    CHECK(open("/dev/full", O_WRONLY) >= 0);
    close(3);
    return 0;
}

static void pass(int socket, int *fds, int count)
{
    char control[CMSG_SPACE(4 * sizeof(int))] = {0};
    struct iovec one = {"x", 1};
    struct msghdr message = {.msg_iov = &one, .msg_iovlen = 1, .msg_control = control,
                             .msg_controllen = CMSG_SPACE(count * sizeof(int))};
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    *head = (struct cmsghdr){CMSG_LEN(count * sizeof(int)), SOL_SOCKET, SCM_RIGHTS};
    memcpy(CMSG_DATA(head), fds, count * sizeof(int));
    CHECK(sendmsg(socket, &message, 0) == 1);
}

static void take(int socket)
{
    char byte, control[CMSG_SPACE(4 * sizeof(int))];
    struct iovec one = {&byte, 1};
    struct msghdr message = {
        .msg_iov = &one, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    CHECK(recvmsg(socket, &message, 0) == 1);
}

static void wait_for(pid_t child)
{
    int status;
    CHECK(waitpid(child, &status, __WALL) == child && status == 0);
}

int main(int argc, char **argv)
{
    CHECK(argc >= 2);
    open_log(argv[1]);
    look();
    if (argc > 2)
        return 0;
    char here[] = "/tmp/sysrec-descriptors-XXXXXX";
    CHECK(mkdtemp(here) && chdir(here) == 0);
    int a = open("a", O_RDWR | O_CREAT, 0644);
    CHECK(a == 3);
    int directory = open("/proc/self/../../usr", O_RDONLY | O_DIRECTORY);
    int relative = openat(directory, "bin/../lib", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    CHECK(directory == 4 && relative == 5);
    CHECK(dup(a) == 6 && dup2(directory, 9) == 9 && dup3(a, 10, O_CLOEXEC) == 10);
    CHECK(fcntl(a, F_DUPFD, 12) == 12 && fcntl(directory, F_DUPFD_CLOEXEC, 13) == 13);
    int ends[2], pair[2];
    CHECK(pipe2(ends, O_CLOEXEC) == 0 && socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    CHECK(epoll_create1(0) > 0 && eventfd(0, EFD_CLOEXEC) > 0 && memfd_create("scratch", 0) > 0);
    CHECK(socket(AF_INET, SOCK_STREAM, 0) > 0);
    look();
    /* A copy of the table: what the child does, the parent does not see. */
    pid_t child = fork();
    if (child == 0) {
        CHECK(syscall(SYS_close_range, 3, 6, 0) == 0);
        CHECK(open("b", O_RDWR | O_CREAT, 0644) == 3);
        look();
        _exit(0);
    }
    wait_for(child);
    look();
    /* The same table. */
    static char stack[65536];
    child = clone(sharer, stack + sizeof stack, CLONE_FILES | SIGCHLD, 0);
    CHECK(child > 0);
    wait_for(child);
    look();
    /* Descriptors that go through a socket to one that has others. */
    child = fork();
    if (child == 0) {
        CHECK(syscall(SYS_close_range, 3, 13, 0) == 0);
        take(pair[1]);
        look();
        _exit(0);
    }
    /* Crosswise: each gets a number that stood for the other. */
    pass(pair[0], (int[]){directory, 12}, 2);
    wait_for(child);
    /* A table of its own, and other flags. */
    child = clone(sharer, stack + sizeof stack, CLONE_FILES | SIGCHLD, 0);
    CHECK(child > 0);
    wait_for(child);
    CHECK(unshare(CLONE_FILES) == 0);
    CHECK(fcntl(6, F_SETFD, FD_CLOEXEC) == 0 && fcntl(10, F_SETFD, 0) == 0);
    CHECK(syscall(SYS_close_range, 12, 14, CLOSE_RANGE_CLOEXEC) == 0);
    CHECK(dup2(12, 0) == 0 && close(9) == 0);
    look();
    unlink("a");
    unlink("b");
    CHECK(chdir("/") == 0 && rmdir(here) == 0);
    execl("/proc/self/exe", argv[0], argv[1], "after", (char *)0);
    return 98;
}
