/* The leader ends first, by exit(2) with code 1; a thread lives on, calls, and ends the process with 7. */
#include "guest.h"
#include <pthread.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int leader_is_zombie(void)
{
    char path[64], text[512];
    snprintf(path, sizeof path, "/proc/self/task/%d/stat", getpid());
    FILE *file = fopen(path, "r");
    if (!file)
        return 1;
    size_t length = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[length] = 0;
    char *state = strrchr(text, ')');
    return state && state[2] == 'Z';
}

static void *body(void *argument)
{
    struct guest_segment s;
    while (!leader_is_zombie())
        usleep(1000);
    guest_begin(&s);
    for (int i = 0; i < 200; i++)
        CALL(&s, SYS_getppid, i);
    CALL(&s, SYS_write, 1, "the leader is gone\n", 19);
    EXIT(&s, 7);
    return argument;
}

int main(void)
{
    struct guest_segment s;
    pthread_t thread;
    CHECK(pthread_create(&thread, 0, body, 0) == 0);
    guest_begin(&s);
    for (;;)
        CALL(&s, SYS_exit, 1);
}
