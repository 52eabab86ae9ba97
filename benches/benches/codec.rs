//! The trace file: writing calls, reading columns, reading calls, reading events.

#[path = "../../crates/sysrec-format/tests/workload/mod.rs"]
#[allow(clippy::unusual_byte_groupings, reason = "digits of a page and of the place in it")]
mod workload;

use std::hint::black_box;
use std::time::Duration;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use sysrec_format::calls::{CallsRoom, ColumnId};
use sysrec_format::event::{Event, EventBody, TaskId};
use sysrec_format::frame::ChunkKind;
use sysrec_format::layout::{Frame, Layout};
use sysrec_format::storage::MemoryStorage;
use sysrec_format::writer::{TraceWriter, WriterOptions};

use workload::Sample;

const CALLS: usize = 200_000;
const EVENTS: u64 = 50_000;

fn storage() -> MemoryStorage {
    MemoryStorage::with_limit(1 << 28)
}

fn written(samples: &[Sample], take: impl Fn(&mut TraceWriter<MemoryStorage>, &Sample)) -> Vec<u8> {
    let mut writer = workload::create(storage(), WriterOptions::default());
    samples.iter().for_each(|sample| take(&mut writer, sample));
    writer.finish(&workload::ending()).expect("memory does not fail").0.into_bytes()
}

fn frames<'a>(layout: &'a Layout, bytes: &'a Vec<u8>, kind: ChunkKind) -> impl Iterator<Item = Frame> + 'a {
    layout.frames(bytes).map(Result::unwrap).filter(move |frame| frame.header.kind == kind)
}

fn calls(criterion: &mut Criterion) {
    let loads = [("tight loop", workload::tight_loop(CALLS)), ("busy server", workload::busy_server(CALLS))];
    for (name, samples) in &loads {
        let mut group = criterion.benchmark_group(*name);
        group.throughput(Throughput::Elements(CALLS as u64));
        // Rows into the journal, journals sealed into columns, the file closed.
        let in_halves = |writer: &mut TraceWriter<MemoryStorage>, sample: &Sample| {
            writer.entry(sample.task, &sample.entry);
            writer.exit(sample.task, &sample.exit);
        };
        let at_once = |writer: &mut TraceWriter<MemoryStorage>, sample: &Sample| {
            writer.call(sample.task, &sample.entry, &sample.exit);
        };
        group.bench_function("write entry and exit", |bencher| {
            bencher.iter_batched(|| (), |()| written(samples, in_halves), BatchSize::LargeInput);
        });
        group.bench_function("write calls", |bencher| {
            bencher.iter_batched(|| (), |()| written(samples, at_once), BatchSize::LargeInput);
        });
        let bytes = written(samples, at_once);
        let layout = Layout::read(&bytes).expect("a trace");
        let mut buffer = Vec::new();
        // What a report reads.
        group.bench_function("durations and returns", |bencher| {
            let (mut durations, mut returns) = (Vec::new(), Vec::new());
            bencher.iter(|| {
                for frame in frames(&layout, &bytes, ChunkKind::CALLS) {
                    let chunk = layout.calls(&bytes, &frame, &mut buffer).expect("a chunk");
                    let mut duration = chunk.column(ColumnId::DURATION).expect("a column");
                    let mut ret = chunk.column(ColumnId::RETURN).expect("a column");
                    for _ in chunk.sites() {
                        duration.next_site(&mut durations).expect("values");
                        ret.next_site(&mut returns).expect("values");
                        black_box((&durations, &returns));
                    }
                }
            });
        });
        // What a replay reads.
        group.bench_function("whole calls", |bencher| {
            let (mut room, mut calls) = (CallsRoom::default(), Vec::new());
            bencher.iter(|| {
                for frame in frames(&layout, &bytes, ChunkKind::CALLS) {
                    let chunk = layout.calls(&bytes, &frame, &mut buffer).expect("a chunk");
                    chunk.calls_into(&mut room, &mut calls).expect("calls");
                    black_box(&calls);
                }
            });
        });
        group.finish();
    }
}

fn events(criterion: &mut Criterion) {
    let mut writer = workload::create(storage(), WriterOptions::default());
    for index in 0..EVENTS {
        let body = EventBody::Mapping {
            address: 0x7f00_0000_0000 + index * 0x1000,
            length: 0x1000,
            file_offset: 0,
            path: b"/usr/lib/x86_64-linux-gnu/libc.so.6".to_vec(),
            build_id: vec![7; 20],
        };
        writer.event(&Event { time_ns: 1_000 + index, task: Some(TaskId(0)), body });
    }
    let bytes = writer.finish(&workload::ending()).expect("memory does not fail").0.into_bytes();
    let layout = Layout::read(&bytes).expect("a trace");
    let mut buffer = Vec::new();
    let mut group = criterion.benchmark_group("events");
    group.throughput(Throughput::Elements(EVENTS));
    group.bench_function("parse", |bencher| {
        bencher.iter(|| {
            let mut events = 0;
            for frame in frames(&layout, &bytes, ChunkKind::EVENTS) {
                for event in layout.events(&bytes, &frame, &mut buffer).expect("a chunk") {
                    black_box(event.expect("an event"));
                    events += 1;
                }
            }
            assert_eq!(events, EVENTS);
        });
    });
    group.finish();
}

criterion_group! {
    name = codec;
    config = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2));
    targets = calls, events
}
criterion_main!(codec);
