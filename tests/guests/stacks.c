// Calls of getppid (and one of clock_gettime that the vDSO hands on) from stacks of many kinds. The name of the kind
// is the argument; `all` is one after the other.
#include <alloca.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#define APART __attribute__((noinline, noclone))
// Keeps a call from being the last thing that a function does, which would make it a jump.
#define STAYS() __asm__ volatile("" ::: "memory")

APART static void mark(void) {
    getppid();
    STAYS();
}

APART static void nested(int depth) {
    if (depth > 0)
        nested(depth - 1);
    else
        mark();
    STAYS();
}

// The call in the program's own code, not in libc's.
APART static void raw(void) {
    long result;
    __asm__ volatile("syscall" : "=a"(result) : "a"(SYS_getppid) : "rcx", "r11", "memory");
    STAYS();
}

APART static void room(int bytes) {
    volatile char *space = alloca(bytes);
    space[0] = space[bytes - 1] = 1;
    mark();
    STAYS();
}

// Its frame begins at a multiple of 256, so that the caller's is found by another register than the stack pointer.
APART static void aligned(void) {
    _Alignas(256) volatile char space[256];
    memset((char *)space, 1, sizeof space);
    mark();
    STAYS();
}

static int compare(const void *one, const void *other) {
    mark();
    return *(const int *)one - *(const int *)other;
}

APART static void callback(void) {
    int values[] = {2, 1};
    qsort(values, 2, sizeof *values, compare);
    STAYS();
}

static void on_signal(int signo) {
    (void)signo;
    mark();
    STAYS();
}

APART static void raised(int flags) {
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = flags};
    sigaction(SIGUSR1, &action, NULL);
    raise(SIGUSR1);
    STAYS();
}

APART static void other_stack(void) {
    stack_t stack = {.ss_sp = malloc(64 << 10), .ss_size = 64 << 10};
    sigaltstack(&stack, NULL);
    raised(SA_ONSTACK);
    STAYS();
}

static void on_fault(int signo, siginfo_t *info, void *context) {
    (void)signo;
    (void)info;
    mark();
    ((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP] += 2;
}

// The interrupted instruction is the first of its function: one byte before is another function.
__asm__(".text\n.globl faults\n.type faults, @function\nfaults:\n.cfi_startproc\nud2\nret\n.cfi_endproc\n");
void faults(void);

APART static void faulted(void) {
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};
    sigaction(SIGILL, &action, NULL);
    faults();
    STAYS();
}

APART static void vdso(void) {
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    STAYS();
}

static void *begin(void *argument) {
    nested((int)(intptr_t)argument);
    return NULL;
}

APART static void threaded(void) {
    pthread_t thread;
    pthread_create(&thread, NULL, begin, (void *)3);
    pthread_join(thread, NULL);
    STAYS();
}

// The same call at the same place of the stack, from either of two.
APART static void one(void) {
    mark();
    STAYS();
}

APART static void other(void) {
    mark();
    STAYS();
}

APART static void turns(void) {
    for (int turn = 0; turn < 6; turn++) {
        if (turn % 3 == 0)
            one();
        else
            other();
        STAYS();
    }
}

static void at_exit(void) {
    mark();
    STAYS();
}

int main(int argc, char **argv) {
    const char *kind = argc > 1 ? argv[1] : "all";
    int all = strcmp(kind, "all") == 0;
#define KIND(name, code)                                                                                               \
    if (all || strcmp(kind, name) == 0) {                                                                              \
        code;                                                                                                          \
    }
    KIND("nested", nested(5))
    KIND("raw", raw())
    KIND("room", room(1000 * argc))
    KIND("aligned", aligned())
    KIND("callback", callback())
    KIND("raised", raised(0))
    KIND("other_stack", other_stack())
    KIND("faulted", faulted())
    KIND("vdso", vdso())
    KIND("threaded", threaded())
    KIND("deep", nested(300))
    KIND("turns", turns())
    KIND("exit", atexit(at_exit))
    return 0;
}
