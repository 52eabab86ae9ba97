//! One guest under one backend, judged by everything that is known of it.

use sysrec_format::event::Abi;

use crate::backends::{BARE, Backend};
use crate::conform::{counts, deviations};
use crate::guests::{Guest, Log, Output};
use crate::oracle::{KernelCounts, Oracle, compare};
use crate::run::{Run, RunError, run};

/// What is to be said against a backend.
#[derive(Debug, Default)]
pub struct Verdict {
    /// The guest did not behave as without it.
    pub misbehaviour: Vec<String>,
    /// The recording is not what the guest did, or what the kernel counted.
    pub untruths: Vec<String>,
    /// The recorded run, unless it failed or cannot be made here.
    pub run: Option<Run>,
}

impl Verdict {
    /// All of it.
    pub fn problems(self) -> Vec<String> {
        let mut problems = self.misbehaviour;
        problems.extend(self.untruths);
        problems
    }
}

/// Runs the guest bare and under the backend.
pub fn judge(guest: &Guest, backend: &Backend) -> Verdict {
    let mut verdict = Verdict::default();
    if let Err(skip) = (backend.available)() {
        println!("{} under {}: {skip}", guest.name, backend.name);
        return verdict;
    }
    let bare = attempt(guest, &BARE, &mut verdict.misbehaviour);
    let recorded = attempt(guest, backend, &mut verdict.misbehaviour);
    let (Some(bare), Some(recorded)) = (bare, recorded) else { return verdict };
    let comparable = |run: &Run| comparable(&run.stdout, guest.output, backend);
    let [bare, text] = [&bare, &recorded].map(comparable);
    if bare != text {
        verdict
            .misbehaviour
            .push(format!("{}: output differs\n--- bare\n{bare}--- {}\n{text}", guest.name, backend.name));
    }
    let about = format!("{} under {}", guest.name, backend.name);
    let log = recorded.log.only(backend.selects);
    for deviation in deviations(&log, &recorded.recorded).iter().take(3) {
        verdict.untruths.push(format!("{about}: {deviation}"));
    }
    let selected = |kernel: &KernelCounts| -> KernelCounts {
        let counts = kernel.iter().filter(|((abi, nr), _)| (backend.selects)(*abi, *nr));
        counts.map(|(number, count)| (*number, *count)).collect()
    };
    let counted = counts(&recorded.recorded);
    let mut allowance = backend.allowance(&recorded.recorded, recorded.recorder_calls.clone());
    allowance.recorder_calls.retain(|&(abi, nr), _| (backend.selects)(abi, nr));
    if let Some(kernel) = &recorded.kernel {
        if guest.renumbered {
            allowance.renumbered = kernel.get(&(Abi::X86_64, -1)).map_or(0, |count| count.refused);
        }
        for difference in compare(&counted, &allowance, &selected(kernel)) {
            verdict.untruths.push(format!("{about}: {difference}"));
        }
    }
    println!(
        "{about}: {} segments, {} logged, {} recorded{}",
        recorded.log.segments.len(),
        log.calls(),
        recorded.recorded.len(),
        if recorded.kernel.is_some() { ", counted by the kernel" } else { "" },
    );
    verdict.run = Some(recorded);
    verdict
}

/// What of a guest's output must be the same bare and recorded.
fn comparable(stdout: &[u8], output: Output, backend: &Backend) -> String {
    let text = String::from_utf8_lossy(stdout);
    match output {
        Output::Same => text.into_owned(),
        Output::ShowsState => {
            let is_own = |line: &&str| {
                (backend.keeps_cpus || !line.starts_with("Cpus_allowed"))
                    && (backend.keeps_seccomp
                        || !line.starts_with("NoNewPrivs") && !line.starts_with("Seccomp"))
            };
            text.lines().filter(is_own).collect::<Vec<_>>().join("\n")
        }
        Output::Free | Output::ShowsTracer => String::new(),
    }
}

/// Runs it once and says what is wrong with the run by itself.
fn attempt(guest: &Guest, backend: &Backend, problems: &mut Vec<String>) -> Option<Run> {
    let oracle = if guest.countable { Oracle::new() } else { Err(std::io::Error::other("not countable")) };
    if let (Err(error), true) = (&oracle, guest.countable) {
        println!("SKIP: the kernel's count of {}: {error}", guest.name);
    }
    let run = match run(guest, backend, oracle.ok()) {
        Ok(run) => run,
        Err(RunError::Skip(skip)) => {
            println!("{} under {}: {skip}", guest.name, backend.name);
            return None;
        }
        Err(RunError::Failed(error)) => {
            problems.push(format!("{} under {}: {error}", guest.name, backend.name));
            return None;
        }
    };
    if !guest.end.is(run.status) {
        let [stdout, stderr] = [&run.stdout, &run.stderr].map(|text| String::from_utf8_lossy(text));
        problems.push(format!(
            "{} under {}: ended with {} instead of {:?}\n{stdout}{stderr}",
            guest.name, backend.name, run.status, guest.end,
        ));
    }
    if guest.log == Log::Exact && run.log.calls() == 0 && run.log.counts.is_empty() {
        problems.push(format!("{} under {}: logged nothing", guest.name, backend.name));
    }
    Some(run)
}
