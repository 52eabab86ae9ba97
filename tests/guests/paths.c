/* Paths of every length, just before memory that cannot be read, while SIGALRM comes and its handler has a path, too.
 * Registers and flags must come out of each call as they went in. Says how many calls of access each of the two made. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#define CHECK(x) do { if (!(x)) { perror(#x); exit(99); } } while (0)
enum { LONGEST = 500, SIGNALS = 300 };
static volatile int signals, strange;

/* faccessat, whose path is its second argument, or access; from one site each. Carry and overflow are set before it. */
static long look(int at, const char *path)
{
    register unsigned long r8 __asm__("r8") = 0x8888888888888888, r9 __asm__("r9") = 0x9999999999999999;
    register unsigned long r10 __asm__("r10") = 0xaaaaaaaaaaaaaaaa;
    unsigned long flags, rdx = 4, rdi = (unsigned long)path, rsi = 4;
    long result;
    if (at) {
        rdi = (unsigned long)-100;
        rsi = (unsigned long)path;
        result = SYS_faccessat;
        __asm__ volatile("movb $0x7f, %%cl\n incb %%cl\n stc\n syscall\n pushfq\n popq %[flags]"
                         : "+a"(result), [flags] "=b"(flags), "+D"(rdi), "+S"(rsi), "+d"(rdx), "+r"(r8), "+r"(r9), "+r"(r10)
                         : : "rcx", "r11", "memory", "cc");
        strange += rdi != (unsigned long)-100 || rsi != (unsigned long)path;
    } else {
        result = SYS_access;
        __asm__ volatile("movb $0x7f, %%cl\n incb %%cl\n stc\n syscall\n pushfq\n popq %[flags]"
                         : "+a"(result), [flags] "=b"(flags), "+D"(rdi), "+S"(rsi), "+d"(rdx), "+r"(r8), "+r"(r9), "+r"(r10)
                         : : "rcx", "r11", "memory", "cc");
        strange += rdi != (unsigned long)path || rsi != 4;
    }
    strange += rdx != 4 || r8 != 0x8888888888888888 || r9 != 0x9999999999999999 || r10 != 0xaaaaaaaaaaaaaaaa;
    /* Carry, sign and overflow; neither zero nor direction. */
    strange += (flags & 0xcc1) != 0x881;
    return result;
}

static void handler(int signal)
{
    (void)signal;
    strange += look(0, "/handler") != -ENOENT;
    signals++;
}

int main(void)
{
    struct itimerval often = {{0, 500}, {0, 500}}, never = {{0, 0}, {0, 0}};
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
    char *pages = mmap(0, 3 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(pages != MAP_FAILED && mprotect(pages + 8192, 4096, PROT_NONE) == 0);
    char *hole = pages + 8192;
    memset(pages, 'p', 8191);
    hole[-1] = 0;
    CHECK(sigaction(SIGALRM, &action, 0) == 0 && setitimer(ITIMER_REAL, &often, 0) == 0);
    long calls = 0;
    do {
        for (int length = 0; length < LONGEST; length++, calls++) {
            long result = look(length & 1, hole - 1 - length);
            strange += result != (length < 256 ? -ENOENT : -ENAMETOOLONG);
        }
    } while (signals < SIGNALS);
    setitimer(ITIMER_REAL, &never, 0);
    /* Nowhere; with no handler for the fault that nobody must see, and with one. */
    CHECK(look(0, hole) == -EFAULT && look(1, hole) == -EFAULT);
    CHECK(sigaction(SIGSEGV, &action, 0) == 0);
    CHECK(look(0, 0) == -EFAULT && look(1, hole) == -EFAULT);
    struct sigaction old;
    CHECK(sigaction(SIGSEGV, 0, &old) == 0 && old.sa_handler == handler);
    /* Messages with nothing to tell of, and from nowhere. */
    int pair[2];
    char byte = 'b';
    struct iovec part = {&byte, 1};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    CHECK(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) == 0);
    for (int i = 0; i < 100; i++) {
        CHECK(sendmsg(pair[0], &message, 0) == 1 && recvfrom(pair[1], &byte, 1, 0, 0, 0) == 1);
        CHECK(sendto(pair[0], &byte, 1, 0, 0, 0) == 1 && recvmsg(pair[1], &message, 0) == 1);
        CHECK(syscall(SYS_recvmsg, pair[1], hole, 0) == -1 && errno == EFAULT);
    }
    CHECK(strange == 0);
    printf("%ld %d\n", calls, signals);
}
