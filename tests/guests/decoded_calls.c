/* Calls of every family, with results and with errors, so that what their lines say can be compared with strace's.
 *
 * Works in the current directory, needs no network but the loopback, and leaves nothing behind.
 */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/futex.h>
#include <linux/openat2.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/sendfile.h>
#include <sys/shm.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/times.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define call(...) syscall(__VA_ARGS__)

static char bytes[256];

static void files(void) {
    int fd = open("file", O_RDWR | O_CREAT | O_TRUNC, 0640);
    write(fd, "a\n\x1b[31m\0\xff" "1b", 12);
    call(SYS_open, "file", O_WRONLY | O_EXCL, 0);
    call(SYS_open, "missing", O_RDONLY);
    openat(AT_FDCWD, "file", O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    call(SYS_creat, "/nowhere/file", 0644);
    struct open_how how = {O_RDONLY | O_CLOEXEC, 0, RESOLVE_BENEATH};
    call(SYS_openat2, AT_FDCWD, "missing", &how, sizeof how);
    call(SYS_access, "file", R_OK | W_OK);
    call(SYS_access, "missing", F_OK);
    call(SYS_faccessat, AT_FDCWD, "file", X_OK);
    struct iovec out[2] = {{"ab", 2}, {"cde", 3}};
    writev(fd, out, 2);
    pwrite(fd, "0123456789012345678901234567890123456789", 40, 5);
    lseek(fd, 0, SEEK_SET);
    lseek(fd, -5, SEEK_CUR);
    char four[4], forty[40];
    struct iovec in[2] = {{four, 4}, {forty, 40}};
    readv(fd, in, 2);
    readv(-1, in, 2);
    preadv2(fd, in, 2, 3, 0);
    pread(fd, bytes, 9, 2);
    read(fd, bytes, 0);
    read(-1, bytes, 5);
    write(-1, "lost", 4);
    call(SYS_write, fd, (void *)0x10, 4);
    ftruncate(fd, 20);
    truncate("missing", 1L << 33);
    fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, 100);
    fsync(fd);
    flock(fd, LOCK_EX | LOCK_NB);
    posix_fadvise(fd, 0, 0, POSIX_FADV_WILLNEED);
    struct flock lock = {F_WRLCK, SEEK_SET, 0, 5};
    fcntl(fd, F_SETLK, &lock);
    fcntl(fd, F_GETFL);
    fcntl(fd, F_SETFL, O_APPEND | O_NONBLOCK);
    fcntl(fd, F_GETFD);
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    fcntl(fd, F_GETFD);
    close(fcntl(fd, F_DUPFD_CLOEXEC, 100));
    fcntl(-1, F_GETFD);
    fcntl(fd, 4000, 7);
    int copy = dup(fd);
    call(SYS_dup2, fd, 90);
    dup3(fd, 91, O_CLOEXEC);
    dup(-1);
    call(SYS_close_range, 90, 91, 0);
    close(copy);
    struct stat status;
    call(SYS_stat, "file", &status);
    call(SYS_lstat, "missing", &status);
    call(SYS_fstat, fd, &status);
    call(SYS_stat, "/dev/null", &status);
    call(SYS_newfstatat, fd, "", &status, AT_EMPTY_PATH);
    struct statx extended;
    call(SYS_statx, AT_FDCWD, "missing", AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, &extended);
    call(SYS_statx, AT_FDCWD, "file", 0, STATX_BASIC_STATS, &extended);
    struct statfs system;
    statfs("/proc", &system);
    statfs("missing", &system);
    call(SYS_mkdir, "folder", 0755);
    call(SYS_mkdir, "folder", 0);
    mkdirat(-1, "relative", 0700);
    call(SYS_rename, "missing", "other");
    call(SYS_renameat2, AT_FDCWD, "missing", AT_FDCWD, "other", RENAME_NOREPLACE);
    call(SYS_link, "file", "folder");
    call(SYS_symlink, "file", "link");
    call(SYS_symlink, "", "nothing");
    call(SYS_readlink, "link", bytes, 100);
    call(SYS_readlink, "file", bytes, 100);
    call(SYS_chmod, "file", 0600);
    fchmod(-1, 0);
    call(SYS_chown, "missing", -1, 0);
    call(SYS_mknod, "missing/device", S_IFCHR | 0600, 0x103);
    struct timespec times[2] = {{0, UTIME_NOW}, {0, UTIME_OMIT}};
    utimensat(AT_FDCWD, "file", times, 0);
    setxattr("missing", "user.name", "value", 5, XATTR_CREATE);
    getxattr("file", "user.nothing", bytes, 100);
    umask(022);
    umask(077);
    getcwd(bytes, 1);
    int here = open(".", O_RDONLY | O_DIRECTORY);
    call(SYS_getdents64, here, bytes, 10);
    chdir("missing");
    fchdir(here);
    int source = open("file", O_RDONLY);
    off_t offset = 2;
    sendfile(-1, source, &offset, 5);
    loff_t from = 0;
    copy_file_range(source, &from, -1, 0, 1, 0);
    call(SYS_unlink, "link");
    call(SYS_rmdir, "folder");
    call(SYS_unlinkat, AT_FDCWD, "file", 0);
    call(SYS_unlinkat, AT_FDCWD, "missing", AT_REMOVEDIR);
    close(source);
    close(here);
    close(fd);
    close(fd);
}

static void sockets(void) {
    int pair[2];
    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair);
    socketpair(AF_INET, SOCK_STREAM, 0, (int[2]){0});
    char control[64];
    struct iovec part = {"hello", 5};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control};
    struct cmsghdr *rights = (void *)control;
    rights->cmsg_len = CMSG_LEN(2 * sizeof(int));
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    memcpy(CMSG_DATA(rights), (int[]){0, 1}, 2 * sizeof(int));
    message.msg_controllen = CMSG_SPACE(2 * sizeof(int));
    sendmsg(pair[0], &message, MSG_NOSIGNAL);
    part = (struct iovec){bytes, 100};
    message.msg_controllen = sizeof control;
    recvmsg(pair[1], &message, MSG_CMSG_CLOEXEC);
    close(((int *)CMSG_DATA(rights))[0]);
    close(((int *)CMSG_DATA(rights))[1]);
    message.msg_control = 0;
    message.msg_controllen = 0;
    recvmsg(pair[1], &message, MSG_DONTWAIT);
    part = (struct iovec){"abc", 3};
    struct mmsghdr several[2] = {{message}, {message}};
    sendmmsg(pair[0], several, 2, 0);
    recv(pair[1], bytes, 100, MSG_PEEK);
    recvfrom(pair[1], bytes, 2, 0, 0, 0);
    send(pair[0], "to nobody", 9, MSG_OOB | MSG_DONTWAIT);
    shutdown(pair[0], SHUT_WR);
    shutdown(-1, SHUT_RDWR);
    int number = 1;
    socklen_t length = sizeof number;
    setsockopt(pair[0], SOL_SOCKET, SO_KEEPALIVE, &number, sizeof number);
    setsockopt(pair[0], SOL_SOCKET, SO_TYPE, &number, sizeof number);
    getsockopt(pair[0], SOL_SOCKET, SO_TYPE, &number, &length);
    struct ucred owner;
    length = sizeof owner;
    getsockopt(pair[0], SOL_SOCKET, SO_PEERCRED, &owner, &length);
    struct linger linger = {1, 5};
    setsockopt(pair[0], SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
    ioctl(pair[1], FIONREAD, &number);
    ioctl(pair[1], FIONBIO, &number);
    close(pair[0]);
    close(pair[1]);

    int server = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    number = 1;
    setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &number, sizeof number);
    setsockopt(server, IPPROTO_TCP, TCP_NODELAY, &number, sizeof number);
    struct sockaddr_in inet = {AF_INET, htons(0), {htonl(INADDR_LOOPBACK)}};
    bind(server, (void *)&inet, sizeof inet);
    listen(server, 5);
    bind(server, (void *)&inet, sizeof inet);
    length = sizeof inet;
    getpeername(server, (void *)&inet, &length);
    accept4(server, (void *)&inet, &length, 0x40000000);
    close(server);
    int nowhere = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    struct sockaddr_in closed = {AF_INET, htons(1), {htonl(INADDR_LOOPBACK)}};
    connect(nowhere, (void *)&closed, sizeof closed);
    close(nowhere);
    int six = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in6 inet6 = {AF_INET6, htons(53), 0, IN6ADDR_LOOPBACK_INIT, 0};
    sendto(-1, "datagram", 8, 0, (void *)&inet6, sizeof inet6);
    close(six);
    int local = socket(AF_UNIX, SOCK_STREAM, 0);
    struct sockaddr_un name = {AF_UNIX, "missing.socket"};
    connect(local, (void *)&name, offsetof(struct sockaddr_un, sun_path) + 15);
    struct sockaddr_un abstract = {AF_UNIX, "\0sysrec\x1b"};
    connect(local, (void *)&abstract, offsetof(struct sockaddr_un, sun_path) + 8);
    bind(local, (void *)&abstract, offsetof(struct sockaddr_un, sun_path) + 8);
    length = sizeof name;
    getsockname(local, (void *)&name, &length);
    close(local);
    socket(AF_INET, 77, 0);
    socket(99, SOCK_DGRAM, 5);
}

static void waiting(void) {
    int ends[2];
    pipe2(ends, O_CLOEXEC | O_NONBLOCK);
    call(SYS_pipe, (void *)0x10);
    struct pollfd polled[2] = {{ends[1], POLLOUT}, {-1, POLLIN}};
    call(SYS_poll, polled, 2, 10);
    polled[0] = (struct pollfd){ends[0], POLLIN | POLLPRI};
    call(SYS_poll, polled, 1, 0);
    call(SYS_poll, (void *)0x10, 1, 0);
    fd_set reading, writing;
    FD_ZERO(&reading);
    FD_SET(ends[0], &reading);
    FD_ZERO(&writing);
    FD_SET(ends[1], &writing);
    struct timeval none = {0, 0};
    call(SYS_select, ends[1] + 1, &reading, &writing, 0, &none);
    FD_SET(ends[0], &reading);
    call(SYS_select, ends[0] + 1, &reading, 0, 0, &none);
    call(SYS_select, -1, 0, 0, 0, &none);
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    epoll_create1(4);
    struct epoll_event event = {EPOLLOUT | EPOLLET, {.u64 = 7}};
    epoll_ctl(epoll, EPOLL_CTL_ADD, ends[1], &event);
    epoll_ctl(epoll, EPOLL_CTL_ADD, ends[1], &event);
    call(SYS_epoll_wait, epoll, &event, 5, 0);
    call(SYS_epoll_wait, epoll, &event, 0, 0);
    epoll_ctl(epoll, EPOLL_CTL_DEL, ends[1], 0);
    call(SYS_epoll_wait, epoll, &event, 5, 0);
    close(epoll);
    close(eventfd(3, EFD_CLOEXEC | EFD_SEMAPHORE));
    eventfd(0, 12345);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGCHLD);
    close(signalfd(-1, &set, SFD_NONBLOCK));
    int watch = inotify_init1(IN_CLOEXEC);
    inotify_add_watch(watch, "missing", IN_CREATE | IN_DELETE);
    inotify_rm_watch(watch, 5);
    close(watch);
    int timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    struct itimerspec later = {{0, 0}, {3600, 500}};
    timerfd_settime(timer, TFD_TIMER_ABSTIME, &later, 0);
    timerfd_settime(-1, 0, &later, 0);
    close(timer);
    int word = 4;
    call(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 5, 0);
    call(SYS_futex, &word, FUTEX_WAKE, 1);
    call(SYS_futex, &word, FUTEX_WAIT_BITSET_PRIVATE | FUTEX_CLOCK_REALTIME, 5, 0, 0, FUTEX_BITSET_MATCH_ANY);
    call(SYS_futex, (void *)1, FUTEX_WAKE_PRIVATE, 1);
    nanosleep(&(struct timespec){0, 1000}, 0);
    nanosleep(&(struct timespec){0, -1}, 0);
    call(SYS_clock_nanosleep, CLOCK_MONOTONIC, TIMER_ABSTIME, &(struct timespec){1, 0}, 0);
    close(ends[0]);
    close(ends[1]);
}

static void on_signal(int signal) { (void)signal; }

static void signals(void) {
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    sigaddset(&action.sa_mask, SIGTERM);
    sigaction(SIGUSR1, &action, 0);
    action.sa_handler = SIG_IGN;
    sigaction(SIGUSR2, &action, 0);
    call(SYS_rt_sigaction, SIGKILL, 0, &action, 16);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    call(SYS_rt_sigprocmask, SIG_BLOCK, &set, 0, 8);
    call(SYS_rt_sigprocmask, SIG_SETMASK, 0, &set, 8);
    call(SYS_rt_sigprocmask, 99, &set, 0, 8);
    kill(getpid(), SIGUSR1);
    kill(getpid(), 0);
    kill(getpid(), 99);
    call(SYS_tgkill, getpid(), getpid(), SIGUSR2);
    call(SYS_rt_sigtimedwait, &set, 0, &(struct timespec){0, 1000}, 8);
    call(SYS_rt_sigpending, &set, 8);
    call(SYS_sigaltstack, 0, 0);
    struct itimerval interval = {{0, 0}, {3600, 0}};
    setitimer(ITIMER_REAL, &interval, 0);
    setitimer(9, &interval, 0);
    alarm(0);
}

static void processes(void) {
    int status;
    pid_t child = call(SYS_fork);
    if (child == 0) {
        call(SYS_exit_group, 7);
    }
    call(SYS_wait4, child, &status, 0, 0);
    child = call(SYS_fork);
    if (child == 0) {
        kill(getpid(), SIGKILL);
    }
    siginfo_t info;
    call(SYS_waitid, P_PID, child, &info, WEXITED | WNOWAIT, 0);
    struct rusage usage;
    call(SYS_wait4, child, &status, WUNTRACED, &usage);
    call(SYS_wait4, -1, &status, WNOHANG, 0);
    char *argv[] = {"program", "two\twords\n", 0};
    char *envp[] = {"A=1", "B=2", 0};
    execve("./missing", argv, envp);
    call(SYS_execve, "./missing", 0, 0);
    call(SYS_execveat, AT_FDCWD, "./missing", argv, envp, AT_SYMLINK_NOFOLLOW);
    getppid();
    getpgid(0);
    getsid(-1);
    setpgid(-1, 0);
    struct rlimit limit = {0x200000, RLIM_INFINITY};
    call(SYS_getrlimit, RLIMIT_CORE, &limit);
    call(SYS_prlimit64, 0, RLIMIT_NOFILE, 0, &limit);
    limit = (struct rlimit){2048, 1024};
    call(SYS_setrlimit, RLIMIT_CORE, &limit);
    getrusage(RUSAGE_CHILDREN, &usage);
    getrusage(5, &usage);
    struct sched_param parameter = {0};
    call(SYS_sched_setscheduler, 0, SCHED_OTHER, &parameter);
    call(SYS_sched_getscheduler, 0);
    call(SYS_sched_getparam, 0, &parameter);
    call(SYS_sched_setaffinity, -1, 8, &(long){3});
    call(SYS_setpriority, PRIO_PROCESS, 0, 0);
    call(SYS_getpriority, PRIO_PROCESS, 0);
    prctl(PR_SET_NAME, "re\033named");
    prctl(PR_GET_NAME, bytes);
    prctl(PR_GET_DUMPABLE);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    prctl(PR_CAPBSET_READ, 3);
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    prctl(12345, 1, 2, 3, 4);
    call(SYS_unshare, 0);
    call(SYS_setns, -1, CLONE_NEWNET);
    call(SYS_personality, 0xffffffff);
}

static void memory_and_system(void) {
    void *map = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    mmap(0, 4096, PROT_READ, MAP_SHARED, -1, 0);
    mprotect(map, 4096, PROT_NONE);
    madvise(map, 4096, MADV_DONTNEED);
    madvise(map, 4096, 9999);
    munmap(map, 8192);
    map = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    map = mremap(map, 8192, 16384, MREMAP_MAYMOVE);
    msync(map, 4096, MS_SYNC);
    mlock((void *)0x1000, 4096);
    munmap(map, 16384);
    munmap((void *)1, 4096);
    close(memfd_create("memory", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    memfd_create((void *)0x10, 0);
    int shared = shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0600);
    void *attached = shmat(shared, 0, SHM_RDONLY);
    shmdt(attached);
    shmctl(shared, IPC_RMID, 0);
    shmdt((void *)0x1000);
    int semaphores = semget(IPC_PRIVATE, 1, 0600 | IPC_CREAT);
    struct sembuf up = {0, 1, IPC_NOWAIT};
    semop(semaphores, &up, 1);
    semctl(semaphores, 0, IPC_RMID);
    int queue = msgget(IPC_PRIVATE, 0600 | IPC_CREAT);
    struct {
        long type;
        char text[8];
    } message = {3, "hi there"};
    msgsnd(queue, &message, 8, 0);
    msgrcv(queue, &message, 8, 0, IPC_NOWAIT);
    msgrcv(queue, &message, 8, 0, IPC_NOWAIT | MSG_NOERROR);
    msgctl(queue, IPC_RMID, 0);
    struct utsname names;
    uname(&names);
    call(SYS_getrandom, bytes, 6, GRND_NONBLOCK);
    call(SYS_getrandom, bytes, 6, 0xff);
    struct sysinfo system;
    call(SYS_sysinfo, 0x10);
    gid_t groups[3] = {1, 2, 3};
    call(SYS_getgroups, 0, groups);
    uid_t real, effective, saved;
    getresuid(&real, &effective, &saved);
    call(SYS_setreuid, -1, -1);
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, -5};
    struct __user_cap_data_struct data[2];
    call(SYS_capget, &header, data);
    call(SYS_clock_gettime, 99, (void *)0x10);
    call(SYS_clock_getres, CLOCK_MONOTONIC, &(struct timespec){0});
    call(SYS_gettimeofday, 0x10, 0);
    struct termios terminal;
    ioctl(-1, TCGETS, &terminal);
    ioctl(-1, 0x12345678, 1);
    call(SYS_mount, "none", "missing", "tmpfs", MS_RDONLY | MS_NOSUID, "size=1");
    call(SYS_umount2, "missing", MNT_DETACH);
    call(SYS_ptrace, 99999, -1, 0, 0);
    call(SYS_membarrier, 1 << 30, 0, 0);
    (void)system;
    call(999, 1, 2, 3, 4, 5, 6);
}

/* Pointers and lengths that no program means well. */
static void hostile(void) {
    char *path = malloc(9000);
    memset(path, 'x', 8999);
    path[8999] = 0;
    call(SYS_open, path, O_RDONLY);
    call(SYS_open, (void *)-1L, O_RDONLY);
    call(SYS_open, "a\nb\033]0;title\007\302\233\342\200\256", O_RDONLY);
    call(SYS_write, -1, "four gigabytes", 0xffffffffUL);
    call(SYS_write, -1, "all there is", -1L);
    call(SYS_sendto, -1, "", -1L, 0, (void *)-1L, -1);
    static struct iovec vector[1024];
    for (int part = 0; part < 1024; part++) {
        vector[part] = (struct iovec){path, part};
    }
    call(SYS_writev, -1, vector, 1024);
    call(SYS_writev, -1, vector, 0xffffffffffUL);
    struct msghdr message = {(void *)0x10, 0xffffffff, (void *)0x10, -1UL, (void *)0x10, -1UL, 0};
    call(SYS_sendmsg, -1, &message, 0);
    static char *endless[5000];
    for (int at = 0; at < 5000; at++) {
        endless[at] = path;
    }
    call(SYS_execve, "./missing", endless, endless);
    call(SYS_poll, path, 0xffffffffUL, 0);
    call(SYS_select, 0x7fffffff, path, (void *)8, 0, (void *)0x10);
    call(SYS_rt_sigprocmask, 0, path, 0, 1UL << 40);
    call(SYS_setsockopt, -1, SOL_SOCKET, SO_LINGER, path, 0x7fffffff);
    call(SYS_semop, -1, path, 0xffffffffUL);
    call(SYS_sched_setaffinity, -1, 0xffffffffUL, path);
    call(SYS_mbind, path, 0, 0, path, -1UL, 0);
    call(SYS_prctl, PR_SET_NAME, (void *)0x10);
    call(-1L, 1, 2, 3, 4, 5, 6);
    free(path);
}

int main(int argc, char **argv) {
    if (argc > 1 && !strcmp(argv[1], "hostile")) {
        hostile();
        return 0;
    }
    files();
    sockets();
    waiting();
    signals();
    processes();
    memory_and_system();
    return 0;
}
