//! The eBPF peer: what a recorder in the kernel costs that keeps the data that sysrec keeps.
//!
//! Two programs on the raw tracepoints `sys_enter` and `sys_exit` write a record each into a ring buffer, for the tasks
//! of one command and all of their descendants; a drainer takes the records out and writes them to a file. No peer in
//! use does exactly this; it is as cheap as such a program gets without BTF:
//!
//! ```text
//!  sys_enter   task (8), time (8), r10 .. rsp of pt_regs (104): number, six arguments, instruction, stack pointer
//!  sys_exit    task (8; bit 63 is set), time (8), result (8)
//! ```
//!
//! - One read of `pt_regs` (104 bytes, `r10` to `sp`) goes straight into the record.
//! - Submitting wakes nobody (`BPF_RB_NO_WAKEUP`): the drainer looks every millisecond.
//! - Tasks are known by the address of their `task_struct`; a seed call before the exec announces the first.

use std::io::{self, Write};
use std::process::{Child, Command, ExitStatus};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use sysrec_tests::bpf::{
    Assembler, Attached, HashMap, Label, R0, R1, R2, R3, R4, R6, R7, R8, R9, R10, announce, helper,
    ring_buffer,
};

use crate::ring_buffer::RingBuffer;

/// 64 MiB: a fifth of a second of calls at full speed.
const RING_BYTES: u32 = 64 << 20;
const TASKS_MAX: u32 = 1 << 16;
const DRAIN_EVERY: Duration = Duration::from_millis(1);
/// Descendants that outlive the command by more are left.
const PATIENCE: Duration = Duration::from_secs(20);

/// A number that no kernel gives to a call; its first argument names the recorder.
const SEED_NR: i64 = 0x5eed_0001;

/// Bytes of a record of an entry.
pub const ENTRY_BYTES: usize = 120;
/// Bytes of a record of an exit.
pub const EXIT_BYTES: usize = 24;

// struct pt_regs, arch/x86/include/asm/ptrace.h.
const PT_REGS_R10: i32 = 56;
const PT_REGS_DI: i32 = 112;
const PT_REGS_BYTES: i32 = 104;
/// Where the call's number stands in an entry's record.
pub const NUMBER_OFFSET: usize = 16 + 120 - PT_REGS_R10 as usize;

/// Set in the task of an exit's record.
const EXIT_BIT: u64 = 1 << 63;

const BPF_RB_NO_WAKEUP: i32 = 1;
const BPF_ANY: i32 = 0;

// Slots of the program's stack.
const TASK: i16 = -8;
const VALUE: i16 = -16;
/// The key of the one element of `lost`.
const NO_KEY: u64 = 0;

/// The programs, attached, and their ring.
pub struct Recorder {
    tasks: HashMap,
    lost: HashMap,
    ring: RingBuffer,
    nonce: u64,
    programs: Vec<Attached>,
}

/// What was recorded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Records of entries.
    pub entries: u64,
    /// Records of exits.
    pub exits: u64,
    /// Records that found the ring full.
    pub lost: u64,
}

impl Recorder {
    /// Loads and attaches the programs.
    ///
    /// # Errors
    /// Without root, or on a kernel without BPF.
    pub fn new() -> io::Result<Recorder> {
        // Several may run at the same time.
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let nonce = u64::from(std::process::id()) << 32 | u64::from(NEXT.fetch_add(1, Ordering::Relaxed));
        let tasks = HashMap::new(TASKS_MAX, 0)?;
        let lost = HashMap::new(1, 0)?;
        let fd = ring_buffer(RING_BYTES)?;
        // The tasks' ends are watched before one can begin.
        let programs = vec![
            Attached::new(c"sched_process_exit", &task_exit(&tasks))?,
            Attached::new(c"sched_process_fork", &task_fork(&tasks))?,
            Attached::new(c"sys_exit", &sys_exit(&tasks, &lost, &fd))?,
            Attached::new(c"sys_enter", &sys_enter(&tasks, &lost, &fd, nonce))?,
        ];
        Ok(Recorder { tasks, lost, ring: RingBuffer::map(&fd, RING_BYTES as usize)?, nonce, programs })
    }

    /// Starts the command, whose calls are recorded from its execve on.
    ///
    /// # Errors
    /// Where it cannot be started.
    pub fn spawn(&self, command: &mut Command) -> io::Result<Child> {
        announce(command, SEED_NR, [self.nonce, 0]);
        command.spawn()
    }

    /// Writes all records into `output` until the command and its descendants have ended.
    ///
    /// # Errors
    /// Where `output` cannot be written, or the command cannot be waited for.
    pub fn drain(mut self, child: &mut Child, output: &mut impl Write) -> io::Result<(ExitStatus, Counts)> {
        let mut counts = Counts::default();
        let mut ended: Option<(ExitStatus, Instant)> = None;
        loop {
            self.ring.drain(|record| {
                match record.len() {
                    ENTRY_BYTES => counts.entries += 1,
                    EXIT_BYTES => counts.exits += 1,
                    _ => return Err(io::Error::other("a record of a strange size")),
                }
                output.write_all(record)
            })?;
            if let Some((status, since)) = ended {
                if self.tasks.entries()?.is_empty() || since.elapsed() > PATIENCE {
                    // What the last task wrote before it left the map.
                    self.programs.clear();
                    self.ring.drain(|record| {
                        *if record.len() == ENTRY_BYTES { &mut counts.entries } else { &mut counts.exits } +=
                            1;
                        output.write_all(record)
                    })?;
                    output.flush()?;
                    counts.lost = self.lost.entries()?.iter().map(|(_, lost)| lost).sum();
                    return Ok((status, counts));
                }
            } else if let Some(status) = child.try_wait()? {
                ended = Some((status, Instant::now()));
            }
            thread::sleep(DRAIN_EVERY);
        }
    }
}

/// R6 = context; goes to `absent` when this task is not in the map.
fn find_task(asm: &mut Assembler, tasks: &HashMap, absent: Label) {
    asm.mov(R6, R1);
    asm.call(helper::GET_CURRENT_TASK);
    asm.store64(R10, TASK, R0);
    asm.load_map(R1, tasks);
    asm.mov(R2, R10);
    asm.add_imm(R2, i32::from(TASK));
    asm.call(helper::MAP_LOOKUP_ELEM);
    asm.jump_if_eq(R0, 0, absent);
}

/// `tasks[TASK] = 1`.
fn add_task(asm: &mut Assembler, tasks: &HashMap) {
    asm.mov_imm(R1, 1);
    asm.store64(R10, VALUE, R1);
    asm.load_map(R1, tasks);
    asm.mov(R2, R10);
    asm.add_imm(R2, i32::from(TASK));
    asm.mov(R3, R10);
    asm.add_imm(R3, i32::from(VALUE));
    asm.mov_imm(R4, BPF_ANY);
    asm.call(helper::MAP_UPDATE_ELEM);
}

/// R9 = a record of so many bytes with its task and time; counts a loss and goes to `end` when the ring is full.
fn reserve(asm: &mut Assembler, ring: &impl std::os::fd::AsFd, lost: &HashMap, bytes: usize, end: Label) {
    let has_room = asm.label();
    let first = asm.label();
    asm.load_map(R1, ring);
    asm.mov_imm(R2, bytes as i32);
    asm.mov_imm(R3, 0);
    asm.call(helper::RINGBUF_RESERVE);
    asm.mov(R9, R0);
    asm.jump_if_ne(R9, 0, has_room);
    asm.mov_imm64(R1, NO_KEY);
    asm.store64(R10, TASK, R1);
    asm.load_map(R1, lost);
    asm.mov(R2, R10);
    asm.add_imm(R2, i32::from(TASK));
    asm.call(helper::MAP_LOOKUP_ELEM);
    asm.jump_if_eq(R0, 0, first);
    asm.mov_imm(R1, 1);
    asm.atomic_add64(R0, 0, R1);
    asm.jump(end);
    // Two CPUs at the very first loss count it once: it is a loss all the same.
    asm.place(first);
    add_task(asm, lost);
    asm.jump(end);
    asm.place(has_room);
    asm.call(helper::GET_CURRENT_PID_TGID);
    asm.store64(R9, 0, R0);
    asm.call(helper::KTIME_GET_NS);
    asm.store64(R9, 8, R0);
}

fn submit(asm: &mut Assembler) {
    asm.mov(R1, R9);
    asm.mov_imm(R2, BPF_RB_NO_WAKEUP);
    asm.call(helper::RINGBUF_SUBMIT);
}

fn sys_enter(tasks: &HashMap, lost: &HashMap, ring: &impl std::os::fd::AsFd, nonce: u64) -> Assembler {
    let mut asm = Assembler::default();
    let (end, stranger) = (asm.label(), asm.label());
    find_task(&mut asm, tasks, stranger);
    reserve(&mut asm, ring, lost, ENTRY_BYTES, end);
    asm.mov(R1, R9);
    asm.add_imm(R1, 16);
    asm.mov_imm(R2, PT_REGS_BYTES);
    asm.load64(R3, R6, 0);
    asm.add_imm(R3, PT_REGS_R10);
    asm.call(helper::PROBE_READ_KERNEL);
    submit(&mut asm);
    asm.jump(end);

    asm.place(stranger);
    asm.load64(R8, R6, 8);
    asm.jump_if_ne(R8, SEED_NR as i32, end);
    asm.load64(R3, R6, 0);
    asm.add_imm(R3, PT_REGS_DI);
    asm.mov(R1, R10);
    asm.add_imm(R1, i32::from(VALUE));
    asm.mov_imm(R2, 8);
    asm.call(helper::PROBE_READ_KERNEL);
    asm.load64(R1, R10, VALUE);
    asm.mov_imm64(R2, nonce);
    asm.jump_if_ne_reg(R1, R2, end);
    add_task(&mut asm, tasks);
    asm.place(end);
    asm.return_zero();
    asm
}

fn sys_exit(tasks: &HashMap, lost: &HashMap, ring: &impl std::os::fd::AsFd) -> Assembler {
    let mut asm = Assembler::default();
    let end = asm.label();
    find_task(&mut asm, tasks, end);
    reserve(&mut asm, ring, lost, EXIT_BYTES, end);
    asm.load64(R1, R9, 0);
    asm.mov_imm64(R2, EXIT_BIT);
    asm.or(R1, R2);
    asm.store64(R9, 0, R1);
    asm.load64(R1, R6, 8);
    asm.store64(R9, 16, R1);
    submit(&mut asm);
    asm.place(end);
    asm.return_zero();
    asm
}

/// `sched_process_fork(parent, child)`, before the child runs.
fn task_fork(tasks: &HashMap) -> Assembler {
    let mut asm = Assembler::default();
    let end = asm.label();
    asm.load64(R7, R1, 0);
    asm.load64(R8, R1, 8);
    asm.store64(R10, TASK, R7);
    asm.load_map(R1, tasks);
    asm.mov(R2, R10);
    asm.add_imm(R2, i32::from(TASK));
    asm.call(helper::MAP_LOOKUP_ELEM);
    asm.jump_if_eq(R0, 0, end);
    asm.store64(R10, TASK, R8);
    add_task(&mut asm, tasks);
    asm.place(end);
    asm.return_zero();
    asm
}

/// `sched_process_exit(task)`.
fn task_exit(tasks: &HashMap) -> Assembler {
    let mut asm = Assembler::default();
    asm.load64(R7, R1, 0);
    asm.store64(R10, TASK, R7);
    asm.load_map(R1, tasks);
    asm.mov(R2, R10);
    asm.add_imm(R2, i32::from(TASK));
    asm.call(helper::MAP_DELETE_ELEM);
    asm.return_zero();
    asm
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recorded::guest;

    /// Records the command; `None` where that cannot be done here.
    fn record(command: &mut Command) -> Option<(Counts, Vec<u8>)> {
        let recorder = Recorder::new().map_err(|error| println!("SKIP: {error}")).ok()?;
        let mut bytes = Vec::new();
        let mut child = recorder.spawn(command).expect("it starts");
        let (status, counts) = recorder.drain(&mut child, &mut bytes).expect("it is drained");
        assert!(status.success());
        assert_eq!(counts.lost, 0);
        assert_eq!(
            bytes.len() as u64,
            counts.entries * ENTRY_BYTES as u64 + counts.exits * EXIT_BYTES as u64
        );
        Some((counts, bytes))
    }

    #[test]
    fn every_call_of_a_loop_is_there() {
        let mut command = Command::new(guest("getppid_loop").expect("a compiler"));
        // cargo sets it, and the loader would look into more folders.
        command.arg("5000").env_remove("LD_LIBRARY_PATH").stdout(std::process::Stdio::null());
        let Some((counts, bytes)) = record(&mut command) else { return };
        assert!((5000..5200).contains(&counts.entries), "{counts:?}");
        // exit_group does not return, the first execve was seen at its exit too or not at all.
        assert!(counts.entries.abs_diff(counts.exits) <= 2, "{counts:?}");
        let word = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes"));
        let (mut at, mut getppids) = (0, 0);
        while at < bytes.len() {
            let is_entry = word(at) & EXIT_BIT == 0;
            getppids += u64::from(is_entry && word(at + NUMBER_OFFSET) == libc::SYS_getppid as u64);
            at += if is_entry { ENTRY_BYTES } else { EXIT_BYTES };
        }
        assert_eq!(getppids, 5000);
    }

    #[test]
    fn children_are_recorded_too() {
        let mut command = Command::new("sh");
        command.args(["-c", "(/bin/true; /bin/true) & wait"]);
        let Some((counts, _)) = record(&mut command) else { return };
        let mut alone = Command::new("sh");
        alone.args(["-c", ":"]);
        let Some((shell, _)) = record(&mut alone) else { return };
        // Three processes and two programs more: each program makes dozens of calls to begin.
        assert!(counts.entries > shell.entries + 40, "{counts:?} {shell:?}");
    }
}
