/* A program that uses gs: 0 at the start, set by arch_prctl and, where the CPU lets it, by wrgsbase; read through in
 * between, kept over calls, signals, threads and forks; int 0x80 between it all. */
#include "guest.h"
#include <asm/prctl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static struct guest_segment s;
static volatile int handled;
static int has_instruction;

static unsigned long asked(struct guest_segment *segment)
{
    unsigned long base = 1;
    CHECK(CALL(segment, SYS_arch_prctl, ARCH_GET_GS, &base) == 0);
    if (has_instruction) {
        unsigned long read;
        __asm__ volatile("rdgsbase %0" : "=r"(read));
        CHECK(base == 0 || read == base); /* before a program sets it, a recorder may have its own there */
    }
    return base;
}

static unsigned long through(void)
{
    unsigned long word;
    __asm__ volatile("mov %%gs:8, %0" : "=r"(word));
    return word;
}

static void handler(int signal)
{
    CALL(&s, SYS_getuid, signal);
    CHECK(through() == 0x1234);
    handled++;
    guest_sigreturn(&s);
}

static void *thread(void *argument)
{
    struct guest_segment own;
    static unsigned long words[2] = {0, 0x5678};
    guest_begin(&own);
    CHECK(asked(&own) == (unsigned long)argument); /* a thread begins with its maker's */
    CHECK(CALL(&own, SYS_arch_prctl, ARCH_SET_GS, words) == 0);
    for (int i = 0; i < 50; i++) {
        CALL(&own, SYS_getppid, i);
        CHECK(through() == 0x5678);
    }
    guest_end(&own);
    return 0;
}

int main(void)
{
    static unsigned long words[2][2] = {{0, 0x1234}, {0, 0x1234}};
    struct sigaction action = {.sa_handler = handler};
    pthread_t other;
    has_instruction = getauxval(AT_HWCAP2) >> 1 & 1; /* HWCAP2_FSGSBASE */
    sigaction(SIGUSR1, &action, 0);
    guest_begin(&s);
    long parent = CALL(&s, SYS_getppid);
    CHECK(asked(&s) == 0);
    for (int i = 0; i < 20; i++)
        CALL(&s, SYS_getppid, i);
    CHECK(asked(&s) == 0);
    for (int i = 0; i < 100; i++) {
        unsigned long base = (unsigned long)words[i % 2];
        if (i % 4 < 2 && has_instruction)
            __asm__ volatile("wrgsbase %0" :: "r"(base) : "memory");
        else
            CHECK(CALL(&s, SYS_arch_prctl, ARCH_SET_GS, base) == 0);
        CHECK(through() == 0x1234);
        CHECK(CALL(&s, SYS_getppid, i) == parent);
        CHECK(CALL_GATE(&s, GATE_INT80, 64 /* getppid */, i) == parent);
        CHECK(through() == 0x1234);
        if (i % 10 == 0)
            CALL(&s, SYS_tgkill, s.tid, s.tid, SIGUSR1);
        CHECK(asked(&s) == base);
    }
    unsigned long base = asked(&s);
    guest_end(&s);
    CHECK(pthread_create(&other, 0, thread, (void *)base) == 0);
    CHECK(pthread_join(other, 0) == 0);
    CHECK(through() == 0x1234);
    pid_t child = MUST(fork());
    int status;
    if (!child) {
        guest_begin(&s);
        CHECK(asked(&s) == base && through() == 0x1234);
        EXIT(&s, 4);
    }
    MUST(waitpid(child, &status, 0));
    guest_begin(&s);
    CHECK(CALL(&s, SYS_arch_prctl, ARCH_SET_GS, 0) == 0); /* given back: as at the start */
    for (int i = 0; i < 50; i++)
        CHECK(CALL(&s, SYS_getppid, i) == parent);
    CHECK(asked(&s) == 0);
    guest_end(&s);
    printf("%d handled, child ended with %d\n", handled, WEXITSTATUS(status));
}
