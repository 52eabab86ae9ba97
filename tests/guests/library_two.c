/* For library_reused: where library_one.c has a call, an addition; its call is elsewhere. */
long library_call(long first, long second)
{
    long result;
    __asm__ volatile("mov $102, %%eax\n  add %%esi, %%eax\n  sub %%rsi, %%rax\n  syscall"
                     : "=a"(result) : "D"(first), "S"(second) : "rcx", "r11", "memory");
    return result + second;
}
