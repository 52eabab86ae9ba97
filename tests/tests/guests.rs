//! Tries every guest, its log and the kernel's count on strace: what the conformance suite stands on.

use sysrec_tests::conform::{Arguments, RecordedCall, counts, deviations};
use sysrec_tests::guests::{GUESTS, Guest, Log, Output, Strace, named};
use sysrec_tests::log::MARK;
use sysrec_tests::oracle::{Oracle, compare};
use sysrec_tests::run::{BARE, Backend, Run, RunError, STRACE, Waiting, run};

/// Runs one guest and says what is wrong with the run by itself.
fn attempt(guest: &Guest, backend: &Backend, problems: &mut Vec<String>) -> Option<Run> {
    let oracle = if guest.countable { Oracle::new() } else { Err(std::io::Error::other("not countable")) };
    if let (Err(error), true) = (&oracle, guest.countable) {
        println!("SKIP: the kernel's count of {}: {error}", guest.name);
    }
    let oracle = oracle.ok();
    match run(guest, backend, oracle) {
        Err(RunError::Skip(skip)) => {
            println!("{} under {}: {skip}", guest.name, backend.name);
            None
        }
        Err(RunError::Failed(error)) => {
            problems.push(format!("{} under {}: {error}", guest.name, backend.name));
            None
        }
        Ok(run) => {
            if !guest.end.is(run.status) {
                let stdout = String::from_utf8_lossy(&run.stdout);
                problems.push(format!(
                    "{} under {}: ended with {} instead of {:?}\n{stdout}{}",
                    guest.name,
                    backend.name,
                    run.status,
                    guest.end,
                    String::from_utf8_lossy(&run.stderr)
                ));
            }
            if guest.log == Log::Exact && run.log.calls() == 0 && run.log.counts.is_empty() {
                problems.push(format!("{} under {}: logged nothing", guest.name, backend.name));
            }
            Some(run)
        }
    }
}

fn try_on_strace(guest: &Guest) -> Vec<String> {
    let mut problems = Vec::new();
    let (bare, recorded) = (attempt(guest, &BARE, &mut problems), attempt(guest, &STRACE, &mut problems));
    let (Some(bare), Some(recorded)) = (bare, recorded) else { return problems };
    if guest.output == Output::Same && bare.stdout != recorded.stdout {
        let (bare, recorded) =
            (String::from_utf8_lossy(&bare.stdout), String::from_utf8_lossy(&recorded.stdout));
        problems.push(format!("{}: output differs\n--- bare\n{bare}--- strace\n{recorded}", guest.name));
    }
    let mut lies = Vec::new();
    for deviation in deviations(&recorded.log, &recorded.recorded).iter().take(3) {
        lies.push(format!("{}: {deviation}", guest.name));
    }
    if let Some(kernel) = &recorded.kernel {
        for difference in compare(&counts(&recorded.recorded), kernel) {
            lies.push(format!("{}: {difference}", guest.name));
        }
    }
    match guest.strace {
        Strace::Conforms => problems.append(&mut lies),
        Strace::Misses if lies.is_empty() => {
            problems
                .push(format!("{}: strace was expected to miss calls, and nothing was found", guest.name));
        }
        Strace::Misses => {}
        Strace::MisreadsDyingTasks => {
            let total = recorded.recorded.len() as u64;
            let kernel = recorded.kernel.iter().flat_map(|kernel| kernel.values());
            let (least, refused) = kernel.fold((0, 0), |(least, refused), count| {
                (least + count.entered + count.first_exec, refused + count.refused)
            });
            if recorded.kernel.is_some() && !(least..=least + refused).contains(&total) {
                let name = guest.name;
                problems
                    .push(format!("{name}: {total} calls recorded, kernel {least} to {}", least + refused));
            }
        }
    }
    println!(
        "{}: {} segments, {} logged, {} recorded",
        guest.name,
        recorded.log.segments.len(),
        recorded.log.calls(),
        recorded.recorded.len()
    );
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
        let waiting = match Waiting::start(named(name), &args) {
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
