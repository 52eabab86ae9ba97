//! Tries every guest, its log and the kernel's count on strace: what the conformance suite stands on.

use sysrec_tests::backends::STRACE;
use sysrec_tests::conform::{Arguments, RecordedCall, deviations};
use sysrec_tests::guests::{GUESTS, Guest, Strace, named};
use sysrec_tests::log::MARK;
use sysrec_tests::run::{RunError, Waiting, run};
use sysrec_tests::suite::{Verdict, judge};

fn try_on_strace(guest: &Guest) -> Vec<String> {
    let Verdict { misbehaviour: mut problems, untruths, run } = judge(guest, &STRACE);
    let Some(run) = run else { return problems };
    match guest.strace {
        Strace::Conforms => problems.extend(untruths),
        Strace::Misses if untruths.is_empty() => {
            problems
                .push(format!("{}: strace was expected to miss calls, and nothing was found", guest.name));
        }
        Strace::Misses => {}
        Strace::EndsIgnoredCalls if problems.is_empty() => {
            problems = vec![format!("{}: strace was expected to end its calls, and did not", guest.name)];
        }
        Strace::EndsIgnoredCalls => problems.clear(),
        Strace::MisreadsDyingTasks => {
            let total = run.recorded.len() as u64;
            let kernel = run.kernel.iter().flat_map(|kernel| kernel.values());
            let (least, refused) = kernel.fold((0, 0), |(least, refused), count| {
                (least + count.entered + count.first_exec, refused + count.refused)
            });
            if run.kernel.is_some() && !(least..=least + refused).contains(&total) {
                let name = guest.name;
                problems
                    .push(format!("{name}: {total} calls recorded, kernel {least} to {}", least + refused));
            }
        }
    }
    problems
}

#[test]
fn guests_do_under_strace_what_they_do_bare_and_their_logs_are_true() {
    let only = std::env::var("GUEST").ok();
    let chosen = GUESTS.iter().filter(|guest| only.as_deref().is_none_or(|only| guest.name == only));
    let mut problems = Vec::new();
    for guest in chosen {
        problems.extend(try_on_strace(guest));
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn names_of_guests_are_unique() {
    let mut names: Vec<_> = GUESTS.iter().map(|guest| guest.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), GUESTS.len());
}

/// Every call that a recording lacks is missed: the log is no ornament.
#[test]
fn leaving_out_any_one_call_of_a_segment_is_found() {
    for name in ["plain_calls", "i386_vdso", "fork_tree", "signal_restart", "restart_block", "seccomp_trap"] {
        let run = match run(named(name), &STRACE, None) {
            Ok(run) => run,
            Err(RunError::Skip(skip)) => {
                println!("{name}: {skip}");
                continue;
            }
            Err(RunError::Failed(error)) => panic!("{name}: {error}"),
        };
        assert_eq!(deviations(&run.log, &run.recorded).len(), 0);
        // From each task's first marker to its last.
        let marks: Vec<usize> =
            (0..run.recorded.len()).filter(|&index| is_mark(&run.recorded[index])).collect();
        let inside = (0..run.recorded.len()).filter(|&index| {
            let of_task = |mark: &&usize| run.recorded[**mark].task == run.recorded[index].task;
            let first = marks.iter().find(of_task).is_some_and(|&mark| mark <= index);
            first && marks.iter().rfind(of_task).is_some_and(|&mark| index <= mark)
        });
        let inside: Vec<usize> = inside.step_by(7).collect();
        assert!(!inside.is_empty(), "{name}");
        for index in inside {
            if run.recorded[index].ret.is_some_and(|ret| (-516..=-512).contains(&ret)) {
                // Without its first attempt it looks as if the signal had come before the call.
                continue;
            }
            let mut fewer = run.recorded.clone();
            fewer.remove(index);
            assert_ne!(
                deviations(&run.log, &fewer).len(),
                0,
                "{name}: {:x?} is not missed",
                run.recorded[index]
            );
        }
    }
}

fn is_mark(call: &RecordedCall) -> bool {
    matches!(&call.args, Arguments::Shown(args) if args.first() == Some(&MARK))
}

#[test]
fn waiting_guests_go_on_when_their_stdin_ends() {
    for (name, args, lines) in [("blocked_calls", ["1"], 25), ("threads_churn", ["3"], 1)] {
        let mut waiting = match Waiting::start(named(name), &args) {
            Ok(waiting) => waiting,
            Err(RunError::Skip(skip)) => return println!("{skip}"),
            Err(RunError::Failed(error)) => panic!("{name}: {error}"),
        };
        let (status, text) = waiting.finish().expect("it ends");
        assert!(status.success(), "{name}: {status}\n{text}");
        assert_eq!(text.lines().count(), lines, "{name}:\n{text}");
        assert!(!text.lines().any(|line| line.ends_with(": -4")), "{name}:\n{text}");
    }
}
