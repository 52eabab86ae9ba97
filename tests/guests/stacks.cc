// Calls of getppid from C++: constructors, virtual functions, what is inlined, and what runs while an exception passes.
#include <stdexcept>
#include <string>
#include <unistd.h>

#define APART __attribute__((noinline, noclone))
#define STAYS() __asm__ volatile("" ::: "memory")

namespace {

APART void mark() {
    getppid();
    STAYS();
}

struct Guard {
    ~Guard() {
        mark();
        STAYS();
    }
};

APART void throws(int depth) {
    Guard guard;
    if (depth == 0)
        throw std::runtime_error("expected");
    throws(depth - 1);
    STAYS();
}

template <typename F> inline __attribute__((always_inline)) void twice(F f) {
    f();
    f();
}

struct Shape {
    virtual ~Shape() = default;
    virtual void draw() const = 0;
};

struct Circle : Shape {
    APART void draw() const override {
        twice([] { mark(); });
        STAYS();
    }
};

struct Early {
    Early() {
        mark();
        STAYS();
    }
} early;

} // namespace

int main() {
    Circle circle;
    const Shape &shape = circle;
    shape.draw();
    try {
        throws(3);
    } catch (const std::exception &) {
        mark();
    }
    return 0;
}
