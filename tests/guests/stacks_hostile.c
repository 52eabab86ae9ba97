// Calls of getppid from stacks that nobody can follow, or not far. The kind is the argument.
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define APART __attribute__((noinline, noclone))
#define STAYS() __asm__ volatile("" ::: "memory")
#define PAGE 4096

// call_with(sp, bp): makes the call with these in rsp and rbp. No unwind table knows it.
__asm__(".text\n.globl call_with\n.type call_with, @function\ncall_with:\n"
        "push %rbp\npush %rbx\nmov %rsp, %rbx\nmov %rdi, %rsp\nmov %rsi, %rbp\n"
        "mov $110, %eax\nsyscall\n"
        "mov %rbx, %rsp\npop %rbx\npop %rbp\nret\n.size call_with, . - call_with\n");
void call_with(uint64_t sp, uint64_t bp);
__asm__(".text\n.globl untabled\nuntabled:\nnop\nnop\nnop\nnop\nret\n");
void untabled(void);

static void garbage(void) {
    const uint64_t values[] = {0,          1,       7,          0x1000, 0x7fffffffffff, 0x800000000000,
                               UINT64_MAX, 1 << 31, 1ULL << 63, (uint64_t)&garbage};
    for (unsigned i = 0; i < sizeof values / sizeof *values; i++)
        for (unsigned j = 0; j < sizeof values / sizeof *values; j++)
            call_with(values[i], values[j]);
}

// A chain of frame pointers through the code that no table knows: a long one, and one that runs in a circle.
static void chains(void) {
    enum { FRAMES = 1 << 16 };
    uint64_t *frames = calloc(2 * FRAMES, sizeof *frames);
    for (int i = 0; i < FRAMES; i++) {
        frames[2 * i] = (uint64_t)&frames[2 * i + 2];
        frames[2 * i + 1] = (uint64_t)&untabled + 4;
    }
    frames[2 * FRAMES - 2] = (uint64_t)frames;
    call_with((uint64_t)frames, (uint64_t)frames);
    frames[0] = (uint64_t)frames;
    call_with((uint64_t)frames, (uint64_t)frames);
}

typedef void (*Code)(void (*)(void));

// Code that is made at run time, and calls what it is given: push %rbp; mov %rsp,%rbp; call *%rdi; pop %rbp; ret.
static Code made(void) {
    static const uint8_t code[] = {0x55, 0x48, 0x89, 0xe5, 0xff, 0xd7, 0x5d, 0xc3};
    void *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memcpy(page, code, sizeof code);
    return (Code)page;
}

static Code unmapped;

APART static void mark(void) {
    getppid();
    STAYS();
}

APART static void unmap_and_mark(void) {
    munmap((void *)unmapped, PAGE);
    mark();
    _exit(0);
}

static void jit(void) {
    Code code = made();
    char path[64], line[128];
    snprintf(path, sizeof path, "/tmp/perf-%d.map", getpid());
    int length = snprintf(line, sizeof line, "%lx 40 made at run time\n", (unsigned long)code);
    int map = open(path, O_CREAT | O_EXCL | O_WRONLY, 0600);
    write(map, line, length);
    close(map);
    code(mark);
    unlink(path);
}

APART static void nap(void) {
    struct timespec time = {.tv_nsec = 30 * 1000 * 1000};
    mark();
    nanosleep(&time, NULL);
    mark();
}

static void forked(void) {
    for (int i = 0; i < 3; i++) {
        mark();
        if (fork() == 0) {
            mark();
            _exit(0);
        }
        wait(NULL);
    }
}

int main(int argc, char **argv) {
    const char *kind = argc > 1 ? argv[1] : "";
    if (strcmp(kind, "garbage") == 0)
        garbage();
    else if (strcmp(kind, "chains") == 0)
        chains();
    else if (strcmp(kind, "jit") == 0)
        jit();
    else if (strcmp(kind, "unmapped") == 0)
        (unmapped = made())(unmap_and_mark);
    else if (strcmp(kind, "nap") == 0)
        nap();
    else if (strcmp(kind, "forked") == 0)
        forked();
    else
        mark();
    return 0;
}
