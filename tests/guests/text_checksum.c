/* Reads its own code, as protected programs do, before its calls and after them. A recorder that changes code shows
 * here, by right: so what is printed may differ, and all that is asked for is that the program goes on. */
#include "guest.h"
#include <sys/syscall.h>

extern const unsigned char __executable_start[], etext[];

static unsigned sum_of_text(void)
{
    unsigned sum = 1;
    for (const volatile unsigned char *byte = __executable_start; byte < etext; byte++)
        sum = sum * 31 + *byte;
    return sum;
}

int main(void)
{
    struct guest_segment s;
    unsigned before = sum_of_text();
    guest_begin(&s);
    for (int i = 0; i < 2000; i++)
        CALL(&s, SYS_getppid, i);
    guest_end(&s);
    puts(sum_of_text() == before ? "the same code" : "other code");
}
