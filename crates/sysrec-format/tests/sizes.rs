//! How large traces are: on calls as programs make them, and at the worst.

mod workload;

use sysrec_format::event::*;
use sysrec_format::layout::Layout;
use sysrec_format::storage::MemoryStorage;
use sysrec_format::writer::{Status, WriterOptions};

fn bytes_per_call(samples: &[workload::Sample]) -> f64 {
    let mut writer = workload::create(MemoryStorage::new(), WriterOptions::default());
    for sample in samples {
        writer.entry(sample.task, &sample.entry);
        writer.exit(sample.task, &sample.exit);
    }
    let (storage, totals) = writer.finish(&workload::ending()).unwrap();
    assert_eq!(totals.calls, samples.len() as u64);
    let layout = Layout::read(storage.as_slice()).unwrap();
    assert!(layout.is_whole() && layout.verify(storage.as_slice()).is_empty());
    storage.as_slice().len() as f64 / samples.len() as f64
}

#[test]
fn a_tight_loop_takes_at_most_8_bytes_a_call() {
    let bytes = bytes_per_call(&workload::tight_loop(100_000));
    assert!(bytes <= 8.0, "{bytes:.2} bytes a call");
}

#[test]
fn a_busy_server_takes_at_most_16_bytes_a_call() {
    let bytes = bytes_per_call(&workload::busy_server(100_000));
    assert!(bytes <= 16.0, "{bytes:.2} bytes a call");
}

#[test]
fn a_busy_server_takes_at_most_16_bytes_a_call_with_all_registers() {
    let mut samples = workload::busy_server(50_000);
    let plain = bytes_per_call(&samples);
    for sample in &mut samples {
        let Entry { nr, ip, sp, args, .. } = sample.entry;
        let mut registers: UserRegisters = std::array::from_fn(|i| 0x33 + i as u64);
        // rdi rsi rdx r10 r8 r9, orig_rax, rip, rsp and rcx
        for (place, arg) in [14, 13, 12, 7, 9, 8].into_iter().zip(args) {
            registers[place] = arg;
        }
        (registers[15], registers[16], registers[19], registers[11]) = (nr as u64, ip, sp, ip);
        sample.entry.registers = Some(Box::new(registers));
        registers[10] = sample.exit.ret as u64;
        sample.exit.registers = Some(Box::new(registers));
    }
    let all = bytes_per_call(&samples);
    // A register set takes 432 bytes in the journal, so chunks have a fifth of the calls here.
    assert!(all <= 16.0, "{all:.2} bytes a call, {plain:.2} without the registers");
}

/// `openat` of 64 paths in turn: at first without its paths, then with them.
#[test]
fn a_path_that_repeats_takes_at_most_two_bytes_a_call() {
    let mut samples = workload::tight_loop(250_000);
    for sample in &mut samples {
        sample.entry.args[1] = 0x7ffd_1234_0000;
    }
    let plain = bytes_per_call(&samples);
    for (sample, i) in samples.iter_mut().zip(0_u64..) {
        let path = format!(
            "/usr/share/zoneinfo/Europe/City-{}\0",
            i.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32 & 0x3f
        );
        sample.entry.captures = vec![Capture {
            address: sample.entry.args[1],
            wanted_bytes: path.len() as u64,
            cut: CaptureCut::WHOLE,
            bytes: path.into_bytes().into(),
        }];
    }
    let with_paths = bytes_per_call(&samples);
    assert!(with_paths - plain <= 2.0, "{with_paths:.2} bytes a call, {plain:.2} without the paths");
    assert!(with_paths > plain);
}

#[test]
fn an_empty_trace_is_small() {
    let writer = workload::create(MemoryStorage::new(), WriterOptions::default());
    assert!(writer.storage().as_slice().len() < 1 << 20);
    let (storage, _) = writer.finish(&workload::ending()).unwrap();
    assert!(storage.as_slice().len() < 1000, "{}", storage.as_slice().len());
}

/// The room that is kept for one seal is a multiple of the journal. Nothing may need more: the writer would lose what
/// is in the journal.
#[test]
fn the_worst_calls_fit_into_the_room_that_is_kept_for_them() {
    let noise = |i: u64| (i + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1 << 63;
    let captures = |i: u64, count: u64| -> Vec<Capture> {
        let capture = |n: u64| Capture {
            address: noise(i + n),
            wanted_bytes: noise(i + n + 1),
            cut: CaptureCut(n as u8),
            bytes: noise(i + n).to_le_bytes()[..n as usize % 9].into(),
        };
        (0..count).map(capture).collect()
    };
    for (registers, captured) in [(false, 0), (true, 0), (false, 1), (false, 30), (true, 3)] {
        for calls_a_task in [1, 2, 3, 10, 100] {
            let mut writer = workload::create(MemoryStorage::new(), WriterOptions::default());
            let set = |i: u64| registers.then(|| Box::new(std::array::from_fn(|r| noise(i * 64 + r as u64))));
            for i in 0..5000_u64 {
                let task = TaskId((i / calls_a_task) as u32);
                let entry = Entry {
                    time_ns: noise(i),
                    abi: Abi(i as u8),
                    nr: noise(i) as i32,
                    ip: noise(i + 3),
                    sp: noise(i + 4),
                    args: std::array::from_fn(|arg| noise(i + 5 + arg as u64)),
                    registers: set(i),
                    captures: captures(i, captured),
                    stack: None,
                };
                writer.entry(task, &entry);
                let exit = Exit {
                    time_ns: noise(i + 1),
                    ret: noise(i + 2) as i64,
                    registers: set(i + 9),
                    captures: captures(i + 7, captured),
                };
                writer.exit(task, &exit);
                assert!(matches!(writer.status(), Status::Writing), "call {i}, {calls_a_task} a task");
            }
            // Many tasks in a call at once, all of which end as events.
            for i in 0..3000_u64 {
                let entry = Entry {
                    time_ns: i,
                    abi: Abi(1),
                    nr: 1,
                    ip: noise(i),
                    sp: 0,
                    args: [u64::MAX; 6],
                    registers: set(i),
                    captures: captures(i, captured),
                    stack: None,
                };
                writer.entry(TaskId(10_000 + i as u32), &entry);
            }
            let (storage, totals) = writer.finish(&workload::ending()).unwrap();
            assert_eq!((totals.calls, totals.unfinished, totals.lost_calls), (5000, 3000, 0));
            assert!(Layout::read(storage.as_slice()).unwrap().is_whole());
        }
    }
}
