/* Two files of the same code, each mapped over the other in turn by a single call: the stack of the call that they make is
 * the same word by word. argv[1] is a folder. The call's first argument says which file it is of: 1 or 2. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

typedef long code(long);

int main(int argc, char **argv)
{
    /* mov $110, %eax; syscall; cmp $-4096, %rax; ret */
    static const unsigned char text[] = {0xb8, 110, 0, 0, 0, 0x0f, 0x05, 0x48, 0x3d, 0, 0xf0, 0xff, 0xff, 0xc3};
    const char *names[] = {"first", "second"};
    int files[2];
    void *place = 0;
    if (argc < 2)
        return 2;
    for (int i = 0; i < 2; i++) {
        char path[4096], page[4096] = {0};
        memcpy(page, text, sizeof(text));
        snprintf(path, sizeof(path), "%s/%s", argv[1], names[i]);
        files[i] = open(path, O_RDWR | O_CREAT | O_TRUNC, 0700);
        if (files[i] < 0 || write(files[i], page, sizeof(page)) != sizeof(page))
            return 1;
    }
    for (long round = 0; round < 20; round++) {
        int fixed = place ? MAP_FIXED : 0;
        place = mmap(place, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | fixed, files[round & 1], 0);
        if (place == MAP_FAILED)
            return 1;
        for (int i = 0; i < 10; i++)
            ((code *)place)(1 + (round & 1));
    }
    return 0;
}
