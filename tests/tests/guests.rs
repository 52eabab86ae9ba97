//! Tries every guest, its log and the kernel's count on strace: what the conformance suite stands on.

use sysrec_tests::conform::deviations;
use sysrec_tests::guests::{GUESTS, Guest, Log, Output};
use sysrec_tests::oracle::{Oracle, compare};
use sysrec_tests::run::{BARE, Backend, Run, RunError, STRACE, run};
use sysrec_tests::strace;

/// Runs one guest and says what is wrong with the run by itself.
fn attempt(guest: &Guest, backend: &Backend, problems: &mut Vec<String>) -> Option<Run> {
    let oracle = if guest.countable { Oracle::new().ok() } else { None };
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
            if guest.log == Log::Exact && run.log.calls() == 0 {
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
        let (bare, recorded) = (String::from_utf8_lossy(&bare.stdout), String::from_utf8_lossy(&recorded.stdout));
        problems.push(format!("{}: output differs\n--- bare\n{bare}--- strace\n{recorded}", guest.name));
    }
    for deviation in deviations(&recorded.log, &recorded.recorded).iter().take(3) {
        problems.push(format!("{}: {deviation}", guest.name));
    }
    if let Some(kernel) = &recorded.kernel {
        for difference in compare(&strace::counts(&recorded.recorded), kernel) {
            problems.push(format!("{}: {difference}", guest.name));
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
        let found = try_on_strace(guest);
        if guest.strace_conforms {
            problems.extend(found);
        } else if found.is_empty() {
            problems.push(format!("{}: strace was expected to fail here, and did not", guest.name));
        }
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
