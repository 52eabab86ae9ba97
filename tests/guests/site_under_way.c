/* A thread is blocked at a site while another one runs that site for the first time after it; then a signal comes to
 * the first, its call is restarted or ends with EINTR, and it goes on at that site. A new site in every round. */
#include "sites.h"
#include "sleeping.h"
#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>

enum { ROUNDS = 24 };
__asm__(".text\n.p2align 6\nfresh:\n.rept 24\n  .p2align 6\n" SITE_NUMBER SITE_ARGUMENTS
        "  syscall\n  cmp $-4096, %rax\n  ret\n.endr\n"
        ".p2align 6\nfresh_constant:\n.rept 24\n  .p2align 6\n" SITE_ARGUMENTS
        "  mov $0, %eax\n  syscall\n  cmp $-4096, %rax\n  ret\n.endr\n");
extern const char fresh[], fresh_constant[];

static struct guest_segment s;
static int data[2];
static volatile int handled, tid;
static guest_site *site;

static void handler(int signal)
{
    CALL(&s, SYS_getuid, signal);
    handled++;
    guest_sigreturn(&s);
}

static void *blocked(void *argument)
{
    char byte;
    guest_begin(&s);
    tid = (int)s.tid;
    long result = CALL_AT(&s, site, SYS_read, data[0], &byte, 1);
    CHECK(result == (argument ? 1 : -4));
    CHECK(CALL_AT(&s, site, SYS_read, -1, 0, 1) == -9);
    guest_end(&s);
    return 0;
}

int main(void)
{
    struct sigaction restarts = {.sa_handler = handler, .sa_flags = SA_RESTART}, ends = {.sa_handler = handler};
    struct guest_segment own;
    MUST(pipe(data));
    sigaction(SIGUSR1, &restarts, 0);
    sigaction(SIGUSR2, &ends, 0);
    for (long round = 0; round < 2 * ROUNDS; round++) {
        pthread_t thread;
        long restart = round / 2 % 2;
        int before = handled;
        site = (guest_site *)((round % 2 ? fresh_constant : fresh) + 64 * (round / 2));
        tid = 0;
        CHECK(pthread_create(&thread, 0, blocked, (void *)restart) == 0);
        while (!tid)
            usleep(200);
        wait_until_asleep(tid);
        guest_begin(&own);
        for (int i = 0; i < 10; i++)
            CHECK(CALL_AT(&own, site, SYS_read, -1, 0, i) == -9);
        guest_end(&own);
        MUST(syscall(SYS_tgkill, getpid(), tid, restart ? SIGUSR1 : SIGUSR2));
        if (restart) {
            while (handled == before)
                usleep(200);
            wait_until_asleep(tid);
            guest_begin(&own);
            for (int i = 0; i < 10; i++)
                CHECK(CALL_AT(&own, site, SYS_read, -1, 0, i) == -9);
            guest_end(&own);
            MUST(write(data[1], "x", 1));
        }
        CHECK(pthread_join(thread, 0) == 0);
    }
    printf("%d handled\n", handled);
}
