//! The five programs of the oracle. Each task of the tree has a state in the map `tree`, keyed by the address of
//! its `task_struct`, which unlike the tid neither changes at an exec nor is reused while the entry is there:
//!
//! ```text
//!  seed call ──> ARMED_ROOT ──fork──> ARMED ──exec──> ROOT_EXEC ──sys_exit──> IDLE <──sys_exit── IN_CALL(key)
//!           └──────────────────────────^                                       │ └───sys_enter───^
//!                                                            child: BIRTH <──fork┘   (sys_exit: IDLE)
//! ```
//!
//! An exit without an entry is thereby one of four things, counted apart: the return of fork in the child
//! (BIRTH), the first execve (ROOT_EXEC), or a call that was refused between the ptrace stop and the kernel.
//!
//! Facts (Linux 6.18, x86-64): raw tracepoints pass `sys_enter(regs, nr)`, `sys_exit(regs, ret)`,
//! `sched_process_fork(parent, child)` (before the child runs), `sched_process_exec(p, old_pid, bprm)`,
//! `sched_process_exit(p, ..)`; `thread_info` is first in `task_struct` and its `status` stands at 16; `TS_COMPAT`
//! is bit 1 (`arch/x86/include/asm/thread_info.h`). At `sys_exit` of `rt_sigreturn` `orig_ax` is already -1, so
//! the entry's number is kept. A call that is to be started again has a result of the kernel's own there.

use super::RESTARTS;
use crate::bpf::{Assembler, HashMap, Label, R0, R1, R2, R3, R4, R6, R7, R8, R9, R10, Reg, helper};

/// A number that no kernel gives to a call; in the seed it announces the task to the oracle.
pub(super) const SEED_NR: i64 = 0x5eed;

pub(super) const ARMED_ROOT: u64 = 1;
pub(super) const ARMED: u64 = 2;
const IDLE: u64 = 3;
const BIRTH: u64 = 4;
const ROOT_EXEC: u64 = 5;
const IN_CALL_BIT: i32 = 63;

/// What one counter counts; bits 40.. of its key. Bit 32 is the compat bit, bits 0..32 the number.
pub(super) mod kind {
    pub(in crate::oracle) const ENTER: u64 = 0;
    pub(in crate::oracle) const EXIT: u64 = 1;
    pub(in crate::oracle) const REFUSED: u64 = 2;
    pub(in crate::oracle) const BIRTH: u64 = 3;
    pub(in crate::oracle) const ROOT_EXEC: u64 = 4;
    pub(in crate::oracle) const TREE_FULL: u64 = 5;
    /// The first of four: an exit with each of [`RESTARTS`](crate::oracle::RESTARTS), beside its `EXIT`.
    pub(in crate::oracle) const RESTART: u64 = 6;
}
pub(super) const COMPAT_SHIFT: i32 = 32;
pub(super) const KIND_SHIFT: i32 = 40;

const PT_REGS_SI: i32 = 104;
const PT_REGS_DI: i32 = 112;
const PT_REGS_ORIG_AX: i32 = 120;
const THREAD_INFO_STATUS: i32 = 16;
const TS_COMPAT: i32 = 2;

const BPF_ANY: i32 = 0;
const BPF_NOEXIST: i32 = 1;

// Stack slots below the frame pointer.
const TASK: i16 = -8;
const SCRATCH: i16 = -16;
const KEY: i16 = -24;
const VALUE: i16 = -32;

fn address(asm: &mut Assembler, dst: Reg, slot: i16) {
    asm.mov(dst, R10);
    asm.add_imm(dst, i32::from(slot));
}

/// R0 = the element of `map` whose key stands in `slot`, or null.
fn lookup(asm: &mut Assembler, map: &HashMap, slot: i16) {
    asm.load_map(R1, map);
    address(asm, R2, slot);
    asm.call(helper::MAP_LOOKUP_ELEM);
}

/// `map[key slot] = VALUE`; R0 = 0 when it worked.
fn update(asm: &mut Assembler, map: &HashMap, key: i16, flags: i32) {
    asm.load_map(R1, map);
    address(asm, R2, key);
    address(asm, R3, VALUE);
    asm.mov_imm(R4, flags);
    asm.call(helper::MAP_UPDATE_ELEM);
}

/// The word of `bytes` at `base + offset` of kernel memory into SCRATCH, upper half zero.
fn read_kernel(asm: &mut Assembler, bytes: i32, base: Reg, offset: i32) {
    asm.mov(R3, base);
    asm.add_imm(R3, offset);
    asm.mov_imm(R1, 0);
    asm.store64(R10, SCRATCH, R1);
    address(asm, R1, SCRATCH);
    asm.mov_imm(R2, bytes);
    asm.call(helper::PROBE_READ_KERNEL);
}

/// Adds one to `counts[KEY]`.
fn count(asm: &mut Assembler, counts: &HashMap) {
    let (found, done) = (asm.label(), asm.label());
    lookup(asm, counts, KEY);
    asm.jump_if_ne(R0, 0, found);
    asm.mov_imm(R1, 1);
    asm.store64(R10, VALUE, R1);
    update(asm, counts, KEY, BPF_NOEXIST);
    asm.jump_if_eq(R0, 0, done);
    // Another CPU was first; its element takes our count.
    lookup(asm, counts, KEY);
    asm.jump_if_eq(R0, 0, done);
    asm.place(found);
    asm.mov_imm(R1, 1);
    asm.atomic_add64(R0, 0, R1);
    asm.place(done);
}

/// KEY = number in R8 (low half), compat bit of the task in R7, and `kind`. Spoils R8.
fn make_key(asm: &mut Assembler, kind: u64) {
    asm.zero_extend(R8);
    read_kernel(asm, 4, R7, THREAD_INFO_STATUS);
    asm.load64(R1, R10, SCRATCH);
    asm.and_imm(R1, TS_COMPAT);
    asm.shl(R1, COMPAT_SHIFT - 1);
    asm.or(R8, R1);
    asm.mov_imm64(R1, kind << KIND_SHIFT);
    asm.or(R8, R1);
    asm.store64(R10, KEY, R8);
}

/// R6 = context, R7 = this task, R9 = its element, R8 = its state; goes to `absent` when it has none.
fn find_state(asm: &mut Assembler, tree: &HashMap, absent: Label) {
    asm.mov(R6, R1);
    asm.call(helper::GET_CURRENT_TASK);
    asm.mov(R7, R0);
    asm.store64(R10, TASK, R7);
    lookup(asm, tree, TASK);
    asm.jump_if_eq(R0, 0, absent);
    asm.mov(R9, R0);
    asm.load64(R8, R9, 0);
}

pub(super) fn sys_enter(tree: &HashMap, counts: &HashMap, nonce: u64) -> Assembler {
    let mut asm = Assembler::default();
    let (end, stranger) = (asm.label(), asm.label());
    find_state(&mut asm, tree, stranger);
    asm.jump_if_eq(R8, ARMED_ROOT as i32, end);
    asm.jump_if_eq(R8, ARMED as i32, end);
    asm.load64(R8, R6, 8);
    make_key(&mut asm, kind::ENTER);
    asm.mov_imm(R1, 1);
    asm.shl(R1, IN_CALL_BIT);
    asm.or(R8, R1);
    asm.store64(R9, 0, R8);
    count(&mut asm, counts);
    asm.jump(end);

    asm.place(stranger);
    asm.load64(R8, R6, 8);
    asm.jump_if_ne(R8, SEED_NR as i32, end);
    asm.load64(R9, R6, 0);
    read_kernel(&mut asm, 8, R9, PT_REGS_DI);
    asm.load64(R1, R10, SCRATCH);
    asm.mov_imm64(R2, nonce);
    asm.jump_if_ne_reg(R1, R2, end);
    read_kernel(&mut asm, 8, R9, PT_REGS_SI);
    asm.load64(R1, R10, SCRATCH);
    asm.store64(R10, VALUE, R1);
    update(&mut asm, tree, TASK, BPF_ANY);
    asm.place(end);
    asm.return_zero();
    asm
}

pub(super) fn sys_exit(tree: &HashMap, counts: &HashMap) -> Assembler {
    let mut asm = Assembler::default();
    let (end, idle) = (asm.label(), asm.label());
    find_state(&mut asm, tree, end);
    asm.jump_if_eq(R8, ARMED_ROOT as i32, end);
    asm.jump_if_eq(R8, ARMED as i32, end);
    for (state, kind) in [(IDLE, kind::REFUSED), (BIRTH, kind::BIRTH), (ROOT_EXEC, kind::ROOT_EXEC)] {
        let next = asm.label();
        asm.jump_if_ne(R8, state as i32, next);
        asm.load64(R8, R6, 0);
        read_kernel(&mut asm, 4, R8, PT_REGS_ORIG_AX);
        asm.load32(R8, R10, SCRATCH);
        make_key(&mut asm, kind);
        asm.jump(idle);
        asm.place(next);
    }
    // In a call: the entry's key, its kind put in the place of the IN_CALL bit.
    asm.shl(R8, 1);
    asm.shift_right(R8, 1);
    for (kind, ret) in (kind::RESTART..).zip(RESTARTS) {
        let next = asm.label();
        asm.load64(R1, R6, 8);
        asm.jump_if_ne(R1, ret as i32, next);
        asm.mov_imm64(R1, kind << KIND_SHIFT);
        asm.or(R1, R8);
        asm.store64(R10, KEY, R1);
        count(&mut asm, counts);
        asm.place(next);
    }
    asm.mov_imm64(R1, kind::EXIT << KIND_SHIFT);
    asm.or(R8, R1);
    asm.store64(R10, KEY, R8);
    asm.place(idle);
    asm.mov_imm(R1, IDLE as i32);
    asm.store64(R9, 0, R1);
    count(&mut asm, counts);
    asm.place(end);
    asm.return_zero();
    asm
}

pub(super) fn sched_process_fork(tree: &HashMap, counts: &HashMap) -> Assembler {
    let mut asm = Assembler::default();
    let (end, armed, insert) = (asm.label(), asm.label(), asm.label());
    asm.mov(R6, R1);
    asm.load64(R7, R6, 0);
    asm.store64(R10, TASK, R7);
    lookup(&mut asm, tree, TASK);
    asm.jump_if_eq(R0, 0, end);
    asm.load64(R8, R0, 0);
    asm.load64(R7, R6, 8);
    asm.store64(R10, TASK, R7);
    asm.jump_if_eq(R8, ARMED_ROOT as i32, armed);
    asm.jump_if_eq(R8, ARMED as i32, armed);
    asm.mov_imm(R1, BIRTH as i32);
    asm.jump(insert);
    asm.place(armed);
    asm.mov_imm(R1, ARMED as i32);
    asm.place(insert);
    asm.store64(R10, VALUE, R1);
    update(&mut asm, tree, TASK, BPF_ANY);
    asm.jump_if_eq(R0, 0, end);
    asm.mov_imm64(R1, kind::TREE_FULL << KIND_SHIFT);
    asm.store64(R10, KEY, R1);
    count(&mut asm, counts);
    asm.place(end);
    asm.return_zero();
    asm
}

pub(super) fn sched_process_exec(tree: &HashMap) -> Assembler {
    let mut asm = Assembler::default();
    let end = asm.label();
    find_state(&mut asm, tree, end);
    asm.jump_if_ne(R8, ARMED as i32, end);
    asm.mov_imm(R1, ROOT_EXEC as i32);
    asm.store64(R9, 0, R1);
    asm.place(end);
    asm.return_zero();
    asm
}

pub(super) fn sched_process_exit(tree: &HashMap) -> Assembler {
    let mut asm = Assembler::default();
    asm.load64(R7, R1, 0);
    asm.store64(R10, TASK, R7);
    asm.load_map(R1, tree);
    address(&mut asm, R2, TASK);
    asm.call(helper::MAP_DELETE_ELEM);
    asm.return_zero();
    asm
}
