/* SIGSEGV as ordinary control flow: each fault opens the page that was written to. */
#include "guest.h"
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>

static struct guest_segment s;
static char *pages;
static volatile int faults;

static void handler(int signal, siginfo_t *info, void *context)
{
    (void)signal, (void)context;
    unsigned long page = (unsigned long)info->si_addr & ~4095ul;
    CALL(&s, SYS_mprotect, page, 4096, PROT_READ | PROT_WRITE);
    faults++;
    guest_sigreturn(&s);
}

int main(void)
{
    enum { PAGES = 1000 };
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};
    sigaction(SIGSEGV, &action, 0);
    pages = mmap(0, PAGES * 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(pages != MAP_FAILED);
    guest_begin(&s);
    for (int i = 0; i < PAGES; i++) {
        ((volatile char *)pages)[i * 4096L + i] = (char)i;
        CALL(&s, SYS_getppid, i);
    }
    guest_end(&s);
    printf("%d faults\n", faults);
}
