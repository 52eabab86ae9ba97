/* Calls of a 32-bit program: layouts, widths and split arguments that 64-bit ones do not have. Without libc, so that
 * no 32-bit libc is needed; structs are those of i386. */
#define GUEST_FREESTANDING
#include "guest.h"

#define AT_FDCWD (-100)

struct timespec32 { int sec, nsec; };
struct timespec64 { long long sec, nsec; };
struct iovec32 { const void *base; unsigned length; };
struct message32 {
    void *name;
    unsigned name_length;
    struct iovec32 *parts;
    unsigned part_count;
    void *control;
    unsigned control_length, flags;
};

static char bytes[256];
static unsigned words[64];

static void files(void)
{
    long fd = RAW(295, AT_FDCWD, "file", 0102 /* O_RDWR|O_CREAT */, 0640);
    struct iovec32 out[2] = {{"ab", 2}, {"cde", 3}};
    RAW(146, fd, out, 2);
    RAW(181, fd, "far", 3, 0xfffffff0, 0);
    RAW(180, fd, bytes, 3, 0xfffffff0, 0);
    RAW(180, fd, bytes, 3, 5, 1);
    struct iovec32 in[1] = {{bytes, 5}};
    long long result = 0;
    RAW(140, fd, 0, 0, &result, 0);
    RAW(140, fd, 1, 2, &result, 0);
    RAW(145, fd, in, 1);
    RAW(194, fd, 20, 0);
    RAW(194, -1, 5, 1);
    RAW(324, fd, 0, 0, 0, 30, 0);
    RAW(272, fd, 0, 0, 0, 1, 3);
    RAW(195, "file", words);
    RAW(195, "missing", words);
    RAW(197, fd, words);
    RAW(300, AT_FDCWD, "file", words, 0x100);
    RAW(107, "file", words);
    RAW(107, "/dev/null", words);
    RAW(268, "/proc", 84, words);
    RAW(268, "missing", 84, words);
    RAW(221, fd, 3, 0);
    short lock[8] = {1 /* F_WRLCK */, 0, 0, 0, 5, 0};
    RAW(55, fd, 6, lock);
    struct timespec64 wide[2] = {{1, 2}, {3, 4}};
    RAW(412, AT_FDCWD, "missing", wide, 0);
    struct timespec32 narrow[2] = {{1, 2}, {3, 4}};
    RAW(320, AT_FDCWD, "missing", narrow, 0);
    RAW(10, "file");
    RAW(6, fd);
}

static void times(void)
{
    struct timespec32 narrow = {0, 1000};
    struct timespec64 wide = {0, 1000};
    RAW(162, &narrow, 0);
    RAW(267, 1, 0, &narrow, 0);
    RAW(407, 1, 0, &wide, 0);
    RAW(162, 0x10, 0);
    RAW(266, 1, &narrow);
    RAW(406, 1, &wide);
    RAW(403, 99, &wide);
    unsigned interval[4] = {0, 0, 3600, 5};
    RAW(104, 0, interval, 0);
    RAW(27, 0);
    long timer = RAW(322, 1, 0);
    struct timespec64 later[2] = {{0, 0}, {3600, 7}};
    RAW(411, timer, 0, later, 0);
    struct timespec32 soon[2] = {{0, 0}, {3600, 7}};
    RAW(325, timer, 0, soon, 0);
    RAW(6, timer);
    unsigned word = 4;
    RAW(240, &word, 128, 5, &narrow);
    RAW(422, &word, 128, 5, &wide);
}

static void descriptors(void)
{
    int ends[2];
    RAW(331, ends, 02004000);
    unsigned set = 1u << ends[1];
    unsigned zero[2] = {0, 0};
    RAW(142, ends[1] + 1, 0, &set, 0, zero);
    struct { int fd; short events, revents; } polled = {ends[0], 1, 0};
    struct timespec64 none = {0, 0};
    RAW(168, &polled, 1, 0);
    RAW(414, &polled, 1, &none, 0, 8);
    long epoll = RAW(329, 0);
    unsigned event[3] = {4, 7, 0};
    RAW(255, epoll, 1, ends[1], event);
    RAW(256, epoll, event, 1, 0);
    RAW(6, epoll);
    RAW(6, ends[0]);
    RAW(6, ends[1]);
    int pair[2];
    RAW(360, 1, 1, 0, pair);
    struct iovec32 part = {"hello", 5};
    unsigned control[4] = {16, 1, 1, 0};
    struct message32 message = {0, 0, &part, 1, control, sizeof control, 0};
    RAW(370, pair[0], &message, 0);
    part = (struct iovec32){bytes, 100};
    RAW(372, pair[1], &message, 0);
    RAW(6, control[3]);
    int one = 1;
    RAW(366, pair[0], 1, 9, &one, 4);
    unsigned length = 4;
    RAW(365, pair[0], 1, 3, words, &length);
    struct { unsigned short family; char path[14]; } name = {1, "missing.name"};
    RAW(362, pair[0], &name, 15);
    unsigned connecting[3] = {(unsigned)pair[0], (unsigned)&name, 15};
    RAW(102, 3, connecting);
    unsigned opening[3] = {2, 2, 0};
    RAW(6, RAW(102, 1, opening));
    RAW(6, pair[0]);
    RAW(6, pair[1]);
}

static void others(void)
{
    unsigned action[5] = {1, 0x10000000, 0, 1u << 14, 0};
    RAW(174, 10, action, 0, 8);
    RAW(174, 9, 0, words, 8);
    unsigned set[2] = {1u << 1, 0};
    RAW(175, 0, set, 0, 8);
    RAW(175, 2, 0, set, 8);
    RAW(191, 4, words);
    RAW(340, 0, 7, 0, words);
    RAW(122, words);
    RAW(116, 0x10);
    RAW(80, 0, words);
    RAW(199);
    RAW(203, -1, -1);
    RAW(70, 0xffff, 0xffff);
    long queue = RAW(117, 13, 0, 01600);
    struct { int type; char text[8]; } text = {3, "hi there"};
    RAW(117, 11, queue, 8, 0, &text);
    RAW(117, 14, queue, 0, 0, 0);
    long map = RAW(192, 0, 8192, 3, 0x22, -1, 0);
    RAW(91, map, 8192);
    RAW(192, 0, 4096, 1, 1, -1, 5);
    char *argv[] = {"program", "argument", 0};
    char *envp[] = {"A=1", 0};
    RAW(11, "./missing", argv, envp);
    RAW(114, -1, words, 1, 0);
    RAW(355, words, 4, 0xff);
    RAW(54, -1, 0x5401, words);
    RAW(999, 1, 2, 3, 4, 5, 6);
}

int guest_main(void)
{
    files();
    times();
    descriptors();
    others();
    return 0;
}
