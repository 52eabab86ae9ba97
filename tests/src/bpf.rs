//! The five `bpf(2)` commands that the oracle and the benchmark's eBPF recorder need, and an assembler for their few
//! instructions.
//!
//! Layouts are those of `include/uapi/linux/bpf.h` (`union bpf_attr`, `struct bpf_insn`), numbers too.
//!
//! # Safety
//! The only unsafe code is the system calls themselves and taking over the descriptor that bpf(2) returns.

use std::ffi::CStr;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::Command;

const MAP_CREATE: i32 = 0;
const MAP_LOOKUP_ELEM: i32 = 1;
const MAP_GET_NEXT_KEY: i32 = 4;
const PROG_LOAD: i32 = 5;
const OBJ_GET_INFO_BY_FD: i32 = 15;
const RAW_TRACEPOINT_OPEN: i32 = 17;

const MAP_TYPE_HASH: u32 = 1;
const MAP_TYPE_RINGBUF: u32 = 27;
const PROG_TYPE_RAW_TRACEPOINT: u32 = 17;
/// A map's flag: memory of an element is taken when the element is made, not at the start.
pub const NO_PREALLOC: u32 = 1;

fn bpf<A>(command: i32, attr: &mut A) -> io::Result<i32> {
    // SAFETY: `attr` is a live, exclusively borrowed value of the size given, and each caller's struct lays out
    // the fields of its command; every pointer inside comes from a reference that outlives the call.
    let ret = unsafe {
        libc::syscall(libc::SYS_bpf, command, std::ptr::from_mut(attr).cast::<libc::c_void>(), size_of::<A>())
    };
    if ret < 0 { Err(io::Error::last_os_error()) } else { Ok(ret as i32) }
}

fn bpf_fd<A>(command: i32, attr: &mut A) -> io::Result<OwnedFd> {
    let fd = bpf(command, attr)?;
    // SAFETY: the kernel has just made this descriptor for us and nobody else knows it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Has the child make one system call between fork and exec, of a number that no kernel gives to a call: a program on
/// `sys_enter` sees it, and nothing else happens.
pub fn announce(command: &mut Command, unknown_nr: i64, args: [u64; 2]) {
    let call = move || {
        // SAFETY: the kernel answers an unknown number with ENOSYS and touches no memory.
        unsafe { libc::syscall(unknown_nr, args[0], args[1]) };
        Ok(())
    };
    // SAFETY: the closure makes one raw system call, takes no lock and allocates nothing.
    unsafe { command.pre_exec(call) };
}

/// A kernel hash map with 8-byte keys and 8-byte values.
pub struct HashMap {
    fd: OwnedFd,
}

impl AsFd for HashMap {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

/// A kernel ring buffer of so many bytes, a power of two: `BPF_MAP_TYPE_RINGBUF`. It is read by mmap.
///
/// # Errors
/// As `bpf(2)` says: without the right to it, or where it is older than Linux 5.8.
pub fn ring_buffer(bytes: u32) -> io::Result<OwnedFd> {
    let mut attr = MapCreate { map_type: MAP_TYPE_RINGBUF, max_entries: bytes, ..MapCreate::default() };
    bpf_fd(MAP_CREATE, &mut attr)
}

#[repr(C)]
#[derive(Default)]
struct MapCreate {
    map_type: u32,
    key_size: u32,
    value_size: u32,
    max_entries: u32,
    map_flags: u32,
}

#[repr(C)]
struct MapElement {
    map_fd: u32,
    _pad: u32,
    key: u64,
    value: u64,
    flags: u64,
}

impl HashMap {
    /// An empty one, for so many elements; `map_flags` may be [`NO_PREALLOC`].
    ///
    /// # Errors
    /// As `bpf(2)` says.
    pub fn new(max_entries: u32, map_flags: u32) -> io::Result<HashMap> {
        let mut attr =
            MapCreate { map_type: MAP_TYPE_HASH, key_size: 8, value_size: 8, max_entries, map_flags };
        Ok(HashMap { fd: bpf_fd(MAP_CREATE, &mut attr)? })
    }

    /// Every key with its value. Exact only while no program changes the map.
    ///
    /// # Errors
    /// As `bpf(2)` says.
    pub fn entries(&self) -> io::Result<Vec<(u64, u64)>> {
        let mut entries = Vec::new();
        let mut previous: Option<u64> = None;
        loop {
            let (mut key, mut value) = (0u64, 0u64);
            let mut attr = MapElement {
                map_fd: self.fd.as_raw_fd() as u32,
                _pad: 0,
                key: previous.as_ref().map_or(0, |key| std::ptr::from_ref(key) as u64),
                value: std::ptr::from_mut(&mut key) as u64,
                flags: 0,
            };
            match bpf(MAP_GET_NEXT_KEY, &mut attr) {
                Err(error) if error.raw_os_error() == Some(libc::ENOENT) => return Ok(entries),
                Err(error) => return Err(error),
                Ok(_) => {}
            }
            attr.key = std::ptr::from_ref(&key) as u64;
            attr.value = std::ptr::from_mut(&mut value) as u64;
            bpf(MAP_LOOKUP_ELEM, &mut attr)?;
            entries.push((key, value));
            previous = Some(key);
        }
    }
}

/// A loaded program, attached to a raw tracepoint until dropped.
pub struct Attached {
    program: OwnedFd,
    _link: OwnedFd,
}

#[repr(C)]
#[derive(Default)]
struct ProgramLoad {
    prog_type: u32,
    insn_cnt: u32,
    insns: u64,
    license: u64,
    log_level: u32,
    log_size: u32,
    log_buf: u64,
}

#[repr(C)]
struct RawTracepointOpen {
    name: u64,
    prog_fd: u32,
    _pad: u32,
}

#[repr(C)]
struct GetInfo {
    bpf_fd: u32,
    info_len: u32,
    info: u64,
}

/// Bytes of `struct bpf_prog_info` up to and with `recursion_misses`, and where that field begins.
const PROG_INFO_BYTES: usize = 224;
const RECURSION_MISSES_OFFSET: usize = 208;

impl Attached {
    /// Loads `code` and attaches it to the raw tracepoint `name`.
    ///
    /// # Errors
    /// With the verifier's words.
    pub fn new(name: &CStr, code: &Assembler) -> io::Result<Attached> {
        let instructions = code.finish();
        let mut log = vec![0u8; 1 << 16];
        let mut attr = ProgramLoad {
            prog_type: PROG_TYPE_RAW_TRACEPOINT,
            insn_cnt: instructions.len() as u32,
            insns: instructions.as_ptr() as u64,
            // Reading kernel memory is offered to programs under a GPL-compatible licence.
            license: c"Dual MIT/GPL".as_ptr() as u64,
            log_level: 1,
            log_size: log.len() as u32,
            log_buf: log.as_mut_ptr() as u64,
        };
        let program = bpf_fd(PROG_LOAD, &mut attr).map_err(|error| {
            let text = String::from_utf8_lossy(&log).trim_end_matches('\0').to_owned();
            io::Error::new(error.kind(), format!("bpf program for {name:?} refused: {error}\n{text}"))
        })?;
        let mut attr =
            RawTracepointOpen { name: name.as_ptr() as u64, prog_fd: program.as_raw_fd() as u32, _pad: 0 };
        let link = bpf_fd(RAW_TRACEPOINT_OPEN, &mut attr)?;
        Ok(Attached { program, _link: link })
    }

    /// How often the kernel left the program out because it was already running on that CPU.
    ///
    /// # Errors
    /// As `bpf(2)` says.
    pub fn misses(&self) -> io::Result<u64> {
        let mut info = [0u8; PROG_INFO_BYTES];
        let mut attr = GetInfo {
            bpf_fd: self.program.as_raw_fd() as u32,
            info_len: info.len() as u32,
            info: info.as_mut_ptr() as u64,
        };
        bpf(OBJ_GET_INFO_BY_FD, &mut attr)?;
        let field = &info[RECURSION_MISSES_OFFSET..RECURSION_MISSES_OFFSET + 8];
        Ok(u64::from_ne_bytes(field.try_into().expect("eight bytes")))
    }
}

/// A register of the BPF machine: R0 result, R1..R5 arguments, R6..R9 kept over calls, R10 frame.
#[derive(Clone, Copy)]
pub struct Reg(u8);
/// Result of a helper and of the program.
pub const R0: Reg = Reg(0);
/// First argument; at the start the context.
pub const R1: Reg = Reg(1);
/// Second argument.
pub const R2: Reg = Reg(2);
/// Third argument.
pub const R3: Reg = Reg(3);
/// Fourth argument.
pub const R4: Reg = Reg(4);
/// Kept over calls.
pub const R6: Reg = Reg(6);
/// Kept over calls.
pub const R7: Reg = Reg(7);
/// Kept over calls.
pub const R8: Reg = Reg(8);
/// Kept over calls.
pub const R9: Reg = Reg(9);
/// End of the program's stack, which grows down from it.
pub const R10: Reg = Reg(10);

/// Helper numbers (`enum bpf_func_id`).
pub mod helper {
    /// `(map, key)`: the value's address or 0.
    pub const MAP_LOOKUP_ELEM: i32 = 1;
    /// `(map, key, value, flags)`: 0 when it worked.
    pub const MAP_UPDATE_ELEM: i32 = 2;
    /// `(map, key)`.
    pub const MAP_DELETE_ELEM: i32 = 3;
    /// `()`: CLOCK_MONOTONIC, in nanoseconds.
    pub const KTIME_GET_NS: i32 = 5;
    /// `()`: the process id in the upper half, the task's in the lower.
    pub const GET_CURRENT_PID_TGID: i32 = 14;
    /// `()`: the address of this task's `task_struct`.
    pub const GET_CURRENT_TASK: i32 = 35;
    /// `(to, bytes, from)`.
    pub const PROBE_READ_KERNEL: i32 = 113;
    /// `(ring, bytes, 0)`: the place of a record, or 0 when the ring is full.
    pub const RINGBUF_RESERVE: i32 = 131;
    /// `(record, flags)`.
    pub const RINGBUF_SUBMIT: i32 = 132;
}

/// A place in the program that jumps can name before it is known.
#[derive(Clone, Copy)]
pub struct Label(usize);

/// Builds a program instruction by instruction: `struct bpf_insn` as one 64-bit word.
#[derive(Default)]
pub struct Assembler {
    code: Vec<u64>,
    labels: Vec<Option<usize>>,
    jumps: Vec<(usize, Label)>,
}

impl Assembler {
    fn push(&mut self, op: u8, dst: Reg, src: Reg, off: i16, imm: i32) {
        self.code.push(
            u64::from(op)
                | u64::from(dst.0) << 8
                | u64::from(src.0) << 12
                | u64::from(off as u16) << 16
                | u64::from(imm as u32) << 32,
        );
    }

    /// A label that has no place yet.
    pub fn label(&mut self) -> Label {
        self.labels.push(None);
        Label(self.labels.len() - 1)
    }

    /// Here is that label.
    pub fn place(&mut self, label: Label) {
        self.labels[label.0] = Some(self.code.len());
    }

    /// `dst = src`.
    pub fn mov(&mut self, dst: Reg, src: Reg) {
        self.push(0xbf, dst, src, 0, 0);
    }

    /// `dst = imm`, sign-extended.
    pub fn mov_imm(&mut self, dst: Reg, imm: i32) {
        self.push(0xb7, dst, Reg(0), 0, imm);
    }

    /// The upper half becomes zero.
    pub fn zero_extend(&mut self, reg: Reg) {
        self.push(0xbc, reg, reg, 0, 0);
    }

    /// `dst = imm`.
    pub fn mov_imm64(&mut self, dst: Reg, imm: u64) {
        self.push(0x18, dst, Reg(0), 0, imm as i32);
        self.push(0, Reg(0), Reg(0), 0, (imm >> 32) as i32);
    }

    /// `dst` = the map.
    pub fn load_map(&mut self, dst: Reg, map: &impl AsFd) {
        const PSEUDO_MAP_FD: Reg = Reg(1);
        self.push(0x18, dst, PSEUDO_MAP_FD, 0, map.as_fd().as_raw_fd());
        self.push(0, Reg(0), Reg(0), 0, 0);
    }

    /// `dst += imm`.
    pub fn add_imm(&mut self, dst: Reg, imm: i32) {
        self.push(0x07, dst, Reg(0), 0, imm);
    }

    /// `dst |= src`.
    pub fn or(&mut self, dst: Reg, src: Reg) {
        self.push(0x4f, dst, src, 0, 0);
    }

    /// `dst &= imm`.
    pub fn and_imm(&mut self, dst: Reg, imm: i32) {
        self.push(0x57, dst, Reg(0), 0, imm);
    }

    /// `dst <<= bits`.
    pub fn shl(&mut self, dst: Reg, bits: i32) {
        self.push(0x67, dst, Reg(0), 0, bits);
    }

    /// `dst >>= bits`, without sign.
    pub fn shift_right(&mut self, dst: Reg, bits: i32) {
        self.push(0x77, dst, Reg(0), 0, bits);
    }

    /// `dst = *(u64 *)(src + off)`.
    pub fn load64(&mut self, dst: Reg, src: Reg, off: i16) {
        self.push(0x79, dst, src, off, 0);
    }

    /// `dst = *(u32 *)(src + off)`.
    pub fn load32(&mut self, dst: Reg, src: Reg, off: i16) {
        self.push(0x61, dst, src, off, 0);
    }

    /// `*(u64 *)(dst + off) = src`.
    pub fn store64(&mut self, dst: Reg, off: i16, src: Reg) {
        self.push(0x7b, dst, src, off, 0);
    }

    /// `*(u64 *)(dst + off) += src`, atomically.
    pub fn atomic_add64(&mut self, dst: Reg, off: i16, src: Reg) {
        self.push(0xdb, dst, src, off, 0);
    }

    /// `r0 = helper(r1, ...)`; r1 to r5 are gone.
    pub fn call(&mut self, helper: i32) {
        self.push(0x85, Reg(0), Reg(0), 0, helper);
    }

    /// Goes on at `to`.
    pub fn jump(&mut self, to: Label) {
        self.jumps.push((self.code.len(), to));
        self.push(0x05, Reg(0), Reg(0), 0, 0);
    }

    /// Goes on at `to` if `reg == imm`.
    pub fn jump_if_eq(&mut self, reg: Reg, imm: i32, to: Label) {
        self.jumps.push((self.code.len(), to));
        self.push(0x15, reg, Reg(0), 0, imm);
    }

    /// Goes on at `to` if `reg != imm`.
    pub fn jump_if_ne(&mut self, reg: Reg, imm: i32, to: Label) {
        self.jumps.push((self.code.len(), to));
        self.push(0x55, reg, Reg(0), 0, imm);
    }

    /// Goes on at `to` if `left != right`.
    pub fn jump_if_ne_reg(&mut self, left: Reg, right: Reg, to: Label) {
        self.jumps.push((self.code.len(), to));
        self.push(0x5d, left, right, 0, 0);
    }

    /// Ends the program.
    pub fn return_zero(&mut self) {
        self.mov_imm(R0, 0);
        self.push(0x95, Reg(0), Reg(0), 0, 0);
    }

    fn finish(&self) -> Vec<u64> {
        let mut code = self.code.clone();
        for &(at, label) in &self.jumps {
            let target = self.labels[label.0].expect("every label that is jumped to is placed");
            let offset = i16::try_from(target as i64 - at as i64 - 1).expect("programs are short");
            code[at] |= u64::from(offset as u16) << 16;
        }
        code
    }
}
