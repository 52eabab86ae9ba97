/* A filter that one thread installs in eight others (TSYNC) while they make calls: some calls before it, some after,
 * and all after it refused. */
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
static volatile int begun, installed;
static int refused;

static void *body(void *argument)
{
    struct guest_segment s;
    __atomic_fetch_add(&begun, 1, __ATOMIC_SEQ_CST);
    guest_begin(&s);
    long i = 0;
    for (; !installed; i++)
        CALL_AT(&s, by_constant, SYS_getppid, argument, i);
    for (long last = i + 50; i < last; i++)
        if (CALL_AT(&s, by_constant, SYS_getppid, argument, i) == -EDOM)
            __atomic_fetch_add(&refused, 1, __ATOMIC_SEQ_CST);
    guest_end(&s);
    return 0;
}

int main(void)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
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
    CHECK(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program) == 0);
    installed = 1;
    for (int i = 0; i < 8; i++)
        CHECK(pthread_join(threads[i], 0) == 0);
    printf("%d refused\n", refused);
}
