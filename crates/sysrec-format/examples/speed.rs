//! Measures writing and reading of traces, and their size, on calls as of a tight loop and of a busy server.
//!
//! `cargo run --release -p sysrec-format --example speed`, with `"busy server" call`, say, for that alone.

#[path = "../tests/workload/mod.rs"]
mod workload;

use std::hint::black_box;
use std::ops::Range;
use std::time::{Duration, Instant};

use sysrec_format::calls::ColumnId;
use sysrec_format::event::{Entry, Exit, TaskId};
use sysrec_format::frame::ChunkKind;
use sysrec_format::layout::Layout;
use sysrec_format::storage::MemoryStorage;
use sysrec_format::writer::{TraceWriter, WriterOptions};

use workload::Sample;

const CALLS: usize = 4_000_000;
/// Calls in the ring that they come out of.
const RING_CALLS: usize = 4096;

/// CPU time of this process, nanoseconds (`/proc/self/schedstat`): other programs on the machine do not count.
fn cpu_ns() -> u64 {
    let text = std::fs::read_to_string("/proc/self/schedstat").expect("Linux with scheduler statistics");
    text.split(' ').next().and_then(|first| first.parse().ok()).expect("a number")
}

/// Calls of one round: a journal of the usual size holds them.
const ROUND_CALLS: usize = 30_000;
const ROUNDS: u64 = 101;

/// Calls as a backend hands them over: out of a small ring that stays in the cache, later by its span in every turn.
struct Ring<'a> {
    samples: &'a [Sample],
    span_ns: u64,
}

impl<'a> Ring<'a> {
    fn new(samples: &'a [Sample]) -> Self {
        let first = samples.iter().map(|sample| sample.entry.time_ns).min().expect("samples");
        let last = samples.iter().map(|sample| sample.exit.time_ns).max().expect("samples");
        Self { samples, span_ns: last - first }
    }

    fn each(&self, calls: Range<usize>, mut take: impl FnMut(TaskId, &Entry, &Exit)) {
        for call in calls {
            let Sample { task, entry, exit } = &self.samples[call % self.samples.len()];
            let later_ns = (call / self.samples.len()) as u64 * self.span_ns;
            let entry = Entry { time_ns: entry.time_ns + later_ns, ..entry.clone() };
            take(*task, &entry, &Exit { time_ns: exit.time_ns + later_ns, ..exit.clone() });
        }
    }
}

/// A round in which the machine had little else to do: one of ten was as fast.
fn quiet(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    times[times.len() / 10].as_nanos() as f64 / ROUND_CALLS as f64
}

type Writer = TraceWriter<MemoryStorage>;

/// Rows and seals apart, journal by journal.
fn write_parts(ring: &Ring<'_>, take: impl Fn(&mut Writer, TaskId, &Entry, &Exit)) {
    let options = WriterOptions { journal_bytes_min: 4 << 20, ..WriterOptions::default() };
    let mut writer = workload::create(MemoryStorage::new(), options);
    let (mut rows, mut seals) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS as usize {
        let begun = Instant::now();
        ring.each(round * ROUND_CALLS..(round + 1) * ROUND_CALLS, |task, entry, exit| {
            take(&mut writer, task, entry, exit);
        });
        let between = Instant::now();
        writer.flush();
        rows.push(between - begun);
        seals.push(between.elapsed());
    }
    println!("    rows {:.1} ns a call, seal {:.1} ns a call", quiet(rows), quiet(seals));
}

fn write(ring: &Ring<'_>, take: impl Fn(&mut Writer, TaskId, &Entry, &Exit)) -> Vec<u8> {
    let mut writer = workload::create(MemoryStorage::with_limit(1 << 32), WriterOptions::default());
    let begun = cpu_ns();
    ring.each(0..CALLS, |task, entry, exit| take(&mut writer, task, entry, exit));
    let (storage, totals) = writer.finish(&workload::ending()).expect("memory does not fail");
    let ns = (cpu_ns() - begun) as f64 / totals.calls as f64;
    let bytes = storage.into_bytes();
    println!(
        "    written in {ns:.1} ns a call, {:.2} M calls/s, {:.2} bytes a call, CRC {:08x}",
        1e3 / ns,
        bytes.len() as f64 / totals.calls as f64,
        crc32fast::hash(&bytes),
    );
    bytes
}

fn read(bytes: &[u8]) {
    let ns = |begun: u64| (cpu_ns() - begun) as f64 / CALLS as f64;
    let layout = Layout::read(bytes).expect("a trace");
    let frames =
        || layout.frames(bytes).map(Result::unwrap).filter(|frame| frame.header.kind == ChunkKind::CALLS);
    let mut buffer = Vec::new();
    let begun = cpu_ns();
    let (mut durations, mut returns, mut sum) = (Vec::new(), Vec::new(), 0_u64);
    for frame in frames() {
        let chunk = layout.calls(bytes, &frame, &mut buffer).expect("a chunk");
        let mut duration = chunk.column(ColumnId::DURATION).expect("a column");
        let mut ret = chunk.column(ColumnId::RETURN).expect("a column");
        for _ in chunk.sites() {
            duration.next_site(&mut durations).expect("values");
            ret.next_site(&mut returns).expect("values");
            sum = sum.wrapping_add(black_box(&durations).len() as u64 + black_box(&returns).len() as u64);
        }
    }
    println!("    durations and returns {:.2} ns a call ({sum} values)", ns(begun));
    let begun = cpu_ns();
    for frame in frames() {
        black_box(layout.calls(bytes, &frame, &mut buffer).and_then(|chunk| chunk.calls()).expect("calls"));
    }
    println!("    everything, as calls {:.1} ns a call", ns(begun));
}

/// Whether the arguments, if there are any, name this load and this way.
fn wanted(load: &str, way: &str) -> bool {
    std::env::args().skip(1).all(|word| word == load || word == way)
}

fn main() {
    let loads = [
        ("tight loop", workload::tight_loop(RING_CALLS)),
        ("busy server", workload::busy_server(RING_CALLS)),
    ];
    for (name, samples) in &loads {
        let ring = Ring::new(samples);
        let mut bytes = Vec::new();
        println!("{name}");
        if wanted(name, "entry and exit") {
            println!("  entry and exit");
            let take = |writer: &mut Writer, task, entry: &Entry, exit: &Exit| {
                writer.entry(task, entry);
                writer.exit(task, exit);
            };
            write_parts(&ring, take);
            bytes = write(&ring, take);
        }
        if wanted(name, "call") {
            println!("  call");
            let take = |writer: &mut Writer, task, entry: &Entry, exit: &Exit| writer.call(task, entry, exit);
            write_parts(&ring, take);
            bytes = write(&ring, take);
        }
        if std::env::args().len() == 1 {
            read(&bytes);
        }
    }
}
