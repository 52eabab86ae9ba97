//! The code that runs inside tracees: the stub, which makes a call and records it, and the loader, which maps what
//! the stub needs. One page, assembled here and copied as it is; it never runs in the recorder.
//!
//! Rules (`docs/IN_PROCESS_RULES.md`): no stack, no other registers than rcx and r11 without having saved them in the
//! slot, no instruction that changes the flags, no SSE, nothing read from the tracee's own memory but paths and the head
//! of a message where those are recorded, only jumps. rcx and r11 are free since the kernel overwrites them in every
//! call (`entry_SYSCALL_64`).
//!
//! A signal can come between any two instructions. Before it is delivered, the recorder moves the task to one side of
//! the call or the other (`backend/inline/normalise.rs`), by the labels below.

use std::ffi::{CStr, CString};
use std::io;
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::seccomp::Program;
use crate::backend::inline::layout::*;

core::arch::global_asm!(
    r#"
    .pushsection .rodata.sysrec_stub, "a", @progbits
    .balign 4096
    .hidden sysrec_stub_page
    .globl sysrec_stub_page
sysrec_stub_page:

# ---- the stub. In: r11 = the trampoline's data word, which holds the address behind the program's instruction;
#      everything else is the program's. Out: as after a syscall instruction, rcx and r11 included.
sysrec_stub_enter:
    # Is gs ours? Some programs use it. Whatever it is, nothing is read through it before.
    rdgsbase rcx
    pext    rcx, rcx, qword ptr [rip + sysrec_stub_window_mask]
    lea     rcx, [rcx - {window}]
    jrcxz   10f
    jmp     sysrec_stub_to_net
10: # Is the number one that the recorder need not see? pext and jrcxz leave the flags alone.
    pext    rcx, rax, qword ptr [rip + sysrec_stub_number_mask]
    jrcxz   11f
    jmp     sysrec_stub_to_net
11: mov     ecx, eax
    movzx   ecx, byte ptr [rcx + {number_table}]
    jrcxz   sysrec_stub_room
    lea     ecx, [rcx - {wide}]
    jrcxz   sysrec_stub_wide_room
    jmp     sysrec_stub_look
sysrec_stub_wide_room:
    movzx   ecx, word ptr gs:[{head}]
    movzx   ecx, byte ptr gs:[rcx + {state}]
    jrcxz   12f
    jmp     sysrec_stub_to_net
    # More arguments than the slot's first cache line has room for.
12: movzx   ecx, word ptr gs:[{head}]
    mov     gs:[rcx + {args} + 24], r10
    mov     gs:[rcx + {args} + 32], r8
    mov     gs:[rcx + {args} + 40], r9
    prefetchw byte ptr gs:[rcx + {slot_bytes} + {args} + 24]
    mov     byte ptr gs:[rcx + {is_wide}], 1
    jmp     14f
sysrec_stub_room:
    movzx   ecx, word ptr gs:[{head}]
    movzx   ecx, byte ptr gs:[rcx + {state}]
    jrcxz   13f
sysrec_stub_to_net:
    # The trampoline's own syscall instruction stands before its data.
    lea     rcx, [r11 - {net_distance}]
    jmp     rcx
13: movzx   ecx, word ptr gs:[{head}]
    mov     byte ptr gs:[rcx + {is_wide}], 0
14: mov     dword ptr gs:[rcx + {nr}], eax
    mov     gs:[rcx + {args} + 0], rdi
    mov     gs:[rcx + {args} + 8], rsi
    mov     gs:[rcx + {args} + 16], rdx
    mov     gs:[rcx + {sp}], rsp
    .hidden sysrec_stub_saved
    .globl sysrec_stub_saved
sysrec_stub_saved:
    mov     rax, qword ptr [r11]
    mov     gs:[rcx + {ip}], rax
    mov     rax, qword ptr [r11 + {return_distance}]
    mov     gs:[{return}], rax
    # The next slot's line was the recorder's last: it comes here while the call lasts. (Behind the last slot there are
    # other lines of the ring; a prefetch has no fault.)
    prefetchw byte ptr gs:[rcx + {slot_bytes}]
    rdtsc
    mov     dword ptr gs:[rcx + {start_low}], eax
    # Over the highest bits of the address, which are zero.
    mov     word ptr gs:[rcx + {start_high}], dx
    mov     rdx, gs:[rcx + {args} + 16]
    mov     eax, dword ptr gs:[rcx + {nr}]
    mov     byte ptr gs:[rcx + {state}], {entered}
    .hidden sysrec_stub_call
    .globl sysrec_stub_call
sysrec_stub_call:
    syscall
    movzx   ecx, word ptr gs:[{head}]
    mov     gs:[rcx + {ret}], rax
    .hidden sysrec_stub_result_saved
    .globl sysrec_stub_result_saved
sysrec_stub_result_saved:
    rdtsc
    mov     dword ptr gs:[rcx + {end_low}], eax
    mov     word ptr gs:[rcx + {end_high}], dx
    .hidden sysrec_stub_timed
    .globl sysrec_stub_timed
sysrec_stub_timed:
    # From here on the slot is the recorder's; what is read from it below, only this task ever writes.
    mov     byte ptr gs:[rcx + {state}], {finished}
    lea     eax, [rcx + {slot_bytes}]
    mov     word ptr gs:[{head}], ax
    mov     rdx, gs:[rcx + {args} + 16]
    mov     rax, gs:[rcx + {ret}]
    mov     rcx, gs:[{return}]
    jmp     rcx

# ---- numbers whose arguments decide.
    .hidden sysrec_stub_look
    .globl sysrec_stub_look
sysrec_stub_look:
    mov     ecx, eax
    movzx   ecx, byte ptr [rcx + {number_table}]
    pext    ecx, ecx, dword ptr [rip + sysrec_stub_way_mask]
    jrcxz   21f
    lea     ecx, [rcx - {recorder}]
    jrcxz   22f
    lea     ecx, [rcx - {null_1} + {recorder}]
    jrcxz   23f
    lea     ecx, [rcx - {null_4} + {null_1}]
    jrcxz   24f
    lea     ecx, [rcx - {bare_1} + {null_4}]
    jrcxz   25f
    jmp     sysrec_stub_path
23: mov     rcx, rsi
    jrcxz   21f
    jmp     sysrec_stub_to_net
24: mov     rcx, r8
    jrcxz   21f
    jmp     sysrec_stub_to_net
    # A fault here, or where a path is read, is a stop: the recorder sends the task to the net.
25: mov     rcx, qword ptr [rsi + {message_name}]
    jrcxz   26f
    jmp     sysrec_stub_to_net
26: mov     rcx, qword ptr [rsi + {message_control}]
    jrcxz   21f
22: jmp     sysrec_stub_to_net
21: jmp     sysrec_stub_stack

# ---- the path is copied, into as many slots as it needs before the call's; then as ever. rdx = where it is read from,
#      rax = where it is written to.
sysrec_stub_path:
    movzx   ecx, word ptr gs:[{head}]
    movzx   ecx, byte ptr gs:[rcx + {state}]
    jrcxz   30f
    jmp     sysrec_stub_to_net
30: movzx   ecx, word ptr gs:[{head}]
    mov     dword ptr gs:[rcx + {path_rax}], eax
    mov     gs:[rcx + {path_rdx}], rdx
    .hidden sysrec_stub_path_saved
    .globl sysrec_stub_path_saved
sysrec_stub_path_saved:
    mov     ecx, eax
    movzx   ecx, byte ptr [rcx + {number_table}]
    pext    ecx, ecx, dword ptr [rip + sysrec_stub_way_mask]
    lea     ecx, [rcx - {path_0}]
    mov     rdx, rdi
    jrcxz   31f
    mov     rdx, rsi
31: movzx   ecx, word ptr gs:[{head}]
    mov     gs:[rcx + {path_address}], rdx
32: lea     eax, [rcx + {path_text}]
33: movzx   ecx, byte ptr [rdx]
    mov     byte ptr gs:[rax], cl
    jrcxz   37f
    lea     rdx, [rdx + 1]
    lea     eax, [rax + 1]
    # Slots lie at multiples of their size.
    pext    ecx, eax, dword ptr [rip + sysrec_stub_slot_mask]
    jrcxz   34f
    jmp     33b
37: jmp     36f
34: # The slot is full. The next one, if it is free, gets what this one keeps for the task, before it is the recorder's.
    movzx   ecx, word ptr gs:[{head}]
    lea     ecx, [rcx + {slot_bytes}]
    movzx   ecx, cx
    movzx   ecx, byte ptr gs:[rcx + {state}]
    jrcxz   35f
    movzx   ecx, word ptr gs:[{head}]
    mov     rdx, gs:[rcx + {path_rdx}]
    mov     eax, dword ptr gs:[rcx + {path_rax}]
    jmp     sysrec_stub_to_net
35: movzx   ecx, word ptr gs:[{head}]
    mov     eax, dword ptr gs:[rcx + {path_rax}]
    lea     ecx, [rcx + {slot_bytes}]
    movzx   ecx, cx
    mov     dword ptr gs:[rcx + {path_rax}], eax
    movzx   ecx, word ptr gs:[{head}]
    mov     rax, gs:[rcx + {path_rdx}]
    lea     ecx, [rcx + {slot_bytes}]
    movzx   ecx, cx
    mov     gs:[rcx + {path_rdx}], rax
    mov     qword ptr gs:[rcx + {path_address}], 0
    movzx   ecx, word ptr gs:[{head}]
    mov     byte ptr gs:[rcx + {state}], {path_state}
    lea     ecx, [rcx + {slot_bytes}]
    mov     word ptr gs:[{head}], cx
    movzx   ecx, cx
    jmp     32b
36: movzx   ecx, word ptr gs:[{head}]
    mov     rdx, gs:[rcx + {path_rdx}]
    mov     eax, dword ptr gs:[rcx + {path_rax}]
    .hidden sysrec_stub_path_copied
    .globl sysrec_stub_path_copied
sysrec_stub_path_copied:
    mov     byte ptr gs:[rcx + {state}], {path_state}
    lea     ecx, [rcx + {slot_bytes}]
    mov     word ptr gs:[{head}], cx
    jmp     sysrec_stub_stack
    .hidden sysrec_stub_end
    .globl sysrec_stub_end
sysrec_stub_end:

# ---- one call for the recorder. In: its registers. Out: through the net, result in rdi.
    .hidden sysrec_stub_remote
    .globl sysrec_stub_remote
sysrec_stub_remote:
    syscall
    mov     rdi, rax
    jmp     sysrec_stub_report

# ---- the loader: maps the ring file. Out: through the net, rdi = the window's address or a negative error,
#      r12 = the descriptor that it had, r13 = the mapping's result, 0 where it did not come to that.
    .hidden sysrec_stub_load
    .globl sysrec_stub_load
sysrec_stub_load:
    xor     r13d, r13d
    lea     rdi, [rip + sysrec_stub_page + {path}]
    mov     esi, {open_flags}
    xor     edx, edx
    mov     eax, {nr_open}
    syscall
    test    rax, rax
    js      20f
    mov     r12, rax
    mov     edi, {window_address}
    mov     esi, {window_bytes}
    mov     edx, {map_protection}
    mov     r10d, {map_flags}
    mov     r8, r12
    xor     r9d, r9d
    mov     eax, {nr_mmap}
    syscall
    mov     r13, rax
    mov     rdi, r12
    mov     eax, {nr_close}
    syscall
    test    r13, r13
    js      21f
    # A core dump of the program is to be the program's.
    mov     edi, {window_address}
    mov     esi, {window_bytes}
    mov     edx, {madv_dontdump}
    mov     eax, {nr_madvise}
    syscall
21: mov     rax, r13
20: mov     rdi, rax
    jmp     sysrec_stub_report

    # An error here says that the stub and the loader no longer fit into the part that the net leaves open.
    .org sysrec_stub_page + {open_bytes}
sysrec_stub_report:
    # Outside the open part, and a number that every net of ours stops at.
    mov     eax, {nr_ptrace}
    syscall
    ud2

    .balign 8
sysrec_stub_window_mask:
    .quad   {window_mask}
sysrec_stub_number_mask:
    .quad   {number_mask}
sysrec_stub_slot_mask:
    .long   {slot_mask}
sysrec_stub_way_mask:
    .long   {wide} - 1
sysrec_stub_stack_mask:
    .long   {with_stack}
sysrec_stub_bucket_mask:
    .long   {bucket_mask}

    # ---- is the task's stack one that was walked before? Then its number goes into the slot; else the call goes to the
    #      net, where it is walked. Outside the open part: no call is made here.
    .org sysrec_stub_page + {stack_part}
    .hidden sysrec_stub_stack
    .globl sysrec_stub_stack
sysrec_stub_stack:
    mov     ecx, eax
    movzx   ecx, byte ptr [rcx + {number_table}]
    pext    ecx, ecx, dword ptr [rip + sysrec_stub_stack_mask]
    jrcxz   40f
    movzx   ecx, word ptr gs:[{head}]
    movzx   ecx, byte ptr gs:[rcx + {state}]
    jrcxz   41f
    jmp     sysrec_stub_to_net
40: jmp     sysrec_stub_wide_room
41: movzx   ecx, word ptr gs:[{head}]
    mov     dword ptr gs:[rcx + {path_rax}], eax
    mov     gs:[rcx + {path_rdx}], rdx
    .hidden sysrec_stub_stack_saved
    .globl sysrec_stub_stack_saved
sysrec_stub_stack_saved:
    mov     rcx, gs:[{stacks}]
    jrcxz   48f
    jmp     49f
48: jmp     46f
49: # What lists name of the registers is compared as memory.
    mov     gs:[{stack_registers} + 0], rbx
    mov     gs:[{stack_registers} + 8], rbp
    mov     gs:[{stack_registers} + 16], rsp
    mov     gs:[{stack_registers} + 24], r12
    mov     gs:[{stack_registers} + 32], r13
    mov     gs:[{stack_registers} + 40], r14
    mov     gs:[{stack_registers} + 48], r15
    mov     gs:[{stack_registers} + 56], r11
    lea     rdx, [rsp + r11]
    pext    edx, edx, dword ptr [rip + sysrec_stub_bucket_mask]
    mov     rdx, qword ptr [rcx + rdx*8]
42: mov     rcx, rdx
    jrcxz   47f
    mov     gs:[{candidate}], rdx
    lea     rdx, [rdx + {candidate_head}]
43: # Pairs of an address and the negative of the word that stood there.
    mov     rcx, qword ptr [rdx]
    jrcxz   45f
    mov     rax, qword ptr [rcx]
    mov     rcx, qword ptr [rdx + 8]
    lea     rcx, [rcx + rax]
    lea     rdx, [rdx + 16]
    jrcxz   43b
    mov     rdx, gs:[{candidate}]
    mov     rdx, qword ptr [rdx]
    jmp     42b
47: jmp     46f
45: mov     rdx, gs:[{candidate}]
    mov     rdx, qword ptr [rdx + 8]
    movzx   ecx, word ptr gs:[{head}]
    mov     gs:[rcx + {stack}], rdx
    mov     rdx, gs:[rcx + {path_rdx}]
    mov     eax, dword ptr gs:[rcx + {path_rax}]
    jmp     sysrec_stub_wide_room
46: movzx   ecx, word ptr gs:[{head}]
    mov     rdx, gs:[rcx + {path_rdx}]
    mov     eax, dword ptr gs:[rcx + {path_rax}]
    jmp     sysrec_stub_to_net
    .hidden sysrec_stub_stack_end
    .globl sysrec_stub_stack_end
sysrec_stub_stack_end:

    # An error here says that this part no longer fits in front of the path.
    .org sysrec_stub_page + {path}

    .org sysrec_stub_page + {page_bytes}
    .popsection
"#,
    net_distance = const TRAMPOLINE_DATA - TRAMPOLINE_NET,
    window = const (WINDOW_ADDRESS >> WINDOW_SHIFT),
    number_table = const (STUB_ADDRESS + NUMBER_TABLE as u64),
    head = const HEAD,
    state = const slot::STATE,
    is_wide = const slot::IS_WIDE,
    nr = const slot::NR,
    args = const slot::ARGS,
    sp = const slot::SP,
    ip = const slot::IP,
    return = const RETURN,
    return_distance = const TRAMPOLINE_RETURN - TRAMPOLINE_DATA,
    start_low = const slot::START_LOW,
    start_high = const slot::START_HIGH,
    end_low = const slot::END_LOW,
    end_high = const slot::END_HIGH,
    ret = const slot::RET,
    entered = const state::ENTERED,
    finished = const state::FINISHED,
    slot_bytes = const SLOT_BYTES,
    recorder = const number::RECORDER,
    null_1 = const number::UNLESS_NULL_1,
    null_4 = const number::UNLESS_NULL_4,
    bare_1 = const number::UNLESS_BARE_1,
    path_0 = const number::PATH_0,
    message_name = const MESSAGE_NAME,
    message_control = const MESSAGE_CONTROL,
    path_rax = const path_slot::RAX,
    path_rdx = const path_slot::RDX,
    path_address = const path_slot::ADDRESS,
    path_text = const path_slot::TEXT,
    path_state = const state::PATH,
    path = const PATH,
    wide = const number::WIDE,
    with_stack = const number::WITH_STACK,
    bucket_mask = const stack_lists::BUCKET_MASK,
    stack_part = const STUB_STACK_PART,
    stacks = const stack_lists::LISTS,
    candidate = const stack_lists::CANDIDATE,
    stack_registers = const stack_lists::REGISTERS,
    candidate_head = const 8 * stack_lists::HEAD_WORDS,
    stack = const slot::STACK,
    open_flags = const libc::O_RDWR | libc::O_CLOEXEC,
    nr_open = const libc::SYS_open,
    window_address = const WINDOW_ADDRESS,
    window_bytes = const WINDOW_BYTES,
    map_protection = const libc::PROT_READ | libc::PROT_WRITE,
    map_flags = const libc::MAP_SHARED | libc::MAP_FIXED_NOREPLACE | libc::MAP_NORESERVE,
    nr_mmap = const libc::SYS_mmap,
    nr_close = const libc::SYS_close,
    madv_dontdump = const libc::MADV_DONTDUMP,
    nr_madvise = const libc::SYS_madvise,
    nr_ptrace = const libc::SYS_ptrace,
    open_bytes = const STUB_OPEN_BYTES,
    window_mask = const !(WINDOW_BYTES - 1),
    number_mask = const !(NUMBERS as u64 - 1),
    slot_mask = const SLOT_BYTES - 1,
    page_bytes = const STUB_BYTES,
);

unsafe extern "C" {
    static sysrec_stub_page: [u8; STUB_BYTES];
    static sysrec_stub_saved: u8;
    static sysrec_stub_call: u8;
    static sysrec_stub_result_saved: u8;
    static sysrec_stub_timed: u8;
    static sysrec_stub_look: u8;
    static sysrec_stub_path_saved: u8;
    static sysrec_stub_path_copied: u8;
    static sysrec_stub_end: u8;
    static sysrec_stub_stack: u8;
    static sysrec_stub_stack_saved: u8;
    static sysrec_stub_stack_end: u8;
    static sysrec_stub_remote: u8;
    static sysrec_stub_load: u8;
}

/// The page as assembled: the table of numbers and the path are still empty.
pub(crate) fn page() -> [u8; STUB_BYTES] {
    // SAFETY: the section above defines this many bytes, constant, aligned for bytes.
    unsafe { sysrec_stub_page }
}

/// Addresses in a tracee of the places in the stub page that the recorder knows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Places {
    /// rax, the number and the arguments are in the slot.
    pub saved: u64,
    /// The syscall instruction.
    pub call: u64,
    /// The result is in the slot.
    pub result_saved: u64,
    /// The end's time is in the slot.
    pub timed: u64,
    /// Where numbers are looked at whose arguments decide. Behind it, all is before the call.
    pub look: u64,
    /// rax and rdx are in the slot at the head.
    pub path_saved: u64,
    /// The path is in its slots, rax and rdx are the task's again.
    pub path_copied: u64,
    /// Behind the stub, but for the part that compares stacks.
    pub end: u64,
    /// That part. All of it is before the call.
    pub stack: u64,
    /// rax and rdx are in the slot at the head, until the part's end.
    pub stack_saved: u64,
    /// Behind that part.
    pub stack_end: u64,
    /// A call on the recorder's behalf.
    pub remote: u64,
    /// The loader.
    pub load: u64,
}

/// See [`Places`].
pub(crate) fn places() -> Places {
    // Only their distance from the page's start counts: no label is read through.
    let place = |label: *const u8| STUB_ADDRESS + (label as u64 - (&raw const sysrec_stub_page) as u64);
    Places {
        saved: place(&raw const sysrec_stub_saved),
        call: place(&raw const sysrec_stub_call),
        result_saved: place(&raw const sysrec_stub_result_saved),
        timed: place(&raw const sysrec_stub_timed),
        look: place(&raw const sysrec_stub_look),
        path_saved: place(&raw const sysrec_stub_path_saved),
        path_copied: place(&raw const sysrec_stub_path_copied),
        end: place(&raw const sysrec_stub_end),
        stack: place(&raw const sysrec_stub_stack),
        stack_saved: place(&raw const sysrec_stub_stack_saved),
        stack_end: place(&raw const sysrec_stub_stack_end),
        remote: place(&raw const sysrec_stub_remote),
        load: place(&raw const sysrec_stub_load),
    }
}

/// Runs calls of getppid bare, and `calls` of them through the stub into the ring at `ring`, in a forked child with this
/// net. Gives the ticks that a bare one takes. No more calls than the ring has free slots.
pub(crate) fn trial(
    page: &[u8; STUB_BYTES],
    ring_file: &Path,
    ring: u64,
    net: &Program,
    calls: usize,
) -> io::Result<u64> {
    let path = CString::new(ring_file.as_os_str().as_bytes())?;
    let (read, write) = super::child::pipe()?;
    // SAFETY: the child keeps to raw calls and never returns.
    let pid = match unsafe { libc::fork() } {
        -1 => return Err(io::Error::last_os_error()),
        // SAFETY: as `trial_child` demands: in a forked child, with the addresses free in the recorder's image (else
        // the mappings fail and the child gives up).
        0 => unsafe { trial_child(page, &path, ring, net, calls, write.as_raw_fd()) },
        pid => pid,
    };
    drop(write);
    let mut ticks = [0; 8];
    let told = std::io::Read::read_exact(&mut std::fs::File::from(read), &mut ticks);
    let mut status = 0;
    // SAFETY: `status` is live.
    while unsafe { libc::waitpid(pid, &mut status, 0) } == -1
        && io::Error::last_os_error().kind() == io::ErrorKind::Interrupted
    {}
    told?;
    if status != 0 {
        return Err(io::Error::other("the trial of the stub failed"));
    }
    Ok(u64::from_le_bytes(ticks))
}

/// # Safety
/// Only in a forked child: it changes gs and installs a seccomp filter, for good.
unsafe fn trial_child(
    page: &[u8; STUB_BYTES],
    path: &CStr,
    ring: u64,
    net: &Program,
    calls: usize,
    report: RawFd,
) -> ! {
    const ARCH_SET_GS: i32 = 0x1001;
    let map = |address: u64, bytes: u64, protection: i32, flags: i32, fd: RawFd| {
        // SAFETY: MAP_FIXED_NOREPLACE replaces nothing.
        let mapped = unsafe {
            libc::mmap(
                address as *mut libc::c_void,
                bytes as usize,
                protection,
                flags | libc::MAP_FIXED_NOREPLACE,
                fd,
                0,
            )
        };
        mapped as u64 == address
    };
    let write_only = libc::PROT_READ | libc::PROT_WRITE;
    let private = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
    // SAFETY: raw calls; the page is written only where it was mapped; the stub returns to the label behind each jump,
    // with all registers but rcx, r11 and rax as they were, and the flags; gs is used by nothing else in a C program.
    unsafe {
        let fd = libc::open(path.as_ptr(), libc::O_RDWR | libc::O_CLOEXEC);
        let ready = fd >= 0
            && map(STUB_ADDRESS, STUB_BYTES as u64, write_only, private, -1)
            && map(WINDOW_ADDRESS, WINDOW_BYTES, write_only, libc::MAP_SHARED | libc::MAP_NORESERVE, fd);
        if !ready {
            libc::_exit(1);
        }
        std::ptr::copy_nonoverlapping(page.as_ptr(), STUB_ADDRESS as *mut u8, STUB_BYTES);
        let runnable = libc::PROT_READ | libc::PROT_EXEC;
        let set = libc::mprotect(STUB_ADDRESS as *mut libc::c_void, STUB_BYTES, runnable) == 0
            && libc::syscall(libc::SYS_arch_prctl, ARCH_SET_GS, ring) == 0;
        if !set {
            libc::_exit(1);
        }
        let ticks = super::child::bare_call(super::clock::tsc);
        if net.install().is_err() {
            libc::_exit(1);
        }
        for _ in 0..calls {
            // As a trampoline does: r11 points at the words that hold the address behind the call and the one to return to.
            core::arch::asm!(
                "lea r11, [rip + 2f]",
                "mov [{data}], r11",
                "mov [{data} + 8], r11",
                "mov r11, {data}",
                "jmp {stub}",
                "2:",
                stub = in(reg) STUB_ADDRESS,
                data = in(reg) &mut [0_u64; 2],
                inout("rax") libc::SYS_getppid => _, out("rcx") _, out("r11") _,
            );
        }
        libc::write(report, (&raw const ticks).cast(), size_of_val(&ticks));
        libc::_exit(0)
    }
}

#[cfg(test)]
mod tests;
