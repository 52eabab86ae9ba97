//! The analyzer over a trace in a file: opening it, and a report by one key and by several.

#[path = "../../crates/sysrec-format/tests/workload/mod.rs"]
#[allow(clippy::unusual_byte_groupings, reason = "digits of a page and of the place in it")]
mod workload;

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use sysrec_analyzer::metrics::{Dimension, Metrics};
use sysrec_analyzer::{Item, Selection, Timeline, Trace};
use sysrec_benches::file_storage::FileStorage;
use sysrec_format::event::{Event, EventBody, Origin, TaskId};
use sysrec_format::writer::WriterOptions;

const CALLS: usize = 1_000_000;
/// As `busy_server` has them.
const TASKS: u32 = 4;

fn analysis(criterion: &mut Criterion) {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let path = dir.path().join("trace");
    let mut writer = workload::create(FileStorage::create(&path).expect("a file"), WriterOptions::default());
    for task in 0..TASKS {
        let tid = 100 + task.cast_signed();
        let (process, parent, origin) = (TaskId(0), None, Origin::COMMAND);
        let body = EventBody::TaskStart { tid, pid: 100, process, parent, origin, comm: b"server".to_vec() };
        writer.event(&Event { time_ns: 1, task: Some(TaskId(task)), body });
    }
    for sample in workload::busy_server(CALLS) {
        writer.entry(sample.task, &sample.entry);
        writer.exit(sample.task, &sample.exit);
    }
    writer.finish(&workload::ending()).expect("a whole trace");

    let mut group = criterion.benchmark_group("analysis");
    group.bench_function("open", |bencher| bencher.iter(|| black_box(Trace::open(&path).expect("a trace"))));
    group.throughput(Throughput::Elements(CALLS as u64));
    let trace = Trace::open(&path).expect("a trace");
    let all = Selection::default();
    // All cores: a call takes less time than on one.
    for (name, by) in [
        ("report by syscall", &[Dimension::Syscall][..]),
        ("report by thread and syscall", &[Dimension::Thread, Dimension::Syscall][..]),
    ] {
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let mut metrics = Metrics::new(by);
                metrics.add(&trace, &all);
                assert_eq!(black_box(metrics.finish()).calls(), CALLS as u64);
            });
        });
    }
    group.bench_function("timeline", |bencher| {
        bencher.iter(|| {
            let calls = Timeline::new(&trace, &all).filter(|item| matches!(item, Item::Call(_)));
            assert_eq!(calls.count(), CALLS);
        });
    });
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(3));
    targets = analysis
}
criterion_main!(benches);
