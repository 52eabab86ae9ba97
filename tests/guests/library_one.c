/* For library_reused: the same size and symbols as library_two.c, other code at the same offsets. */
long library_call(long first, long second)
{
    long result;
    __asm__ volatile("mov $110, %%eax\n  syscall\n  cmp $-4096, %%rax\n  nop\n  nop"
                     : "=a"(result) : "D"(first), "S"(second) : "rcx", "r11", "memory");
    return result;
}
