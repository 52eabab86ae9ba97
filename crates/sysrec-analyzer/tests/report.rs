//! Counts and latencies of traces whose every call is known.

mod recording;

use recording::{Folder, Recording};
use sysrec_analyzer::metrics::{Dimension, Metrics, Report, Row};
use sysrec_analyzer::{Outcome, Selection, Trace};
use sysrec_format::event::{Abi, TaskId};
use sysrec_syscalls::Filter;

fn report(bytes: &[u8], by: &[Dimension], selection: &Selection) -> Report {
    let folder = Folder::new();
    let trace = Trace::open(folder.file("trace.bin", bytes)).unwrap();
    let mut metrics = Metrics::new(by);
    metrics.add(&trace, selection);
    metrics.finish()
}

fn row<'a>(report: &'a Report, label: &str) -> &'a Row {
    let text = |row: &Row| {
        let labels = report.by.iter().map(|dimension| row.key.text(*dimension).unwrap().into_owned());
        labels.collect::<Vec<_>>().join(",")
    };
    let found: Vec<&Row> = report.rows.iter().filter(|row| text(row) == label).collect();
    assert_eq!(
        found.len(),
        1,
        "rows of {label} among {:?}",
        report.rows.iter().map(text).collect::<Vec<_>>()
    );
    found[0]
}

/// Calls, errors and wall time of a row.
fn sums(report: &Report, label: &str) -> (u64, u64, u128) {
    let row = row(report, label);
    (row.latency.count(), row.errors, row.latency.sum_ns())
}

/// Two processes; the first has a second thread. Several sites, errors and chunks.
fn server() -> Vec<u8> {
    let mut recording = Recording::new();
    let main = recording.process(100, "server");
    let worker = recording.thread(main, 101, "worker");
    let child = recording.fork(main, 200, "child");
    for round in 0..10u64 {
        recording.ip = 0x40_1000;
        recording.wait(100).call(main, "read", 1_000 + round, if round % 2 == 0 { 5 } else { -11 });
        recording.ip = 0x40_2000;
        recording.wait(100).call(main, "read", 2_000, 7);
        recording.wait(100).call(worker, "write", 500, 5);
        recording.wait(100).call(child, "close", 50, -9);
        if round == 5 {
            recording.seal();
        }
    }
    recording.in_flight(worker, "futex").in_flight(child, "exit_group").in_flight(main, "exit_group");
    recording.finish()
}

#[test]
fn rows_are_by_call_over_all_sites_and_chunks() {
    let report = report(&server(), &[Dimension::Syscall], &Selection::default());
    assert_eq!(report.rows.len(), 3);
    assert_eq!(sums(&report, "read"), (20, 5, 10 * 1_000 + 45 + 10 * 2_000));
    assert_eq!(sums(&report, "write"), (10, 0, 5_000));
    assert_eq!(sums(&report, "close"), (10, 10, 500));
    let read = row(&report, "read");
    assert_eq!((read.latency.min_ns(), read.latency.max_ns()), (1_000, 2_000));
    assert_eq!(read.latency.quantiles_ns([0.5, 0.9]), [1_009, 2_000]);
    assert_eq!((report.calls(), report.errors()), (40, 15));
    assert_eq!(report.unfinished, [("exit_group".to_owned(), 2), ("futex".to_owned(), 1)]);
}

#[test]
fn keys_combine() {
    let bytes = server();
    let all = Selection::default();
    let by_process = report(&bytes, &[Dimension::Process], &all);
    assert_eq!(sums(&by_process, "server 100").0, 30);
    assert_eq!(sums(&by_process, "child 200").0, 10);
    let by_thread = report(&bytes, &[Dimension::Thread], &all);
    assert_eq!(sums(&by_thread, "server 100").0, 20);
    assert_eq!(sums(&by_thread, "worker 101").0, 10);
    let by_error = report(&bytes, &[Dimension::Syscall, Dimension::Errno], &all);
    assert_eq!(sums(&by_error, "read,EAGAIN"), (5, 5, 5 * 1_000 + 1 + 3 + 5 + 7 + 9));
    assert_eq!(sums(&by_error, "read,ok").0, 15);
    assert_eq!(sums(&by_error, "close,EBADF"), (10, 10, 500));
    let both = report(&bytes, &[Dimension::Thread, Dimension::Process], &all);
    assert_eq!(sums(&both, "worker 101,server 100").0, 10);
    let none = report(&bytes, &[], &all);
    assert_eq!(none.rows.len(), 1);
    assert_eq!(none.calls(), 40);
}

#[test]
fn one_name_on_two_abis_is_one_row_until_asked_by_abi() {
    let mut recording = Recording::new();
    let task = recording.process(1, "mixed");
    recording.call(task, "read", 10, 0);
    recording.abi = Abi::I386;
    recording.call(task, "read", 20, 0);
    // An address that i386 gives zero-extended is no error.
    recording.call(task, "mmap2", 30, 0xf7d0_0000);
    let bytes = recording.finish();
    let by_name = report(&bytes, &[Dimension::Syscall], &Selection::default());
    assert_eq!(sums(&by_name, "read"), (2, 0, 30));
    assert_eq!(sums(&by_name, "mmap2"), (1, 0, 30));
    let by_abi = report(&bytes, &[Dimension::Syscall, Dimension::Abi], &Selection::default());
    assert_eq!(sums(&by_abi, "read,x86-64"), (1, 0, 10));
    assert_eq!(sums(&by_abi, "read,i386"), (1, 0, 20));
}

#[test]
fn what_sigreturn_brings_back_is_no_error() {
    let mut recording = Recording::new();
    let task = recording.process(1, "signals");
    recording.call(task, "rt_sigreturn", 10, -4).call(task, "pause", 10, -4);
    let bytes = recording.finish();
    let report_by = |by: &[Dimension]| report(&bytes, by, &Selection::default());
    assert_eq!(sums(&report_by(&[Dimension::Syscall]), "rt_sigreturn").1, 0);
    assert_eq!(sums(&report_by(&[Dimension::Errno]), "ok").0, 1);
    assert_eq!(sums(&report_by(&[Dimension::Errno]), "EINTR").0, 1);
    let failing = Selection { outcome: Outcome::Failing, ..Selection::default() };
    assert_eq!(report(&bytes, &[], &failing).calls(), 1);
}

#[test]
fn selections_leave_the_rest_out() {
    let bytes = server();
    let calls = |selection: Selection| report(&bytes, &[Dimension::Syscall], &selection).calls();
    let all = Selection::default;
    assert_eq!(calls(Selection { filters: vec![Filter::parse("read,close").unwrap()], ..all() }), 30);
    assert_eq!(calls(Selection { pids: vec![100], ..all() }), 30);
    assert_eq!(calls(Selection { tids: vec![101, 200], ..all() }), 20);
    assert_eq!(calls(Selection { pids: vec![100], tids: vec![101], ..all() }), 10);
    assert_eq!(calls(Selection { outcome: Outcome::Failing, ..all() }), 15);
    assert_eq!(calls(Selection { outcome: Outcome::Successful, ..all() }), 25);
    assert_eq!(calls(Selection { duration_ns_min: 1_005, ..all() }), 15);
    let both =
        Selection { filters: vec![Filter::parse("read").unwrap()], outcome: Outcome::Failing, ..all() };
    let both = report(&bytes, &[Dimension::Syscall], &both);
    assert_eq!(sums(&both, "read"), (5, 5, 5_025));
    assert_eq!(both.unfinished, []);
}

/// Every cut through time, against the starts that are known.
#[test]
fn times_select_by_start_wherever_chunks_end() {
    let mut recording = Recording::new();
    let task = recording.process(1, "clock");
    let mut starts = Vec::new();
    for round in 0..100u64 {
        recording.wait(1_000 - 300);
        starts.push(recording.now_ns() - recording::START_NS);
        recording.call(task, if round % 3 == 0 { "read" } else { "write" }, 300, 0);
        if round % 40 == 39 {
            recording.seal();
        }
    }
    let bytes = recording.finish();
    let folder = Folder::new();
    let trace = Trace::open(folder.file("trace.bin", &bytes)).unwrap();
    for (since_ns, until_ns) in
        [(0, 50_000), (700, 701), (701, 1_699), (33_333, 77_777), (39_700, 40_000), (90_000, 1 << 60)]
    {
        for filter in ["all", "read", "write"] {
            let filter = Filter::parse(filter).unwrap();
            let selection = Selection {
                since_ns: Some(since_ns),
                until_ns: Some(until_ns),
                filters: vec![filter.clone()],
                ..Selection::default()
            };
            let mut metrics = Metrics::new(&[]);
            metrics.add(&trace, &selection);
            let inside = |(round, start): (usize, &u64)| {
                let nr = if round % 3 == 0 { 0 } else { 1 };
                (since_ns..until_ns).contains(start) && filter.matches(sysrec_syscalls::Abi::X86_64, nr)
            };
            let expected = starts.iter().enumerate().filter(|(round, start)| inside((*round, start))).count();
            assert_eq!(metrics.finish().calls(), expected as u64, "{since_ns}..{until_ns} {filter}");
        }
    }
}

#[test]
fn traces_add_up_and_processes_stay_apart() {
    let folder = Folder::new();
    let trace = Trace::open(folder.file("trace.bin", &server())).unwrap();
    let add_twice = |by: &[Dimension]| {
        let mut metrics = Metrics::new(by);
        metrics.add(&trace, &Selection::default());
        metrics.add(&trace, &Selection::default());
        metrics.finish()
    };
    let twice = add_twice(&[Dimension::Syscall]);
    assert_eq!(sums(&twice, "read"), (40, 10, 2 * 30_045));
    assert_eq!(twice.unfinished_calls(), 6);
    let by_process = add_twice(&[Dimension::Process]);
    assert_eq!(by_process.rows.len(), 4);
}

#[test]
fn many_calls_over_many_chunks_count_exactly() {
    let mut recording = Recording::new();
    let task = recording.process(1, "loop");
    for round in 0..200_000u64 {
        recording.wait(10).call(task, "getppid", 100 + round % 1000, 1);
    }
    let report = report(&recording.finish(), &[Dimension::Syscall], &Selection::default());
    let latency = &row(&report, "getppid").latency;
    assert_eq!((latency.count(), latency.sum_ns()), (200_000, 200 * (100_000 + 499_500)));
    assert_eq!((latency.min_ns(), latency.max_ns()), (100, 1099));
    let [p50, p99] = latency.quantiles_ns([0.5, 0.99]);
    assert!(p50.abs_diff(599) <= 1 && p99.abs_diff(1089) <= 1, "{p50} {p99}");
}

#[test]
fn the_slowest_are_found_in_order() {
    let folder = Folder::new();
    let mut recording = Recording::new();
    let task = recording.process(1, "slow");
    for round in 0..50_000u64 {
        recording.args[0] = round;
        // A permutation: every duration once.
        recording.wait(5).call(task, "read", 1 + round * 7_919 % 50_000, 0);
    }
    let trace = Trace::open(folder.file("trace.bin", &recording.finish())).unwrap();
    let (slow, damages) = sysrec_analyzer::metrics::slowest(&[trace], &Selection::default(), 5);
    assert!(damages.is_empty());
    let durations: Vec<u64> = slow.iter().map(|slow| slow.call.duration_ns).collect();
    assert_eq!(durations, [50_000, 49_999, 49_998, 49_997, 49_996]);
    for slow in &slow {
        assert_eq!(1 + slow.call.entry.args[0] * 7_919 % 50_000, slow.call.duration_ns);
        assert_eq!(slow.call.task, TaskId(0));
    }
}

/// Every chunk holds one of the slowest, by a nanosecond.
#[test]
fn the_slowest_are_found_wherever_they_are() {
    let folder = Folder::new();
    let mut recording = Recording::new();
    let task = recording.process(1, "slow");
    for round in 0..300u64 {
        recording.wait(5).call(task, "read", 1_000 + round, 0).seal();
    }
    let trace = Trace::open(folder.file("trace.bin", &recording.finish())).unwrap();
    let (slow, _) = sysrec_analyzer::metrics::slowest(&[trace], &Selection::default(), 3);
    let durations: Vec<u64> = slow.iter().map(|slow| slow.call.duration_ns).collect();
    assert_eq!(durations, [1_299, 1_298, 1_297]);
}
