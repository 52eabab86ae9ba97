/* The 32-bit part of exec_abi: argv[1] is the round, argv[2] the program to go back to. */
#define GUEST_FREESTANDING
#include "guest.h"

int guest_main(void)
{
    struct guest_segment s;
    guest_begin(&s);
    for (int i = 0; i < 100; i++)
        CALL(&s, 64 /* getppid */, i, 0xffffffff, 3, 4, 5, 6);
    char number[2] = {(char)(guest_arguments[1][0] + 1), 0};
    char *arguments[] = {guest_arguments[2], number, 0};
    CALL(&s, 11 /* execve */, arguments[0], arguments, guest_environment);
    return 99;
}
