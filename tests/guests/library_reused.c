/* dlopen and dlclose of two libraries in turn: the second has other code at the addresses of the first. */
#include "guest.h"
#include <dlfcn.h>
#include <sys/syscall.h>
#include <unistd.h>

typedef long library_call(long, long);

int main(void)
{
    const char *paths[] = {getenv("GUEST_LIBRARY_ONE"), getenv("GUEST_LIBRARY_TWO")};
    library_call *last = 0;
    int reused = 0;
    long parent = getppid(), user = getuid();
    CHECK(paths[0] && paths[1]);
    for (long i = 0; i < 60; i++) {
        int second = i % 2;
        void *library = dlopen(paths[second], RTLD_NOW);
        CHECK(library);
        library_call *call = (library_call *)dlsym(library, "library_call");
        CHECK(call);
        reused += call == last;
        last = call;
        for (long round = 0; round < 15; round++) {
            CHECK(call(i, round) == (second ? user + round : parent));
        }
        CHECK(dlclose(library) == 0);
    }
    CHECK(reused > 50);
    puts("both libraries were what they are");
}
