/* Makes calls of families that decoded_calls.c does not have, each in the same way every time: terminals, locks, what
 * prctl, futex, keyctl, quotactl, bpf and io_uring are asked by their first argument, interfaces, handles, queues. */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/futex.h>
#include <linux/if_packet.h>
#include <linux/io_uring.h>
#include <linux/keyctl.h>
#include <linux/perf_event.h>
#include <mqueue.h>
#include <net/if.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/quota.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

/* Each argument as wide as a register. */
#define call(...) syscall(__VA_ARGS__)

static void terminals(void)
{
    int master = open("/dev/ptmx", O_RDWR | O_NOCTTY), number = 0;
    ioctl(master, TIOCSPTLCK, &number);
    number = 1;
    ioctl(master, TIOCPKT, &number);
    struct termios modes;
    call(SYS_ioctl, master, TCGETS, &modes);
    modes.c_lflag &= ~ECHO;
    modes.c_cflag |= PARENB;
    modes.c_iflag |= IUTF8;
    modes.c_oflag |= 0x1000;
    call(SYS_ioctl, 99, TCSETS, &modes);
    ioctl(master, TIOCGETD, &number);
    ioctl(master, TCFLSH, TCIOFLUSH);
    close(master);
}

static void locks(int fd)
{
    struct flock lock = {F_WRLCK, SEEK_SET, 1, 2, 4711};
    call(SYS_fcntl, fd, F_GETLK, &lock);
    lock = (struct flock){F_RDLCK, SEEK_CUR, -1, 0, 4711};
    call(SYS_fcntl, fd, F_SETLK, &lock);
    lock.l_pid = 0;
    call(SYS_fcntl, fd, F_OFD_GETLK, &lock);
    call(SYS_fcntl, fd, F_OFD_SETLK, &lock);
    call(SYS_fcntl, -1, F_GETLK, &lock);
    call(SYS_fcntl, fd, F_SETSIG, SIGUSR1);
    call(SYS_fcntl, fd, F_GETSIG);
    call(SYS_fcntl, fd, F_GETLEASE);
    int memory = memfd_create("sealed", MFD_ALLOW_SEALING);
    call(SYS_fcntl, memory, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_GROW);
    call(SYS_fcntl, memory, F_GET_SEALS);
    close(memory);
}

static void signals(void)
{
    sigset_t set, old;
    sigemptyset(&set);
    sigaddset(&set, SIGRTMIN);
    sigaddset(&set, SIGRTMAX);
    sigaddset(&set, SIGUSR1);
    call(SYS_rt_sigprocmask, SIG_BLOCK, &set, &old, 8L);
    uint64_t all = 0x180000000;
    call(SYS_rt_sigprocmask, SIG_UNBLOCK, &all, 0, 8L);
    call(SYS_rt_sigaction, SIGRTMIN + 1, 0, 0, 8L);
    raise(SIGUSR1);
    struct timespec soon = {1, 0};
    call(SYS_rt_sigtimedwait, &set, 0, &soon, 8L);
    int timer;
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN + 3};
    call(SYS_timer_create, CLOCK_MONOTONIC, &event, &timer);
    event.sigev_value.sival_int = 5;
    call(SYS_timer_create, -1, &event, &timer);
    int number;
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    prctl(PR_GET_PDEATHSIG, &number);
    prctl(PR_GET_TSC, &number);
}

static void files(int fd)
{
    call(SYS_mknodat, AT_FDCWD, "queue", S_IFIFO | 0600, 0);
    call(SYS_mknod, "queue", S_IFSOCK | 0600, 7);
    call(SYS_mknod, "missing/device", S_IFBLK | 0600, 0x103);
    struct { uint64_t flags, mode, resolve; } how = {O_WRONLY | O_CREAT | O_EXCL, 0640, 0};
    call(SYS_openat2, AT_FDCWD, "queue", &how, sizeof how);
    struct { unsigned bytes; int kind; char room[128]; } handle = {.bytes = 0};
    int mount;
    call(SYS_name_to_handle_at, AT_FDCWD, "missing", &handle, &mount, 0);
    handle.bytes = 3;
    call(SYS_open_by_handle_at, fd, &handle, O_RDONLY);
    call(SYS_quotactl, QCMD(Q_QUOTAON, GRPQUOTA), "/missing", 2, "quotas");
    call(SYS_quotactl, QCMD(Q_SYNC, USRQUOTA), 0, 0, 0);
    call(SYS_quotactl, QCMD(Q_QUOTAOFF, USRQUOTA), "/missing", 0, 0);
    call(SYS_flistxattr, fd, &handle, 0L);
    call(SYS_ioprio_set, 1, 0, 2 << 13 | 4);
    call(SYS_ioprio_get, 1, 0);
    call(SYS_sethostname, "name", -1);
    call(SYS_setgroups, -1, &handle);
    struct mq_attr many = {.mq_maxmsg = 3, .mq_msgsize = 16};
    int queue = call(SYS_mq_open, "sysrec-decoded", O_RDWR | O_CREAT | O_NONBLOCK, 0600, &many);
    call(SYS_mq_getsetattr, queue, 0, &many);
    call(SYS_mq_unlink, "sysrec-decoded");
    close(queue);
    unlink("queue");
}

static void kernel_objects(void)
{
    call(SYS_keyctl, KEYCTL_READ, KEY_SPEC_USER_KEYRING, 0, 0L);
    call(SYS_keyctl, KEYCTL_SEARCH, KEY_SPEC_PROCESS_KEYRING, "user", "missing", 0);
    call(SYS_keyctl, KEYCTL_UNLINK, 5, KEY_SPEC_SESSION_KEYRING);
    call(SYS_keyctl, KEYCTL_SET_TIMEOUT, 5, 10);
    call(SYS_request_key, "user", "missing", 0, KEY_SPEC_THREAD_KEYRING);
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct halves[2];
    call(SYS_capget, &header, halves);
    halves[0] = (struct __user_cap_data_struct){1 << CAP_CHOWN | 1 << CAP_KILL, 0, 0};
    halves[1] = (struct __user_cap_data_struct){0, 1 << (CAP_SYSLOG - 32), 0};
    header.pid = -7;
    call(SYS_capset, &header, halves);
    struct perf_event_attr counter = {.type = PERF_TYPE_BREAKPOINT + 50};
    call(SYS_perf_event_open, &counter, -1, -1, -1, 0x100L);
    union bpf_attr attr;
    memset(&attr, 0, sizeof attr);
    attr.bpf_fd = -1;
    attr.pathname = 0x1000000000;
    call(SYS_bpf, BPF_OBJ_GET, &attr, 16);
    memset(&attr, 0, sizeof attr);
    attr.map_fd = -1;
    attr.key = attr.value = 0x1000000000;
    call(SYS_bpf, BPF_MAP_UPDATE_ELEM, &attr, 32);
    call(SYS_io_uring_register, -1, IORING_REGISTER_FILES, (int[]){0, -1}, 2);
    struct iovec part = {&attr, 8};
    call(SYS_io_uring_register, -1, IORING_REGISTER_BUFFERS, &part, 1);
    static uint32_t words[2] = {1, 1};
    call(SYS_futex, &words[0], FUTEX_WAKE_OP, 1, 1, &words[1], FUTEX_OP(FUTEX_OP_ADD, 3, FUTEX_OP_CMP_GT, 4));
    mmap(0, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | 9 << 26, -1, 0);
    mmap(0, 4096, PROT_READ, MAP_PRIVATE | MAP_FIXED_NOREPLACE, -1, 0);
}

static void interfaces(void)
{
    int inet = socket(AF_INET, SOCK_DGRAM, 0);
    struct ifreq of = {.ifr_name = "lo"};
    ioctl(inet, SIOCGIFFLAGS, &of);
    ioctl(inet, SIOCGIFINDEX, &of);
    ioctl(inet, SIOCGIFADDR, &of);
    ioctl(inet, SIOCGIFNETMASK, &of);
    ioctl(inet, SIOCGIFHWADDR, &of);
    ioctl(inet, SIOCGIFMTU, &of);
    strcpy(of.ifr_name, "none");
    ioctl(inet, SIOCGIFMTU, &of);
    struct ip_mreq group = {{htonl(0xe0000001)}, {htonl(INADDR_LOOPBACK)}};
    setsockopt(inet, IPPROTO_IP, IP_ADD_MEMBERSHIP, &group, sizeof group);
    call(SYS_socket, AF_PACKET, SOCK_RAW, htons(0x806));
    close(inet);
}

int main(void)
{
    int fd = open("file", O_RDWR | O_CREAT | O_TRUNC, 0644);
    write(fd, "\0018\0017\00128", 6);
    terminals();
    locks(fd);
    signals();
    files(fd);
    kernel_objects();
    interfaces();
    unlink("file");
    return 0;
}
