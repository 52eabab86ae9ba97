/* Limits that leave no room for anybody else: all memory locked, an address space that is full, no file descriptors, no
 * file sizes; then threads, forks and an exec under them. */
#include "guest.h"
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void calls(int count)
{
    struct guest_segment s;
    guest_begin(&s);
    for (int i = 0; i < count; i++)
        CALL(&s, SYS_getppid, i);
    guest_end(&s);
}

static void *thread_body(void *argument)
{
    calls(100);
    return argument;
}

static unsigned long address_space(void)
{
    unsigned long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    CHECK(file && fscanf(file, "%lu", &pages) == 1);
    fclose(file);
    return pages * 4096;
}

int main(int argc, char **argv)
{
    if (argc > 1) { /* executed under the limits */
        calls(100);
        return 12;
    }
    static char stacks[4][65536] __attribute__((aligned(4096)));
    memset(stacks, 1, sizeof stacks);
    int is_locked = mlockall(MCL_CURRENT | MCL_FUTURE) == 0; /* allowed to root alone, as a rule */
    calls(100);
    if (is_locked)
        munlockall();
    const unsigned long room = address_space();
    /* Room for what an exec needs itself, and no more. */
    const struct rlimit space = {room + (1 << 20), room + (64 << 20)}, size = {0, 0};
    struct rlimit files;
    MUST(getrlimit(RLIMIT_NOFILE, &files));
    files.rlim_cur = 3;
    MUST(setrlimit(RLIMIT_AS, &space));
    MUST(setrlimit(RLIMIT_NOFILE, &files));
    MUST(setrlimit(RLIMIT_FSIZE, &size));
    CHECK(mmap(0, 4 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED);
    CHECK(dup(0) == -1);
    calls(100);
    pthread_t threads[4];
    for (int i = 0; i < 4; i++) {
        pthread_attr_t attributes;
        pthread_attr_init(&attributes);
        pthread_attr_setstack(&attributes, stacks[i], sizeof stacks[i]);
        CHECK(pthread_create(&threads[i], &attributes, thread_body, 0) == 0);
    }
    for (int i = 0; i < 4; i++)
        CHECK(pthread_join(threads[i], 0) == 0);
    for (int i = 0; i < 4; i++) {
        int status = 0;
        pid_t child = MUST(fork());
        if (!child) {
            calls(100);
            if (i % 2) {
                const struct rlimit enough = {space.rlim_max, space.rlim_max};
                files.rlim_cur = files.rlim_max; /* the loader opens libraries */
                MUST(setrlimit(RLIMIT_AS, &enough));
                MUST(setrlimit(RLIMIT_NOFILE, &files));
                execl("/proc/self/exe", argv[0], "again", (char *)0);
            }
            _exit(11);
        }
        MUST(waitpid(child, &status, 0));
        printf("child ended with %d\n", WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status));
    }
}
