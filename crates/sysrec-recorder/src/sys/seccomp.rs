//! The seccomp net: a classic BPF program that the command's process installs on itself before its execve, so that
//! calls which nobody asked for never stop (seccomp(2), `Documentation/userspace-api/seccomp_filter.rst`).
//!
//! Written by hand rather than with a library: the ones there are kill on an unexpected architecture, while a 32-bit
//! or x32 call from our command is to be recorded like any other.
//!
//! ```text
//!  arch == x86-64 ? ── nr has the x32 bit ? ── ranges of x32      ── RET TRACE | ALLOW
//!        │                    └─────────────── ranges of x86-64   ── RET TRACE | ALLOW
//!        └ else (i386) ────────────────────── ranges of i386      ── RET TRACE | ALLOW
//! ```

use std::io;
use std::ops::RangeInclusive;

/// The low half of RET_TRACE's value, by which our net's stops are told from those of a filter of the program's own.
pub(crate) const MARK: u32 = 0x5359;
/// `AUDIT_ARCH_X86_64`.
pub(crate) const ARCH_X86_64: u32 = 0xc000_003e;
/// `AUDIT_ARCH_I386`.
pub(crate) const ARCH_I386: u32 = 0x4000_0003;
/// `__X32_SYSCALL_BIT`.
pub(crate) const X32_BIT: u32 = 0x4000_0000;

/// `BPF_MAXINSNS`.
const INSTRUCTIONS_MAX: usize = 4096;

/// A call that stops only where one argument has a bit set: (number, argument index, mask).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Conditional {
    pub nr: u32,
    pub argument: u32,
    /// Stops where `argument & mask != 0` (the low 32 bits), or for mask 0 where the argument equals `equals`.
    pub mask: u32,
    pub equals: u32,
}

/// What stops, for one ABI.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Stops {
    /// Numbers that always stop; sorted, not overlapping.
    pub ranges: Vec<RangeInclusive<u32>>,
    /// Numbers outside these ranges that stop by an argument.
    pub conditionals: Vec<Conditional>,
}

/// A finished BPF program.
#[derive(Clone, Debug)]
pub(crate) struct Program(Vec<libc::sock_filter>);

mod op {
    pub(super) const LOAD: u16 = (libc::BPF_LD | libc::BPF_W | libc::BPF_ABS) as u16;
    pub(super) const JUMP: u16 = (libc::BPF_JMP | libc::BPF_JA) as u16;
    pub(super) const IF_EQUAL: u16 = (libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K) as u16;
    pub(super) const IF_GREATER: u16 = (libc::BPF_JMP | libc::BPF_JGT | libc::BPF_K) as u16;
    pub(super) const IF_AT_LEAST: u16 = (libc::BPF_JMP | libc::BPF_JGE | libc::BPF_K) as u16;
    pub(super) const IF_SET: u16 = (libc::BPF_JMP | libc::BPF_JSET | libc::BPF_K) as u16;
    pub(super) const RETURN: u16 = (libc::BPF_RET | libc::BPF_K) as u16;
}

/// `offsetof(struct seccomp_data, ...)`.
const NR: u32 = 0;
const ARCH: u32 = 4;
const INSTRUCTION_POINTER: u32 = 8;
const fn argument_low_half(index: u32) -> u32 {
    16 + 8 * index
}

const fn instruction(code: u16, k: u32, jump_true: u8, jump_false: u8) -> libc::sock_filter {
    libc::sock_filter { code, jt: jump_true, jf: jump_false, k }
}

const TRACE: libc::sock_filter = instruction(op::RETURN, libc::SECCOMP_RET_TRACE | MARK, 0, 0);
const ALLOW: libc::sock_filter = instruction(op::RETURN, libc::SECCOMP_RET_ALLOW, 0, 0);

/// The branch for one ABI: the number is in the accumulator; every path returns.
fn branch(stops: &Stops) -> Vec<libc::sock_filter> {
    let mut code = Vec::new();
    for range in &stops.ranges {
        // below the range: on to the next; above it: likewise.
        code.push(instruction(op::IF_AT_LEAST, *range.start(), 0, 2));
        code.push(instruction(op::IF_GREATER, *range.end(), 1, 0));
        code.push(TRACE);
    }
    for conditional in &stops.conditionals {
        let test = match conditional.mask {
            0 => instruction(op::IF_EQUAL, conditional.equals, 0, 1),
            mask => instruction(op::IF_SET, mask, 0, 1),
        };
        code.push(instruction(op::IF_EQUAL, conditional.nr, 0, 4));
        code.push(instruction(op::LOAD, argument_low_half(conditional.argument), 0, 0));
        code.push(test);
        code.push(TRACE);
        code.push(ALLOW);
    }
    code.push(ALLOW);
    code
}

impl Program {
    /// The net for these three sets.
    ///
    /// `open`: 64-bit calls whose instruction lies in these low addresses are let through whatever they are.
    pub(crate) fn new(x86_64: &Stops, x32: &Stops, i386: &Stops, open: Option<std::ops::Range<u32>>) -> Self {
        let x86_64 = branch(x86_64);
        let x32 = branch(x32);
        let i386 = branch(i386);
        // What most calls are goes first; an i386 call from there is looked at like any other.
        let open = open.map_or(Vec::new(), |open| {
            vec![
                instruction(op::LOAD, INSTRUCTION_POINTER, 0, 0),
                instruction(op::IF_AT_LEAST, open.start, 0, 6),
                instruction(op::IF_AT_LEAST, open.end, 5, 0),
                instruction(op::LOAD, INSTRUCTION_POINTER + 4, 0, 0),
                instruction(op::IF_EQUAL, 0, 0, 3),
                instruction(op::LOAD, ARCH, 0, 0),
                instruction(op::IF_EQUAL, ARCH_X86_64, 0, 1),
                ALLOW,
            ]
        });
        let mut code = open;
        code.extend([
            instruction(op::LOAD, ARCH, 0, 0),
            instruction(op::IF_EQUAL, ARCH_X86_64, 1, 0),
            instruction(op::JUMP, (3 + x86_64.len() + x32.len()) as u32, 0, 0),
            instruction(op::LOAD, NR, 0, 0),
            // Negative numbers have the bit too. They are unknown to every ABI, so that both branches agree on them.
            instruction(op::IF_SET, X32_BIT, 0, 1),
            instruction(op::JUMP, x86_64.len() as u32, 0, 0),
        ]);
        code.extend(x86_64);
        code.extend(x32);
        code.push(instruction(op::LOAD, NR, 0, 0));
        code.extend(i386);
        // The jump to i386 lands on the LOAD before it.
        debug_assert!(code.len() <= INSTRUCTIONS_MAX);
        Program(code)
    }

    /// Installs it on the calling thread. Async-signal-safe. A privileged thread goes without no_new_privs, which
    /// would show in `/proc/PID/status` and end set-id programs' privileges.
    pub(super) fn install(&self) -> io::Result<()> {
        let program = libc::sock_fprog { len: self.0.len() as u16, filter: self.0.as_ptr().cast_mut() };
        // SAFETY: `program` and its instructions are live; the kernel copies and checks them.
        let install =
            || unsafe { libc::syscall(libc::SYS_seccomp, libc::SECCOMP_SET_MODE_FILTER, 0, &program) };
        if install() == 0 {
            return Ok(());
        }
        // SAFETY: no memory is touched.
        if unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) } == 0 && install() == 0 {
            return Ok(());
        }
        Err(io::Error::last_os_error())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs a program as the kernel would, for one call.
    fn run(program: &Program, arch: u32, nr: u32, args: [u64; 6]) -> u32 {
        let word = |offset: u32| match offset {
            NR => nr,
            ARCH => arch,
            offset => {
                let at = (offset - 16) as usize;
                (args[at / 8] >> (8 * (at % 8))) as u32
            }
        };
        let mut accumulator = 0;
        let mut at = 0;
        loop {
            let i = program.0[at];
            at += 1;
            let mut branch = |taken: bool| at += usize::from(if taken { i.jt } else { i.jf });
            match i.code {
                op::LOAD => accumulator = word(i.k),
                op::JUMP => at += i.k as usize,
                op::IF_EQUAL => branch(accumulator == i.k),
                op::IF_GREATER => branch(accumulator > i.k),
                op::IF_AT_LEAST => branch(accumulator >= i.k),
                op::IF_SET => branch(accumulator & i.k != 0),
                op::RETURN => return i.k,
                other => panic!("unknown instruction {other:#x}"),
            }
        }
    }

    #[test]
    fn each_abi_stops_at_its_own_numbers() {
        let stops = |ranges: &[(u32, u32)]| Stops {
            ranges: ranges.iter().map(|&(first, last)| first..=last).collect(),
            conditionals: vec![],
        };
        let mut native = stops(&[(2, 4), (257, 257)]);
        native.conditionals.push(Conditional { nr: 9, argument: 2, mask: 4, equals: 0 });
        native.conditionals.push(Conditional { nr: 157, argument: 0, mask: 0, equals: 15 });
        let x32 = stops(&[(X32_BIT + 512, X32_BIT + 547)]);
        let i386 = stops(&[(5, 5), (1000, u32::MAX)]);
        let program = Program::new(&native, &x32, &i386, None);
        let stops_at = |arch, nr, args| run(&program, arch, nr, args) == libc::SECCOMP_RET_TRACE | MARK;
        let none = [0; 6];
        let native: Vec<u32> = (0..600).filter(|&nr| stops_at(ARCH_X86_64, nr, none)).collect();
        assert_eq!(native, [2, 3, 4, 257]);
        assert!(stops_at(ARCH_X86_64, 9, [0, 0, 5, 0, 0, 0]));
        assert!(!stops_at(ARCH_X86_64, 9, [0, 0, 3, 0, 0, 0]));
        assert!(stops_at(ARCH_X86_64, 157, [15, 0, 0, 0, 0, 0]));
        assert!(!stops_at(ARCH_X86_64, 157, [16, 0, 0, 0, 0, 0]));
        let x32: Vec<u32> = (0..600).filter(|&nr| stops_at(ARCH_X86_64, X32_BIT + nr, none)).collect();
        assert_eq!(x32, (512..548).collect::<Vec<u32>>());
        let i386: Vec<u32> = (0..600).filter(|&nr| stops_at(ARCH_I386, nr, none)).collect();
        assert_eq!(i386, [5]);
        assert!(stops_at(ARCH_I386, u32::MAX, none));
    }

    #[test]
    fn every_jump_stays_inside_whatever_the_sets() {
        // The most ranges that there can be: every second number.
        let stops = Stops { ranges: (0..300).map(|n| 2 * n..=2 * n).collect(), conditionals: vec![] };
        let program = Program::new(&stops, &stops, &stops, None);
        assert!(program.0.len() <= INSTRUCTIONS_MAX, "{}", program.0.len());
        for nr in 0..700 {
            let expected = nr % 2 == 0 && nr < 600;
            let result = run(&program, ARCH_I386, nr, [0; 6]);
            assert_eq!(result == libc::SECCOMP_RET_TRACE | MARK, expected, "{nr}");
        }
    }
}
