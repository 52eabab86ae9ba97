/* Looks for a tracer: TracerPid of /proc/self/status, and whether TRACEME is allowed. */
#include "guest.h"
#include <sys/ptrace.h>

int main(void)
{
    char line[256];
    int tracer = -1;
    FILE *status = fopen("/proc/self/status", "r");
    while (status && fgets(line, sizeof line, status))
        sscanf(line, "TracerPid: %d", &tracer);
    printf("%s\n", tracer > 0 ? "traced" : "not traced");
}
