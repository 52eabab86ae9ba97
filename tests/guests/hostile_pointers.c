/* Pointers and lengths that a recorder must not trust: nowhere, across pages, without an end, of 4 GiB, by the
 * thousand. What the kernel says of each goes to stdout. Argument: a file to write. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define CHECK(x) do { if (!(x)) { perror(#x); exit(99); } } while (0)

static void say(const char *what, long result)
{
    printf("%s %ld\n", what, result < 0 ? -(long)errno : result);
}

int main(int argc, char **argv)
{
    CHECK(argc == 2);
    char *pages = mmap(0, 3 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(pages != MAP_FAILED && mprotect(pages + 8192, 4096, PROT_NONE) == 0);
    char *hole = pages + 8192;
    int file = open(argv[1], O_RDWR | O_CREAT | O_TRUNC, 0644);
    CHECK(file >= 0);
    say("null", syscall(SYS_openat, AT_FDCWD, 0, O_RDONLY));
    say("hole", syscall(SYS_openat, AT_FDCWD, hole, O_RDONLY));
    say("kernel", syscall(SYS_openat, AT_FDCWD, 0xffff888000000000, O_RDONLY));
    say("wrapped", syscall(SYS_openat, AT_FDCWD, ~0ul, O_RDONLY));
    strcpy(pages + 4096 - 4, "/dev/null");
    say("crossing", close(syscall(SYS_openat, AT_FDCWD, pages + 4096 - 4, O_RDONLY)));
    memset(hole - 300, 'e', 300);
    say("endless", syscall(SYS_openat, AT_FDCWD, hole - 300, O_RDONLY));
    memset(pages, 'l', 8191);
    pages[8191] = 0;
    say("long", syscall(SYS_openat, AT_FDCWD, pages, O_RDONLY));
    say("escapes", syscall(SYS_openat, AT_FDCWD, "/nonexistent/\x1b[31m\x07\n\xff", O_RDONLY));
    say("4 GiB", syscall(SYS_write, file, hole - 1000, 1ul << 32));
    struct iovec many[1024];
    for (int i = 0; i < 1024; i++)
        many[i] = (struct iovec){pages + i, 3};
    say("1024 parts", writev(file, many, 1024));
    say("1025 parts", syscall(SYS_writev, file, many, 1025));
    say("parts nowhere", syscall(SYS_writev, file, hole - 24, 1024));
    many[1].iov_base = hole;
    say("a part nowhere", syscall(SYS_writev, file, many, 2));
    say("address nowhere", syscall(SYS_connect, socket(AF_UNIX, SOCK_STREAM, 0), hole, 110));
    say("address too long", syscall(SYS_connect, socket(AF_UNIX, SOCK_STREAM, 0), pages, 1 << 30));
    struct msghdr message = {.msg_iov = many, .msg_iovlen = ~0ul, .msg_control = hole, .msg_controllen = ~0ul};
    say("message", syscall(SYS_sendmsg, socket(AF_UNIX, SOCK_DGRAM, 0), &message, 0));
    say("pipe nowhere", syscall(SYS_pipe2, hole, 0));
    say("read nowhere", syscall(SYS_pread64, file, hole, 16, 0));
    return 0;
}
