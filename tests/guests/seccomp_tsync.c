/* A filter that one thread installs in eight others (TSYNC) while they make calls: some calls before it, some after,
 * and all after it refused. Of two numbers: one that a recorder may leave to the program, and one (it changes the local
 * descriptor table, here with a function that does not exist) that a careful one looks at. First one that is refused as a
 * whole, since one of the threads has a filter of its own that the new one does not descend from; nothing changes. */
#include "sites.h"
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

SITE(by_constant, SITE_ARGUMENTS "  mov $110, %eax\n  syscall\n  cmp $-4096, %rax\n  ret\n");
SITE(by_number, SITE_NUMBER SITE_ARGUMENTS "  syscall\n  cmp $-4096, %rax\n  ret\n");
#define NO_FUNCTION 0x77
static volatile int begun, installed, alone, leave;
static int refused;

static void refused_one(long result)
{
    if (result == -EDOM)
        __atomic_fetch_add(&refused, 1, __ATOMIC_SEQ_CST);
}

/* Lets everything through, in this thread alone. */
static void *odd_one(void *argument)
{
    struct sock_filter code[] = {BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
    const struct sock_fprog program = {1, code};
    CHECK(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0);
    alone = 1;
    while (!leave)
        usleep(200);
    return argument;
}

static void *body(void *argument)
{
    struct guest_segment s;
    __atomic_fetch_add(&begun, 1, __ATOMIC_SEQ_CST);
    guest_begin(&s);
    long i = 0;
    for (; !installed; i++) {
        CALL_AT(&s, by_constant, SYS_getppid, argument, i);
        CALL_AT(&s, by_number, SYS_modify_ldt, NO_FUNCTION, argument, i);
    }
    for (long last = i + 50; i < last; i++) {
        refused_one(CALL_AT(&s, by_constant, SYS_getppid, argument, i));
        refused_one(CALL_AT(&s, by_number, SYS_modify_ldt, NO_FUNCTION, argument, i));
    }
    guest_end(&s);
    return 0;
}

int main(void)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 1, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_modify_ldt, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EDOM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const struct sock_fprog program = {sizeof code / sizeof *code, code};
    pthread_t threads[8];
    for (long i = 0; i < 8; i++)
        CHECK(pthread_create(&threads[i], 0, body, (void *)i) == 0);
    while (begun < 8)
        usleep(200);
    CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    pthread_t odd;
    CHECK(pthread_create(&odd, 0, odd_one, 0) == 0);
    while (!alone)
        usleep(200);
    CHECK(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program) > 0);
    leave = 1;
    CHECK(pthread_join(odd, 0) == 0);
    CHECK(prctl(PR_GET_SECCOMP) == 0);
    CHECK(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program) == 0);
    installed = 1;
    for (int i = 0; i < 8; i++)
        CHECK(pthread_join(threads[i], 0) == 0);
    printf("%d refused\n", refused);
}
