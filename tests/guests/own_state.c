/* Prints what it can see of the state it was started in: all of it must be as without a recorder. */
#include "guest.h"
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char **argv, char **environment)
{
    for (int i = 1; i < argc; i++)
        printf("argument %d: %s\n", i, argv[i]);
    for (char **entry = environment; *entry; entry++)
        if (strncmp(*entry, "SYSREC_GUEST_LOG=", 17)) /* its path is another in each run */
            printf("environment: %s\n", *entry);
    char line[512], path[128];
    FILE *status = fopen("/proc/self/status", "r");
    while (status && fgets(line, sizeof line, status))
        if ((!strncmp(line, "Sig", 3) && line[3] != 'Q') || /* SigQ is the user's, not ours */
             !strncmp(line, "Shd", 3) || !strncmp(line, "Cap", 3) ||
            !strncmp(line, "Umask", 5) || !strncmp(line, "Uid", 3) || !strncmp(line, "Gid", 3) ||
            !strncmp(line, "Groups", 6) || !strncmp(line, "NoNewPrivs", 10) || !strncmp(line, "Seccomp", 7) ||
            !strncmp(line, "Cpus_allowed", 12) || !strncmp(line, "Threads", 7) || !strncmp(line, "THP_", 4) ||
            !strncmp(line, "CoreDumping", 11))
            fputs(line, stdout);
    fclose(status);
    for (int fd = 0; fd < 1024; fd++) {
        struct stat what;
        if (!fstat(fd, &what))
            printf("fd %d: mode %o, flags %x %x\n", fd, what.st_mode & S_IFMT, fcntl(fd, F_GETFL), fcntl(fd, F_GETFD));
    }
    for (int signal = 1; signal <= 64; signal++) {
        struct sigaction action;
        if (!sigaction(signal, 0, &action) && action.sa_handler != SIG_DFL)
            printf("signal %d: %s\n", signal, action.sa_handler == SIG_IGN ? "ignored" : "handled");
    }
    for (int limit = 0; limit < RLIM_NLIMITS; limit++) {
        struct rlimit value;
        if (!getrlimit(limit, &value))
            printf("limit %d: %lu %lu\n", limit, value.rlim_cur, value.rlim_max);
    }
    cpu_set_t cpus;
    sched_getaffinity(0, sizeof cpus, &cpus);
    printf("%d CPUs, %ld online, policy %d, nice %d\n", CPU_COUNT(&cpus), sysconf(_SC_NPROCESSORS_ONLN),
           sched_getscheduler(0), getpriority(PRIO_PROCESS, 0));
    fflush(stdout);
    CHECK(WEXITSTATUS(system("nproc")) == 0);
    for (int timer = ITIMER_REAL; timer <= ITIMER_PROF; timer++) {
        struct itimerval value;
        getitimer(timer, &value);
        printf("timer %d: %ld\n", timer, value.it_value.tv_sec);
    }
    printf("alarm %u, dumpable %d, pdeathsig ", alarm(0), prctl(PR_GET_DUMPABLE));
    int death = -1;
    prctl(PR_GET_PDEATHSIG, &death);
    printf("%d, subreaper ", death);
    prctl(PR_GET_CHILD_SUBREAPER, &death);
    printf("%d, tsc %d, timer slack %d\n", death, prctl(PR_GET_TSC, &death), prctl(PR_GET_TIMERSLACK));
    printf("seccomp %d\n", prctl(PR_GET_SECCOMP));
    CHECK(getcwd(path, sizeof path));
    printf("directory kind: %.4s\n", path);
    pid_t child = waitpid(-1, 0, WNOHANG);
    printf("children before the first: %s\n", child < 0 ? "none" : "some");
    printf("name: %s\n", program_invocation_short_name);
    printf("session leader %d, terminal %d\n", getsid(0) == getpid(), open("/dev/tty", O_RDWR) >= 0);
    /* The stack begins where an unrecorded program's does: auxiliary vector and alignment, not addresses. */
    printf("main's stack is %s\n", (uintptr_t)__builtin_frame_address(0) % 16 ? "skewed" : "aligned");
}
