//! Comparisons of traces that are known call by call.

mod recording;

use recording::{Folder, Recording as Made};
use sysrec_analyzer::diff::{
    Condition, Diff, Metric, Options, Presence, Recording, Row, Unit, Verdict, compare, mismatches,
};
use sysrec_analyzer::metrics::Dimension;
use sysrec_analyzer::{Selection, Trace};
use sysrec_format::block::Session;
use sysrec_format::storage::MemoryStorage;

/// Opens what a closure records.
fn trace(make: impl FnOnce(&mut Made)) -> Trace {
    let mut made = Made::new();
    make(&mut made);
    let folder = Folder::new();
    Trace::open(folder.file("trace.bin", &made.finish())).unwrap()
}

fn read(trace: &Trace, by: &[Dimension]) -> Recording {
    Recording::read(trace, &Selection::default(), by, &Unit::Recording).unwrap()
}

/// A server of 100 reads of a duration and some stats.
fn server(read_ns: u64, stats: u64) -> Recording {
    let trace = trace(|made| {
        let task = made.process(100, "server");
        for round in 0..100 {
            made.wait(10).call(task, "read", read_ns + round, 5);
        }
        for _ in 0..stats {
            made.wait(10).call(task, "newfstatat", 20_000, -2);
        }
    });
    read(&trace, &[Dimension::Syscall])
}

fn servers(durations: &[u64]) -> Vec<Recording> {
    durations.iter().map(|read_ns| server(*read_ns, 3)).collect()
}

fn diff(base: &[Recording], new: &[Recording]) -> Diff {
    compare(&[Dimension::Syscall], base, new, Options::default())
}

fn row<'a>(diff: &'a Diff, name: &str) -> &'a Row {
    diff.rows.iter().find(|row| row.key.syscall.as_deref() == Some(name)).unwrap()
}

#[test]
fn one_recording_a_side_shows_counts_as_facts_and_times_without_verdict() {
    let diff = diff(&[server(50_000, 3)], &[server(90_000, 4)]);
    let stat = row(&diff, "newfstatat");
    assert_eq!((stat.verdict(Metric::Calls), stat.verdict(Metric::Errors)), (Verdict::Exact, Verdict::Exact));
    assert_eq!(stat.change(Metric::Calls), Some(1.0));
    let read = row(&diff, "read");
    let verdicts = Metric::ALL.map(|metric| read.verdict(metric));
    let (same, unknown) = (Verdict::Same, Verdict::Unknown);
    assert_eq!(verdicts, [same, same, unknown, unknown, unknown, Verdict::NotTested]);
    assert_eq!(read.change(Metric::P50), Some(40_000.0));
    assert_eq!(read.relative_change(Metric::Wall), Some(40_000.0 / 50_049.5));
    assert_eq!((read.ratio_interval(Metric::P50), diff.tests), (None, 0));
}

#[test]
fn rows_of_one_side_come_first_then_those_that_changed_then_the_largest_change_of_wall_time() {
    let side = |calls: &[(&str, u64)]| {
        let trace = trace(|made| {
            let task = made.process(100, "server");
            for (name, duration_ns) in calls {
                made.call(task, name, *duration_ns, 0);
            }
        });
        vec![read(&trace, &[Dimension::Syscall])]
    };
    let base = side(&[("read", 100), ("write", 5_000), ("close", 10), ("munmap", 1), ("lseek", 9)]);
    let new = side(&[("read", 200), ("write", 1_000), ("close", 5), ("close", 6), ("statx", 1), ("mmap", 7)]);
    let diff = diff(&base, &new);
    let order: Vec<(&str, Presence)> =
        diff.rows.iter().map(|row| (row.key.syscall.as_deref().unwrap(), row.presence)).collect();
    let expected = [
        ("mmap", Presence::New),
        ("statx", Presence::New),
        ("lseek", Presence::Gone),
        ("munmap", Presence::Gone),
        ("close", Presence::Both),
        ("write", Presence::Both),
        ("read", Presence::Both),
    ];
    assert_eq!(order, expected);
    assert_eq!(row(&diff, "mmap").change(Metric::P50), None);
    assert_eq!(diff.total.change(Metric::Wall), Some(1219.0 - 5120.0));
}

#[test]
fn several_recordings_show_a_shift_and_not_noise() {
    let noise: Vec<u64> = (0..10).map(|run| 50_000 + run * 37 % 10 * 300).collect();
    let later: Vec<u64> = noise.iter().map(|ns| ns + 5_000).collect();
    let other: Vec<u64> = noise.iter().map(|ns| ns + 150).collect();
    let slower = diff(&servers(&noise), &servers(&later));
    let read = row(&slower, "read");
    for metric in [Metric::Wall, Metric::P50, Metric::P99] {
        assert!(
            matches!(read.verdict(metric), Verdict::Shown { p } if p < 0.001),
            "{:?}",
            read.verdict(metric)
        );
        assert!(read.ratio_interval(metric).is_some_and(|(low, high)| low > 1.05 && high < 1.15));
    }
    // stat takes the same time in all of them: it cannot pass the floors, and takes no share of the tests.
    assert_eq!(
        (row(&slower, "newfstatat").verdict(Metric::P50), slower.tests),
        (Verdict::NotShown { p: None }, 3)
    );
    let same = diff(&servers(&noise), &servers(&other));
    assert!(same.rows.iter().all(|row| !row.is_change()), "{:?}", same.rows);
}

/// Recordings of so many calls, of which the last take longer than the others.
fn tails(runs: std::ops::Range<u64>, calls: u64, slow: u64, slow_ns: u64) -> Vec<Recording> {
    let recording = |run: u64| {
        let trace = trace(|made| {
            let task = made.process(100, "server");
            for call in 0..calls {
                let ns = if call + slow < calls { 20_000 } else { slow_ns };
                made.call(task, "read", ns + run * 37 % 10 * 10, 5);
            }
        });
        read(&trace, &[Dimension::Syscall])
    };
    runs.map(recording).collect()
}

#[test]
fn a_longer_tail_is_shown_though_the_median_stays() {
    let verdicts = |diff: &Diff| {
        let row = row(diff, "read");
        [Metric::P50, Metric::P99, Metric::Wall].map(|metric| row.verdict(metric).is_change())
    };
    let longer = diff(&tails(0..10, 200, 4, 40_000), &tails(10..20, 200, 4, 60_000));
    assert_eq!(verdicts(&longer), [false, true, false], "2 % of the calls, so that the total grows by 2 %");
    // Calls between the two percentiles: neither moves, the total does.
    let between = diff(&tails(0..10, 200, 60, 40_000), &tails(10..20, 200, 80, 40_000));
    assert_eq!(verdicts(&between), [false, false, true]);
    // 99 calls have no 99th percentile but their longest, which is not tested.
    let few = diff(&tails(0..10, 99, 2, 40_000), &tails(10..20, 99, 2, 60_000));
    assert_eq!(verdicts(&few), [false, false, false]);
    assert_eq!(row(&few, "read").verdict(Metric::P99), Verdict::NotTested);
}

#[test]
fn the_total_of_a_single_call_has_the_verdict_of_its_median_and_no_test_of_its_own() {
    let (base, new) = (tails(0..10, 1, 0, 0), tails(0..10, 1, 1, 40_000));
    let diff = diff(&base, &new);
    let row = row(&diff, "read");
    assert_eq!((diff.tests, row.verdict(Metric::Wall)), (1, row.verdict(Metric::P50)));
    assert!(row.is_change());
}

#[test]
fn calls_that_did_not_return_are_compared_by_name() {
    let side = |calls: &[usize]| -> Vec<Recording> {
        let recording = |threads: &usize| {
            let trace = trace(|made| {
                let main = made.process(100, "server");
                for thread in 0..*threads {
                    let task = made.thread(main, 101 + thread as i32, "worker");
                    made.in_flight(task, "exit").exit(task, 0);
                }
                made.in_flight(main, "exit_group").exit(main, 0);
            });
            read(&trace, &[Dimension::Syscall])
        };
        calls.iter().map(recording).collect()
    };
    let unfinished = |base: &[usize], new: &[usize]| {
        let unfinished = diff(&side(base), &side(new)).unfinished;
        assert_eq!(
            unfinished.last().map(|last| (last.syscall.as_str(), last.verdict)),
            Some(("exit_group", Verdict::Same))
        );
        unfinished[0].clone()
    };
    let more = unfinished(&[1, 1], &[2, 2]);
    assert_eq!((more.syscall.as_str(), more.verdict), ("exit", Verdict::Exact));
    assert_eq!((more.base, more.new), (vec![1, 1], vec![2, 2]));
    assert_eq!(unfinished(&[0], &[1]).verdict, Verdict::Exact);
    assert_eq!(unfinished(&[1, 2], &[2, 2]).verdict, Verdict::NotShown { p: None });
}

#[test]
fn a_shift_below_the_floors_is_none_however_sure() {
    let base: Vec<u64> = (0..10).map(|run| 50_000 + run * 10).collect();
    let later: Vec<u64> = base.iter().map(|ns| ns + 1_000).collect();
    assert!(!row(&diff(&servers(&base), &servers(&later)), "read").is_change());
    let options = Options { floor_share: 0.01, ..Options::default() };
    let (base, new) = (servers(&base), servers(&later));
    assert!(row(&compare(&[Dimension::Syscall], &base, &new, options), "read").is_change());
    let options = Options { floor_share: 0.01, floor_ns: 2_000.0, ..Options::default() };
    assert!(!row(&compare(&[Dimension::Syscall], &base, &new, options), "read").is_change());
}

#[test]
fn too_few_recordings_are_said_to_be_too_few() {
    let few = diff(&servers(&[50_000, 51_000, 52_000]), &servers(&[90_000, 91_000, 92_000]));
    assert!(few.is_too_small_to_show());
    assert!(
        matches!(row(&few, "read").verdict(Metric::P50), Verdict::NotShown { p: Some(p) } if (p - 0.3).abs() < 1e-9)
    );
    assert_eq!((few.tests, few.recordings_needed()), (3, 5));
    let enough = diff(&servers(&[50_000; 5]), &servers(&[90_000; 5]));
    assert!(!enough.is_too_small_to_show() && row(&enough, "read").is_change());
}

#[test]
fn counts_are_facts_only_where_they_do_not_vary() {
    let side =
        |stats: &[u64]| -> Vec<Recording> { stats.iter().map(|stats| server(50_000, *stats)).collect() };
    let calls =
        |base: &[u64], new: &[u64]| row(&diff(&side(base), &side(new)), "newfstatat").verdict(Metric::Calls);
    assert_eq!(calls(&[3, 3, 3], &[3, 3, 3]), Verdict::Same);
    assert_eq!(calls(&[3, 3, 3], &[4, 4, 4]), Verdict::Exact);
    assert!(matches!(calls(&[3, 4, 3], &[4, 5, 4]), Verdict::NotShown { .. }));
    // Apart, but three recordings a side do not show it.
    assert!(matches!(calls(&[3, 4, 3], &[6, 5, 6]), Verdict::NotShown { p: Some(_) }));
    assert!(matches!(calls(&[3, 4, 3, 4, 3], &[6, 5, 6, 5, 6]), Verdict::Shown { .. }));
    // Surely more, yet sometimes the same: not called another number.
    let (low, high) = ([3, 3, 3, 3, 3, 3, 3, 9], [9, 9, 9, 9, 9, 9, 9, 9]);
    assert!(matches!(calls(&low, &high), Verdict::NotShown { .. }));
    assert_eq!(calls(&[3], &[4, 5]), Verdict::Unknown);
}

#[test]
fn a_row_is_new_only_if_every_recording_has_it() {
    let side =
        |stats: &[u64]| -> Vec<Recording> { stats.iter().map(|stats| server(50_000, *stats)).collect() };
    let presence = |base: &[u64], new: &[u64]| row(&diff(&side(base), &side(new)), "newfstatat").presence;
    assert_eq!(presence(&[0, 0], &[1, 7]), Presence::New);
    assert_eq!(presence(&[2, 7], &[0, 0]), Presence::Gone);
    assert_eq!(presence(&[0, 0], &[1, 0]), Presence::Both);
}

#[test]
fn processes_are_the_same_by_name() {
    let by = [Dimension::Process, Dimension::Syscall];
    let side = |pid: i32| {
        let trace = trace(|made| {
            let main = made.process(pid, "server");
            let one = made.fork(main, pid + 1, "worker");
            let two = made.fork(main, pid + 2, "worker");
            made.call(one, "read", 10, 1).call(two, "read", 30, -11).call(main, "wait4", 5, 0);
        });
        vec![read(&trace, &by)]
    };
    let diff = compare(&by, &side(100), &side(5_000), Options::default());
    assert_eq!(diff.rows.len(), 2);
    assert!(
        diff.rows
            .iter()
            .all(|row| row.presence == Presence::Both && row.verdict(Metric::Calls) == Verdict::Same)
    );
    let labels: Vec<String> = diff.rows.iter().map(|row| row.label(Dimension::Process)).collect();
    assert!(labels.contains(&"worker".to_owned()) && labels.contains(&"server".to_owned()), "{labels:?}");
    let worker = diff.rows.iter().find(|row| row.label(Dimension::Process) == "worker").unwrap();
    assert_eq!(worker.base_value(Metric::Calls), Some(2.0));
    assert_eq!(worker.base_value(Metric::Max), Some(30.0));
}

#[test]
fn counts_for_a_unit_of_work() {
    let side = |requests: u64| {
        trace(|made| {
            let task = made.process(100, "server");
            for _ in 0..requests {
                made.call(task, "accept4", 100, 5).call(task, "read", 10, 1).call(task, "read", 10, 1);
            }
        })
    };
    let by = [Dimension::Syscall];
    let selection = Selection { filters: vec!["read".parse().unwrap()], ..Selection::default() };
    let unit = Unit::CallOf(Box::new("accept4".parse().unwrap()));
    let read = |trace: &Trace, unit: &Unit| Recording::read(trace, &selection, &by, unit);
    let (base, new) = (side(7), side(21));
    let diff =
        compare(&by, &[read(&base, &unit).unwrap()], &[read(&new, &unit).unwrap()], Options::default());
    let row = &diff.rows[0];
    assert_eq!((row.base_value(Metric::Calls), row.verdict(Metric::Calls)), (Some(2.0), Verdict::Same));
    assert_eq!(row.base_value(Metric::Wall), Some(20.0));
    assert_eq!(row.base_value(Metric::P50), Some(10.0));
    assert!(read(&base, &Unit::CallOf(Box::new("openat".parse().unwrap()))).is_err());
    assert_eq!(read(&base, &Unit::Part(7)).unwrap().units, 7);
}

#[test]
fn conditions_that_differ_are_named() {
    let folder = Folder::new();
    let trace = |name: &str, release: &str, filter: Option<&str>| {
        let mut session = Session { filter: filter.map(Into::into), ..recording::session() };
        session.host.release = release.into();
        let made = Made::with(MemoryStorage::new(), &session);
        Trace::open(folder.file(name, &made.finish())).unwrap()
    };
    let base = [trace("a", "6.1", None), trace("b", "6.1", None)];
    assert_eq!(mismatches(&base[..1], &base[1..]), []);
    let new = [trace("c", "6.18", Some("%file"))];
    let found = mismatches(&base, &new);
    let names: Vec<Condition> = found.iter().map(|mismatch| mismatch.condition).collect();
    assert_eq!(names, [Condition::Kernel, Condition::Filter]);
    assert_eq!(
        (&found[1].base[..], &found[1].new[..]),
        (&["none".to_owned()][..], &["%file".to_owned()][..])
    );
    let told = |name: &str, options: &[&str]| {
        let backend_options = options.iter().map(|option| (*option).to_owned()).collect();
        let session = Session { backend_options, ..recording::session() };
        let made = Made::with(MemoryStorage::new(), &session);
        [Trace::open(folder.file(name, &made.finish())).unwrap()]
    };
    let (plain, elsewhere) = (told("f", &[]), told("g", &["placement=false", "chosen=it works here"]));
    let found = mismatches(&plain, &elsewhere);
    assert_eq!((found.len(), found[0].condition), (1, Condition::Backend));
    assert_eq!(found[0].new, ["ptrace (placement=false)"]);
    assert_eq!(mismatches(&plain, &told("h", &["chosen=it works here"])), [], "why is no condition");
    let rings = |name: &str, path: &str| told(name, &[path]);
    assert_eq!(
        mismatches(&rings("i", "rings=/dev/shm/1"), &rings("j", "rings=/dev/shm/2")),
        [],
        "nor is where rings were"
    );
    // Within one side too.
    let mixed = [trace("d", "6.1", None), trace("e", "6.2", None)];
    assert_eq!(mismatches(&mixed, &base).len(), 1);
}
