//! Calls as they come out of two kinds of program, with the jitter that measurements have.
#![allow(dead_code, unreachable_pub, reason = "each user takes its part")]

use sysrec_format::block::{EndReason, Session};
use sysrec_format::event::*;
use sysrec_format::header::Clock;
use sysrec_format::storage::Storage;
use sysrec_format::writer::{Ending, NewTrace, TraceWriter, WriterOptions};

/// One finished call.
pub struct Sample {
    pub task: TaskId,
    pub entry: Entry,
    pub exit: Exit,
}

pub fn create<S: Storage>(storage: S, options: WriterOptions) -> TraceWriter<S> {
    let session = Session { command: vec![b"./load".to_vec()], ..Session::default() };
    let new =
        NewTrace { trace_id: [1; 16], created_realtime_ns: 0, clock: Clock::MONOTONIC_NS, session: &session };
    TraceWriter::create(storage, &new, options).expect("a new trace")
}

pub fn ending() -> Ending {
    Ending { reason: EndReason::PROCESSES_ENDED, time_ns: u64::MAX, ..Ending::default() }
}

/// splitmix64
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    /// A time around `typical`: a bell of a tenth of it, a tail of ten times it for one in a hundred, and of a
    /// thousand times for one in ten thousand.
    fn jitter(&mut self, typical: u64) -> u64 {
        let bell: u64 = (0..4).map(|_| self.below(typical / 10 + 1)).sum();
        let tail = match self.below(10_000) {
            0 => self.below(typical * 1000),
            1..=100 => self.below(typical * 10),
            _ => 0,
        };
        typical * 8 / 10 + bell + tail
    }
}

/// `while (1) getppid();` under ptrace: everything is the same but the times.
pub fn tight_loop(calls: usize) -> Vec<Sample> {
    let mut numbers = Numbers(1);
    let mut now = 5_000_000_000_000;
    let mut samples = Vec::with_capacity(calls);
    for _ in 0..calls {
        now += numbers.jitter(7_000);
        let entry = Entry {
            time_ns: now,
            abi: Abi::X86_64,
            nr: 110,
            ip: 0x7f3a_12e0_b1c7,
            sp: 0x7ffd_91ab_40f8,
            args: [0x7ffd_91ab_4228, 1, 0x5581_9932_7e08, 0, 0x7f3a_12f8_1040, 0x7ffd_91ab_4100],
            registers: None,
            captures: Vec::new(),
            stack: None,
        };
        now += numbers.jitter(14_000);
        let exit = Exit { time_ns: now, ret: 4711, registers: None, captures: Vec::new() };
        samples.push(Sample { task: TaskId(0), entry, exit });
    }
    samples
}

/// Four threads of a server: epoll_wait, then accept, read, write or close on one of some hundred descriptors, from
/// a handful of stack depths, into buffers of a heap.
pub fn busy_server(calls: usize) -> Vec<Sample> {
    const TASKS: u64 = 4;
    let mut numbers = Numbers(2);
    let mut now = [5_000_000_000_000_u64; TASKS as usize];
    let mut descriptor = [0_u64; TASKS as usize];
    let mut samples = Vec::with_capacity(calls);
    for _ in 0..calls {
        let task = numbers.below(TASKS);
        let stack = 0x7f10_0000_0000 + task * 0x80_1000;
        let sp = stack - 0x1c8 - 0x40 * numbers.below(3);
        let fd = descriptor[task as usize];
        let buffer = 0x55d0_3340_0000 + fd * 0x4050;
        let libc = 0x7f22_1000_0000_u64;
        let (nr, ip, args, ret, typical) = match numbers.below(10) {
            0..=2 => {
                descriptor[task as usize] = 10 + numbers.below(200);
                let ready = 1 + numbers.below(3);
                (
                    232,
                    libc + 0x10_8e3e,
                    [5, stack - 0x3200, 512, numbers.below(1000), 0, 8],
                    ready as i64,
                    60_000,
                )
            }
            3 => (288, libc + 0x11_9a17, [4, stack - 0x90, stack - 0x94, 0x80800, 0, 0], fd as i64, 9_000),
            4..=6 => {
                let got = if numbers.below(5) == 0 { -11 } else { 40 + numbers.below(900) as i64 };
                (0, libc + 0xf_e14e, [fd, buffer, 4096, 0, 0, buffer + 0x2000], got, 8_000)
            }
            7..=8 => {
                let length = 100 + numbers.below(1400);
                (1, libc + 0xf_e1ee, [fd, buffer + 0x2000, length, 0, 0, buffer], length as i64, 15_000)
            }
            _ => (3, libc + 0xf_e98b, [fd, 0, 0, 0, 0, 0], 0, 6_000),
        };
        let now = &mut now[task as usize];
        *now += numbers.jitter(9_000);
        let entry = Entry {
            time_ns: *now,
            abi: Abi::X86_64,
            nr,
            ip,
            sp,
            args,
            registers: None,
            captures: Vec::new(),
            stack: None,
        };
        *now += numbers.jitter(typical);
        let exit = Exit { time_ns: *now, ret, registers: None, captures: Vec::new() };
        samples.push(Sample { task: TaskId(task as u32), entry, exit });
    }
    samples
}
