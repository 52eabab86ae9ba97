/* Time through the vDSO and the vsyscall page is no call: nothing stands between the markers. */
#include "guest.h"
#include <signal.h>
#include <sys/time.h>
#include <time.h>

int main(void)
{
    struct guest_segment s;
    struct timespec now;
    struct timeval day;
    clock_gettime(CLOCK_MONOTONIC, &now); /* libc has found the vDSO by now */
    FILE *maps = fopen("/proc/self/maps", "r");
    char line[512];
    int page = 0;
    while (maps && fgets(line, sizeof line, maps))
        page |= __builtin_strstr(line, "[vsyscall]") != 0;
    guest_begin(&s);
    long sum = 0;
    for (int i = 0; i < 1000; i++) {
        clock_gettime(CLOCK_MONOTONIC, &now);
        gettimeofday(&day, 0);
        sum += now.tv_nsec;
        if (page)
            sum += ((long (*)(long *))0xffffffffff600400)(0);
    }
    guest_end(&s);
    puts(sum ? "time passes" : "time stands still");
}
