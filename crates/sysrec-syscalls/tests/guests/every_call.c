/* Makes every call of one ABI once, with arguments of zero, none of which the kernel carries out.
 *
 *   every_call x86-64|x32|i386
 *
 * A seccomp filter answers each call with ENOSYS, after a tracer has seen it: ptrace's syscall-entry stop comes before
 * seccomp. The i386 table is reached from 64-bit code by int 0x80.
 */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LAST 600
#define X32_BIT 0x40000000
#define AUDIT_X86_64 0xc000003e

static void call_64(long number)
{
	long result;
	register long r10 __asm__("r10") = 0, r8 __asm__("r8") = 0, r9 __asm__("r9") = 0;
	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "0"(number), "D"(0), "S"(0), "d"(0), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
}

static void call_i386(long number)
{
	long result;
	__asm__ volatile("push %%rbp; xor %%ebp, %%ebp; int $0x80; pop %%rbp"
			 : "=a"(result)
			 : "0"(number), "b"(0), "c"(0), "d"(0), "S"(0), "D"(0)
			 : "r8", "r9", "r10", "r11", "memory");
}

int main(int argc, char **argv)
{
	struct sock_filter program[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_X86_64, 0, 2),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit_group, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 38),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog filter = { sizeof program / sizeof *program, program };
	if (argc != 2 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter))
		return 1;
	int is_i386 = !strcmp(argv[1], "i386");
	long bit = strcmp(argv[1], "x32") ? 0 : X32_BIT;
	for (long number = 0; number <= LAST; number++) {
		if (is_i386) {
			call_i386(number);
			continue;
		}
		/* exit_group is allowed; uretprobe and uprobe pass seccomp and kill who calls them. */
		if ((number == SYS_exit_group && !bit) || number == 335 || number == 336)
			continue;
		call_64(number | bit);
	}
	syscall(SYS_exit_group, 0);
}
