//! Measures writing and reading of traces, and their size, on calls as of a tight loop and of a busy server.
//!
//! `cargo run --release -p sysrec-format --example speed`

#[path = "../tests/workload/mod.rs"]
mod workload;

use std::hint::black_box;

use sysrec_format::calls::ColumnId;
use sysrec_format::frame::ChunkKind;
use sysrec_format::layout::Layout;
use sysrec_format::storage::MemoryStorage;
use sysrec_format::writer::WriterOptions;

const CALLS: usize = 2_000_000;

/// CPU time of this process, nanoseconds (`/proc/self/schedstat`): other programs on the machine do not count.
fn cpu_ns() -> u64 {
    let text = std::fs::read_to_string("/proc/self/schedstat").expect("Linux with scheduler statistics");
    text.split(' ').next().and_then(|first| first.parse().ok()).expect("a number")
}

fn main() {
    let loads: [(&str, Vec<workload::Sample>); 2] =
        [("tight loop", workload::tight_loop(CALLS)), ("busy server", workload::busy_server(CALLS))];
    for (name, samples) in loads {
        let mut writer = workload::create(MemoryStorage::with_limit(1 << 32), WriterOptions::default());
        let begun = cpu_ns();
        for sample in &samples {
            writer.entry(sample.task, &sample.entry);
            writer.exit(sample.task, &sample.exit);
        }
        let written = cpu_ns() - begun;
        // The hot path by itself, into a journal whose pages have been touched.
        let options = WriterOptions { journal_bytes_min: 64 << 20, ..WriterOptions::default() };
        let mut rows = workload::create(MemoryStorage::new(), options);
        let some = &samples[..400_000];
        for round in 0..2 {
            let begun = cpu_ns();
            for sample in some {
                rows.entry(sample.task, &sample.entry);
                rows.exit(sample.task, &sample.exit);
            }
            if round == 1 {
                println!(
                    "{name}: entry and exit rows {:.1} ns",
                    (cpu_ns() - begun) as f64 / some.len() as f64
                );
            }
            rows.flush();
        }
        let (storage, totals) = writer.finish(&workload::ending()).expect("memory does not fail");
        let bytes = storage.into_bytes();
        let ns = |elapsed: u64| elapsed as f64 / totals.calls as f64;
        println!("{name}: {:.2} bytes a call", bytes.len() as f64 / totals.calls as f64);
        println!("  entry, exit and seal: {:.1} ns a call", ns(written));

        let layout = Layout::read(&bytes).expect("a trace");
        let mut buffer = Vec::new();
        let begun = cpu_ns();
        let (mut durations, mut returns, mut sum) = (Vec::new(), Vec::new(), 0_u64);
        for frame in
            layout.frames(&bytes).map(Result::unwrap).filter(|frame| frame.header.kind == ChunkKind::CALLS)
        {
            let chunk = layout.calls(&bytes, &frame, &mut buffer).expect("a chunk");
            let mut duration = chunk.column(ColumnId::DURATION).expect("a column");
            let mut ret = chunk.column(ColumnId::RETURN).expect("a column");
            for _ in chunk.sites() {
                duration.next_site(&mut durations).expect("values");
                ret.next_site(&mut returns).expect("values");
                sum = sum.wrapping_add(black_box(&durations).len() as u64 + black_box(&returns).len() as u64);
            }
        }
        println!("  durations and returns: {:.2} ns a call ({sum} values)", ns(cpu_ns() - begun));

        let begun = cpu_ns();
        for frame in
            layout.frames(&bytes).map(Result::unwrap).filter(|frame| frame.header.kind == ChunkKind::CALLS)
        {
            black_box(
                layout.calls(&bytes, &frame, &mut buffer).and_then(|chunk| chunk.calls()).expect("calls"),
            );
        }
        println!("  everything, as calls: {:.1} ns a call", ns(cpu_ns() - begun));
    }
}
