/* Waiting for another task to sleep in a call, without a guess at how long that takes. */
#ifndef SLEEPING_H
#define SLEEPING_H
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The state letter of a task: S asleep, T stopped, t held by a tracer, R running, Z ended. */
static inline char task_state(int pid)
{
    char path[64], text[512];
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    int fd = open(path, O_RDONLY);
    if (fd < 0)
        return 0;
    ssize_t length = read(fd, text, sizeof text - 1);
    close(fd);
    if (length <= 0)
        return 0;
    text[length] = 0;
    char *name_end = strrchr(text, ')');
    return name_end ? name_end[2] : 0;
}

/* Returns once the task has been seen asleep several times in a row, or has ended: where it sleeps for a limited time,
 * a busy machine may not let us see it. */
static inline void wait_until_asleep(int pid)
{
    for (int seen = 0; seen < 5; usleep(2000)) {
        char state = task_state(pid);
        if (state == 'Z' || state == 'X' || !state)
            return;
        seen = state == 'S' ? seen + 1 : 0;
    }
}
#endif
