/* A guest knows what it did: every call that it makes through CALL() stands in a log, entered before the call and
 * completed after it, so that a recording can be compared with it call by call.
 *
 * The log is a file mapped by all tasks of the guest (SYSREC_GUEST_LOG names it; without it nothing is logged). It
 * survives exec, SIGKILL and fork, and needs no call of its own between the markers. The layout is read by
 * tests/src/log.rs: change both.
 *
 * A segment is a stretch of one task's life in which it makes no other calls than those logged:
 *
 *   guest_begin(&s)   marker: fcntl(GUEST_MARK, segment, BEGIN), then gettid()
 *   CALL(&s, nr, ...) any number of them, signal handlers with calls of their own included
 *   guest_end(&s)     marker: fcntl(GUEST_MARK, segment, END)
 *
 * guest_born() stands for guest_begin() in a task made by guest_spawn(): its marker is that task's first call. A
 * segment that ends with exit, kill or exec has no end marker: its last call is its task's last.
 *
 * Works with libc and without it, in 64-bit and in 32-bit code. Arguments that a call does not have are filled with
 * values of their own, so that all six can be compared.
 */
#ifndef GUEST_H
#define GUEST_H

#include <stdint.h>

#define GUEST_MARK 0x6e5e9ece
enum guest_marker { GUEST_BEGIN = 1, GUEST_BORN = 2, GUEST_END = 3 };
/* Values of sysrec_format::event::Abi. */
enum guest_abi { GUEST_X86_64 = 1, GUEST_X32 = 2, GUEST_I386 = 3 };
/* How to enter the kernel. */
enum guest_gate { GATE_NATIVE, GATE_INT80, GATE_VDSO };
enum guest_kind {
    GUEST_CALL = 1,      /* a call of a segment */
    GUEST_SIGRETURN = 2, /* the end of a handler: one rt_sigreturn, arguments unknown */
    GUEST_COUNT = 3,     /* the whole guest made exactly args[0] calls of nr, made by libc: no segment */
};
enum guest_state { GUEST_FREE = 0, GUEST_ENTERED = 1, GUEST_RETURNED = 2 };

struct guest_record {
    uint32_t state, kind, tid, segment;
    uint32_t abi, leave; /* leave: log length when the call returned, so that handlers are seen to be inside */
    int64_t nr;          /* all 64 bits of rax */
    uint64_t args[6];
    int64_t ret;
    uint64_t reserved;
};

struct guest_log {
    uint64_t magic;
    uint32_t version, record_bytes;
    uint32_t capacity, next, next_segment, lost;
    uint64_t reserved[4];
    struct guest_record records[];
};
#define GUEST_LOG_MAGIC 0x676f6c7473657567ull
_Static_assert(sizeof(struct guest_record) == 96, "tests/src/log.rs");
_Static_assert(sizeof(struct guest_log) == 64, "tests/src/log.rs");

struct guest_segment {
    uint32_t id;
    volatile uint32_t tid;
};

static struct guest_log *guest_log;
#define GUEST_INLINE static inline __attribute__((always_inline, unused))
#define GUEST_UNUSED __attribute__((unused))

#ifdef __x86_64__
enum { GUEST_NR_read = 0, GUEST_NR_write = 1, GUEST_NR_open = 2, GUEST_NR_close = 3, GUEST_NR_mmap = 9,
       GUEST_NR_fcntl = 72, GUEST_NR_gettid = 186, GUEST_NR_exit_group = 231, GUEST_NR_sigreturn = 15 };
#define GUEST_ABI GUEST_X86_64

GUEST_INLINE long guest_native(long nr, const unsigned long *a)
{
    long ret;
    register unsigned long r10 __asm__("r10") = a[3];
    register unsigned long r8 __asm__("r8") = a[4];
    register unsigned long r9 __asm__("r9") = a[5];
    __asm__ volatile("syscall"
                     : "=a"(ret), "+r"(r10), "+r"(r8), "+r"(r9)
                     : "0"(nr), "D"(a[0]), "S"(a[1]), "d"(a[2])
                     : "rcx", "r11", "memory");
    return ret;
}

/* long guest_int80(long nr, const unsigned long *args): the i386 call of 64-bit code. */
long guest_int80(long nr, const unsigned long *args);
__asm__(".pushsection .text\n"
        ".globl guest_int80\n.type guest_int80, @function\n"
        "guest_int80:\n"
        "  push %rbx\n  push %rbp\n"
        "  mov %rdi, %rax\n  mov %rsi, %r11\n"
        "  mov (%r11), %rbx\n  mov 8(%r11), %rcx\n  mov 16(%r11), %rdx\n"
        "  mov 24(%r11), %rsi\n  mov 32(%r11), %rdi\n  mov 40(%r11), %rbp\n"
        "  int $0x80\n"
        "  cltq\n"
        "  pop %rbp\n  pop %rbx\n  ret\n"
        ".popsection\n");

/* long guest_spawn_raw(nr, args, fn, arg): makes a task; fn(arg) runs in it and never returns. The child may have the
 * parent's stack (fork, vfork) or its own (clone). */
long guest_spawn_raw(long nr, const unsigned long *args, void (*fn)(void *), void *arg);
__asm__(".pushsection .text\n"
        ".globl guest_spawn_raw\n.type guest_spawn_raw, @function\n"
        "guest_spawn_raw:\n"
        "  push %r12\n  push %r13\n"
        "  mov %rdx, %r12\n  mov %rcx, %r13\n"
        "  mov %rdi, %rax\n  mov %rsi, %r11\n"
        "  mov (%r11), %rdi\n  mov 8(%r11), %rsi\n  mov 16(%r11), %rdx\n"
        "  mov 24(%r11), %r10\n  mov 32(%r11), %r8\n  mov 40(%r11), %r9\n"
        "  syscall\n"
        "  test %rax, %rax\n  jz 1f\n"
        "  pop %r13\n  pop %r12\n  ret\n"
        "1: xor %ebp, %ebp\n  and $-16, %rsp\n  mov %r13, %rdi\n  call *%r12\n  ud2\n"
        ".popsection\n");
#else
enum { GUEST_NR_read = 3, GUEST_NR_write = 4, GUEST_NR_open = 5, GUEST_NR_close = 6, GUEST_NR_mmap = 192,
       GUEST_NR_fcntl = 55, GUEST_NR_gettid = 224, GUEST_NR_exit_group = 252, GUEST_NR_sigreturn = 173 };
#define GUEST_ABI GUEST_I386

/* __kernel_vsyscall of the 32-bit vDSO: sysenter, or syscall on AMD. Set from AT_SYSINFO. */
extern unsigned long guest_sysinfo;
extern void (*volatile guest_spawn_fn)(void *);
extern void *volatile guest_spawn_arg;
long guest_int80(long nr, const unsigned long *args);
long guest_vdso(long nr, const unsigned long *args);
long guest_spawn_raw(long nr, const unsigned long *args, void (*fn)(void *), void *arg);
#define GUEST_I386_ENTER                                                                   \
    "  mov 24(%esp), %ebp\n  mov 20(%esp), %eax\n"                                         \
    "  mov (%ebp), %ebx\n  mov 4(%ebp), %ecx\n  mov 8(%ebp), %edx\n"                       \
    "  mov 12(%ebp), %esi\n  mov 16(%ebp), %edi\n  mov 20(%ebp), %ebp\n"
__asm__(".pushsection .text\n"
        ".globl guest_int80\n.type guest_int80, @function\n"
        "guest_int80:\n"
        "  push %ebp\n  push %ebx\n  push %esi\n  push %edi\n" GUEST_I386_ENTER
        "  int $0x80\n"
        "  pop %edi\n  pop %esi\n  pop %ebx\n  pop %ebp\n  ret\n"
        ".globl guest_vdso\n.type guest_vdso, @function\n"
        "guest_vdso:\n"
        "  push %ebp\n  push %ebx\n  push %esi\n  push %edi\n" GUEST_I386_ENTER
        "  call *guest_sysinfo\n"
        "  pop %edi\n  pop %esi\n  pop %ebx\n  pop %ebp\n  ret\n"
        ".globl guest_spawn_raw\n.type guest_spawn_raw, @function\n"
        "guest_spawn_raw:\n"
        "  push %ebp\n  push %ebx\n  push %esi\n  push %edi\n" GUEST_I386_ENTER
        "  int $0x80\n"
        "  test %eax, %eax\n  jz 1f\n"
        "  pop %edi\n  pop %esi\n  pop %ebx\n  pop %ebp\n  ret\n"
        /* All registers hold arguments and the stack may be another: fn and arg come through memory. */
        "1: and $-16, %esp\n  sub $12, %esp\n  push guest_spawn_arg\n  call *guest_spawn_fn\n  ud2\n"
        ".globl guest_sysinfo\n"
        ".globl guest_spawn_fn\n.globl guest_spawn_arg\n"
        ".pushsection .data\n"
        "guest_sysinfo: .long 0\nguest_spawn_fn: .long 0\nguest_spawn_arg: .long 0\n"
        ".popsection\n"
        ".popsection\n");
#define guest_native guest_int80
#endif

GUEST_INLINE long guest_enter(int gate, long nr, const unsigned long *args)
{
    if (gate == GATE_INT80)
        return guest_int80(nr, args);
#ifdef __i386__
    if (gate == GATE_VDSO)
        return guest_vdso(nr, args);
#endif
    return guest_native(nr, args);
}

GUEST_INLINE uint32_t guest_gate_abi(int gate, long nr)
{
    if (GUEST_ABI == GUEST_I386 || gate == GATE_INT80)
        return GUEST_I386;
    return (int)nr >= 0 && (nr & 0x40000000) ? GUEST_X32 : GUEST_X86_64;
}

/* A slot of the log, or NULL where there is no log. */
GUEST_INLINE struct guest_record *guest_record_new(const struct guest_segment *s, uint32_t kind, uint32_t abi,
                                                   long nr, const unsigned long *args)
{
    if (!guest_log)
        return 0;
    uint32_t slot = __atomic_fetch_add(&guest_log->next, 1, __ATOMIC_SEQ_CST);
    if (slot >= guest_log->capacity) {
        __atomic_fetch_add(&guest_log->lost, 1, __ATOMIC_SEQ_CST);
        return 0;
    }
    struct guest_record *record = &guest_log->records[slot];
    record->kind = kind;
    record->tid = s->tid;
    record->segment = s->id;
    record->abi = abi;
    record->nr = nr;
    for (int i = 0; i < 6; i++)
        record->args[i] = args[i];
    __atomic_store_n(&record->state, GUEST_ENTERED, __ATOMIC_SEQ_CST);
    return record;
}

GUEST_INLINE void guest_record_returned(struct guest_record *record, long ret)
{
    if (!record)
        return;
    record->ret = ret;
    record->leave = __atomic_load_n(&guest_log->next, __ATOMIC_SEQ_CST);
    __atomic_store_n(&record->state, GUEST_RETURNED, __ATOMIC_SEQ_CST);
}

GUEST_INLINE long guest_call(struct guest_segment *s, int gate, long nr, unsigned long a0, unsigned long a1,
                             unsigned long a2, unsigned long a3, unsigned long a4, unsigned long a5)
{
    const unsigned long args[6] = {a0, a1, a2, a3, a4, a5};
    struct guest_record *record = guest_record_new(s, GUEST_CALL, guest_gate_abi(gate, nr), nr, args);
    long ret = guest_enter(gate, nr, args);
    guest_record_returned(record, ret);
    return ret;
}

#define GUEST_FILL(i) (0x0a5f1100ul + (i))
#define GUEST_PICK(_0, _1, _2, _3, _4, _5, ...)                                                      \
    (unsigned long)(_0), (unsigned long)(_1), (unsigned long)(_2), (unsigned long)(_3),              \
        (unsigned long)(_4), (unsigned long)(_5)
#define GUEST_ARGS_0() GUEST_ARGS_1(GUEST_FILL(0))
#define GUEST_ARGS_1(a) GUEST_ARGS_2(a, GUEST_FILL(1))
#define GUEST_ARGS_2(a, b) GUEST_ARGS_3(a, b, GUEST_FILL(2))
#define GUEST_ARGS_3(a, b, c) GUEST_ARGS_4(a, b, c, GUEST_FILL(3))
#define GUEST_ARGS_4(a, b, c, d) GUEST_ARGS_5(a, b, c, d, GUEST_FILL(4))
#define GUEST_ARGS_5(a, b, c, d, e) GUEST_ARGS_6(a, b, c, d, e, GUEST_FILL(5))
#define GUEST_ARGS_6(a, b, c, d, e, f) GUEST_PICK(a, b, c, d, e, f, 0)
#define GUEST_ARITY(_, _0, _1, _2, _3, _4, _5, name, ...) name
#define GUEST_ARGS(...)                                                                              \
    GUEST_ARITY(_, ##__VA_ARGS__, GUEST_ARGS_6, GUEST_ARGS_5, GUEST_ARGS_4, GUEST_ARGS_3,           \
                GUEST_ARGS_2, GUEST_ARGS_1, GUEST_ARGS_0)(__VA_ARGS__)

/* One logged call: CALL(&segment, nr, up to six arguments). */
#define CALL(s, nr, ...) guest_call(s, GATE_NATIVE, nr, GUEST_ARGS(__VA_ARGS__))
#define CALL_GATE(s, gate, nr, ...) guest_call(s, gate, nr, GUEST_ARGS(__VA_ARGS__))
/* One call that is not logged: outside of segments only. */
#define RAW(nr, ...) guest_native(nr, (const unsigned long[6]){GUEST_ARGS(__VA_ARGS__)})
/* Makes a task by fork, vfork, clone or clone3: logged in the parent; fn(arg) must end with EXIT(). */
#define SPAWN(s, nr, fn, arg, ...) guest_spawn(s, nr, fn, arg, GUEST_ARGS(__VA_ARGS__))
#define EXIT(s, code) guest_exit(s, code)

static GUEST_UNUSED long guest_spawn(struct guest_segment *s, long nr, void (*fn)(void *), void *arg,
                                     unsigned long a0, unsigned long a1, unsigned long a2, unsigned long a3,
                                     unsigned long a4, unsigned long a5)
{
    const unsigned long args[6] = {a0, a1, a2, a3, a4, a5};
    struct guest_record *record = guest_record_new(s, GUEST_CALL, GUEST_ABI, nr, args);
#ifdef __i386__
    guest_spawn_fn = fn;
    guest_spawn_arg = arg;
#endif
    long ret = guest_spawn_raw(nr, args, fn, arg);
    guest_record_returned(record, ret);
    return ret;
}

static GUEST_UNUSED void guest_mark(struct guest_segment *s, int marker)
{
    struct guest_record *mark = 0;
    if (marker != GUEST_END) {
        s->id = guest_log ? __atomic_fetch_add(&guest_log->next_segment, 1, __ATOMIC_SEQ_CST) : 0;
        s->tid = 0;
    }
    const unsigned long args[6] = {GUEST_ARGS(GUEST_MARK, s->id, marker)};
    mark = guest_record_new(s, GUEST_CALL, GUEST_ABI, GUEST_NR_fcntl, args);
    guest_record_returned(mark, guest_native(GUEST_NR_fcntl, args));
    if (marker != GUEST_END) {
        s->tid = CALL(s, GUEST_NR_gettid);
        if (mark)
            mark->tid = s->tid;
    }
}

static GUEST_UNUSED void guest_begin(struct guest_segment *s) { guest_mark(s, GUEST_BEGIN); }
static GUEST_UNUSED void guest_born(struct guest_segment *s) { guest_mark(s, GUEST_BORN); }
static GUEST_UNUSED void guest_end(struct guest_segment *s) { guest_mark(s, GUEST_END); }

static GUEST_UNUSED __attribute__((noreturn)) void guest_exit(struct guest_segment *s, int code)
{
    for (;;)
        CALL(s, GUEST_NR_exit_group, code);
}

/* The last thing a signal handler does: its return is one call of the kernel's. */
static GUEST_UNUSED void guest_sigreturn(struct guest_segment *s)
{
    const unsigned long none[6] = {0};
    guest_record_new(s, GUEST_SIGRETURN, GUEST_ABI, GUEST_NR_sigreturn, none);
}

/* The whole guest made exactly `calls` calls of `nr`, wherever. */
static GUEST_UNUSED void guest_count(long nr, unsigned long calls)
{
    const struct guest_segment nowhere = {0xffffffff, 0};
    const unsigned long args[6] = {calls};
    guest_record_new(&nowhere, GUEST_COUNT, GUEST_ABI, nr, args);
}

static GUEST_UNUSED void guest_map_log(char **environment)
{
    const char name[] = "SYSREC_GUEST_LOG=";
    for (char **entry = environment; *entry; entry++) {
        unsigned i = 0;
        while (name[i] && (*entry)[i] == name[i])
            i++;
        if (name[i])
            continue;
        long fd = RAW(GUEST_NR_open, *entry + i, 2 /* O_RDWR */, 0);
        if (fd < 0)
            return;
        /* The file's size is fixed by its reader: 64 bytes, then records. Only the header is needed to know it. */
        struct guest_log header;
        if (RAW(GUEST_NR_read, fd, &header, sizeof header) == sizeof header && header.magic == GUEST_LOG_MAGIC) {
            unsigned long bytes = sizeof header + (unsigned long)header.capacity * sizeof(struct guest_record);
            long at = RAW(GUEST_NR_mmap, 0, bytes, 3 /* read, write */, 1 /* MAP_SHARED */, fd, 0);
            if ((unsigned long)at < -4095ul)
                guest_log = (struct guest_log *)at;
        }
        RAW(GUEST_NR_close, fd);
        return;
    }
}

#ifdef GUEST_FREESTANDING
/* No libc: guest_main() takes the place of main(), say() of printf(). */
static char **guest_environment;
static char **guest_arguments;
int guest_main(void);
void guest_start(long *stack) GUEST_UNUSED;
#ifdef __i386__
__asm__(".globl _start\n_start:\n  mov %esp, %eax\n  and $-16, %esp\n  sub $12, %esp\n  push %eax\n"
        "  call guest_start\n  ud2\n");
#else
__asm__(".globl _start\n_start:\n  mov %rsp, %rdi\n  and $-16, %rsp\n  call guest_start\n  ud2\n");
#endif
void guest_start(long *stack)
{
    long count = stack[0];
    guest_arguments = (char **)(stack + 1);
    guest_environment = guest_arguments + count + 1;
    char **end = guest_environment;
    while (*end)
        end++;
#ifdef __i386__
    for (unsigned long *aux = (unsigned long *)(end + 1); aux[0]; aux += 2)
        if (aux[0] == 32 /* AT_SYSINFO */)
            guest_sysinfo = aux[1];
#endif
    guest_map_log(guest_environment);
    RAW(GUEST_NR_exit_group, guest_main());
    __builtin_trap();
}
/* The compiler may call this one. */
void *memset(void *to, int byte, unsigned long bytes)
{
    for (unsigned long i = 0; i < bytes; i++)
        ((volatile char *)to)[i] = (char)byte;
    return to;
}
void *memcpy(void *to, const void *from, unsigned long bytes)
{
    for (unsigned long i = 0; i < bytes; i++)
        ((volatile char *)to)[i] = ((const char *)from)[i];
    return to;
}
/* One line on stdout: a text and a number. */
static GUEST_UNUSED void say(const char *text, long number)
{
    char line[160];
    unsigned length = 0;
    while (text[length] && length < 120) {
        line[length] = text[length];
        length++;
    }
    char digits[24];
    unsigned count = 0;
    unsigned long rest = number < 0 ? -(unsigned long)number : (unsigned long)number;
    do
        digits[count++] = (char)('0' + rest % 10);
    while ((rest /= 10));
    line[length++] = ' ';
    if (number < 0)
        line[length++] = '-';
    while (count)
        line[length++] = digits[--count];
    line[length++] = '\n';
    RAW(GUEST_NR_write, 1, line, length);
}
#else
#include <stdio.h>
#include <stdlib.h>
static __attribute__((constructor, unused)) void guest_constructor(int argc, char **argv, char **environment)
{
    (void)argc;
    (void)argv;
    guest_map_log(environment);
}
/* Ends the guest with status 99 when what it relies on does not hold: said on stdout, so that runs compare. */
#define CHECK(what)                                                                                  \
    do {                                                                                             \
        if (!(what)) {                                                                               \
            printf("CHECK failed: %s:%d: %s\n", __FILE__, __LINE__, #what);                          \
            fflush(stdout);                                                                          \
            _Exit(99);                                                                               \
        }                                                                                            \
    } while (0)
/* A call that is not in the test's view, with libc's errno on failure. */
#define MUST(call) ({ long must_ = (long)(call); if (must_ == -1) { perror(#call); _Exit(98); } must_; })
#endif
#endif
