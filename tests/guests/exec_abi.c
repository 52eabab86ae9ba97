/* 64-bit, then 32-bit, then 64-bit again by execve: this is the first and the last; GUEST_EXEC_ABI_32 the middle. */
#include "guest.h"
#include <string.h>
#include <sys/syscall.h>

int main(int argc, char **argv, char **environment)
{
    struct guest_segment s;
    int round = argc > 1 ? argv[1][0] - '0' : 0;
    guest_begin(&s);
    for (int i = 0; i < 100; i++)
        CALL(&s, SYS_getppid, i, 0x123456789a, 3, 4, 5, 6);
    if (round == 3) {
        guest_end(&s);
        puts("64-bit, round 3");
        return 64;
    }
    char number[2] = {(char)('0' + round), 0};
    char *arguments[] = {getenv("GUEST_EXEC_ABI_32"), number, argv[0], 0};
    CALL(&s, SYS_execve, arguments[0], arguments, environment);
    return 99;
}
