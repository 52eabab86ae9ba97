/* Ends with the exit code that is argv[1]; above 255 it is cut by the kernel. */
#include "guest.h"

int main(int argc, char **argv)
{
    return argc > 1 ? atoi(argv[1]) : 0;
}
