/* The program's own code, and that of its libraries, as /proc/self/maps names it: where a signal may be seen to come. */
#ifndef OWN_TEXT_H
#define OWN_TEXT_H
#include <string.h>
#include <unistd.h>

static struct { unsigned long begin, end; } own_text[64];
static int own_texts;

/* Takes the mappings of files that hold code, and the vDSO; what anybody else has put there is in no file. */
static inline void own_text_read(void)
{
    char line[512];
    FILE *maps = fopen("/proc/self/maps", "r");
    CHECK(maps);
    while (fgets(line, sizeof line, maps)) {
        unsigned long begin, end;
        char rights[8], path[256] = "";
        if (sscanf(line, "%lx-%lx %7s %*s %*s %*s %255s", &begin, &end, rights, path) < 3 || rights[2] != 'x')
            continue;
        if (path[0] != '/' && strcmp(path, "[vdso]") && strcmp(path, "[vsyscall]"))
            continue;
        if (!strncmp(path, "/memfd:", 7) || !strncmp(path, "/dev/", 5))
            continue;
        CHECK(own_texts < 64);
        own_text[own_texts].begin = begin;
        own_text[own_texts++].end = end;
    }
    fclose(maps);
}

static inline int own_text_has(unsigned long address)
{
    for (int i = 0; i < own_texts; i++)
        if (own_text[i].begin <= address && address < own_text[i].end)
            return 1;
    return 0;
}
#endif
