//! Rounds of a soak: each takes a program by a seed, runs it under a backend, and says what is wrong with that.
//!
//! A round is one of four: a guest, judged as the conformance suite does; a guest under a storm of signals; a real
//! program, compared with itself bare and with the kernel's count; or a program whose processes are killed one after
//! another at random moments, of which the recording must still be whole and count what the kernel counted.

use std::ffi::OsString;
use std::process::{Child, Command};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;
use std::{fs, io};

use crate::Skip;
use crate::backends::{BARE, Backend};
use crate::compile::compile;
use crate::conform::counts;
use crate::guests::{End, GUESTS, Guest, named};
use crate::oracle::{Oracle, Scope, compare};
use crate::process;
use crate::run::{RunError, to_the_end};
use crate::suite::judge;
use crate::sysrec;

/// Numbers that follow from a seed: SplitMix64 (Steele, Lea and Flood, 2014).
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// The sequence of this seed.
    pub fn new(seed: u64) -> Random {
        Random(seed)
    }

    /// Any number.
    pub fn any(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    /// One below `end`, which is not 0.
    pub fn below(&mut self, end: u64) -> u64 {
        self.any() % end
    }

    fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len() as u64) as usize]
    }
}

/// A shell script that needs these programs and prints the same in every run. `HZ` stands for a rate of signals.
#[derive(Clone, Copy)]
struct Script {
    needs: &'static [&'static str],
    text: &'static str,
}

const SCRIPTS: &[Script] = &[
    Script { needs: &["ls"], text: "ls -lR /usr/include/linux | cksum" },
    Script {
        needs: &["git"],
        text: "export GIT_AUTHOR_DATE='2000-01-01 00:00 +0000' GIT_COMMITTER_DATE='2000-01-01 00:00 +0000' && \
               git init -q r && cd r && git config user.email a@b && git config user.name n && seq 1000 > f && \
               git add f && git commit -qm m && git log --stat && git status --short && git gc -q && git fsck",
    },
    Script {
        needs: &["python3"],
        text: "python3 -c 'import json, threading, subprocess; print(subprocess.run([\"echo\", \"x\"])); \
               t = [threading.Thread(target=json.dumps, args=([1],)) for i in range(20)]; \
               [i.start() for i in t]; [i.join() for i in t]; print(len(t))'",
    },
    Script {
        needs: &["python3"],
        text: "python3 -c 'import os, signal\nticks = [0]\ndef tick(*_): ticks[0] += os.getppid() > 0\n\
               signal.signal(signal.SIGALRM, tick)\nsignal.setitimer(signal.ITIMER_REAL, 20 / HZ, 20 / HZ)\n\
               for i in range(100000):\n if ticks[0] < 300: os.getuid()\nsignal.setitimer(signal.ITIMER_REAL, 0)\nprint(\"ticked\")'",
    },
    Script {
        needs: &["gcc"],
        text: "echo 'int puts(const char *); int main(void) { return puts(\"built\") < 0; }' > a.c && \
               gcc -O1 a.c -o a && ./a",
    },
    Script { needs: &["sort"], text: "seq 30000 | rev | sort --parallel=4 -S 200k | uniq -c | cksum" },
    Script {
        needs: &["bash"],
        text: "bash -c 'for i in {1..25}; do echo $i | tr 1 2 | (read x; echo $((x + i))) & wait; done'",
    },
    Script {
        needs: &["bash"],
        text: "bash -c 'trap \"exit 3\" TERM; (kill -TERM $$) ; while :; do :; done'; echo $?",
    },
    Script { needs: &["tar", "gzip"], text: "tar -cf - -C /usr/include linux | gzip -1 | gzip -dc | cksum" },
    Script {
        needs: &["perl"],
        text: "perl -e '$SIG{USR1} = sub { $n++ }; kill USR1, $$ for 1..500; print \"$n\\n\"'",
    },
    Script {
        needs: &["node"],
        text: "node -e 'let n = 0; const f = () => { n++ < 50 ? setImmediate(f) : console.log(n) }; f(); \
               require(\"fs\").readdirSync(\"/\")'",
    },
];

/// Guests that are killed at random moments. Their logs are not compared: a guest whose child was killed may do
/// something else.
const KILLED: &[&str] = &["one_site_1000", "threads_many", "clone_vm", "fork_among_threads", "exec_thread"];

/// Guests that take long under a tracer; the conformance suite has them.
const SLOW: &[&str] = &["getppid_loop", "threads_short", "restart_block"];

/// What a round did, and what was wrong with it.
#[derive(Debug)]
pub struct Round {
    /// The program.
    pub what: String,
    /// Nothing, as a rule.
    pub problems: Vec<String>,
}

/// One round: everything in it but the moments follows from `seed`.
pub fn round(seed: u64, backend: &Backend) -> Round {
    let mut random = Random::new(seed);
    match random.below(10) {
        0..3 => {
            let guests: Vec<_> = GUESTS.iter().filter(|guest| !SLOW.contains(&guest.name)).collect();
            guest(random.one_of(&guests), backend)
        }
        3..5 => storm(&mut random, backend),
        5..8 => {
            let script = random.one_of(SCRIPTS);
            let hz = 1000 + random.below(19_001);
            real(&script, hz, backend)
        }
        _ => killed(&mut random, backend),
    }
}

fn guest(guest: &Guest, backend: &Backend) -> Round {
    Round { what: format!("guest {}", guest.name), problems: judge(guest, backend).problems() }
}

/// Signals at 1 to 20 kHz, at a rate that no row of the table has.
fn storm(random: &mut Random, backend: &Backend) -> Round {
    // Rows of the table hold static words.
    let hz: &'static str = (1000 + random.below(19_001)).to_string().leak();
    let row = if random.below(3) == 0 {
        Guest { args: vec![hz].leak(), ..*named("signal_jump") }
    } else {
        let how = random.one_of(&["restart", "end", "stack"]);
        Guest { args: vec![hz, how].leak(), ..*named("signal_storm") }
    };
    let what = format!("{} {}", row.source, row.args.join(" "));
    Round { what, problems: judge(&row, backend).problems() }
}

fn installed(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|dir| dir.join(program).exists())
}

/// A recording that has ended.
struct Recorded {
    status: std::process::ExitStatus,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
    problems: Vec<String>,
}

/// Records `words` beside the kernel's count; `started` gets the recorder. Problems are those of the recording itself:
/// what `sysrec verify` says, and what the kernel counted.
fn record(words: &[OsString], backend: &Backend, started: impl FnOnce(&Child)) -> Result<Recorded, RunError> {
    (backend.available)()?;
    let dir = tempfile::tempdir()?;
    let trace = dir.path().join("trace");
    let folder = dir.path().join("folder");
    fs::create_dir(&folder)?;
    let mut line = backend.command_line(&trace);
    let is_bare = line.is_empty();
    line.extend_from_slice(words);
    let mut command = Command::new(&line[0]);
    command.args(&line[1..]).current_dir(&folder).env("LC_ALL", "C");
    // A bare run has nothing to be compared with the count.
    let oracle = if is_bare { None } else { Oracle::new().ok() };
    let (status, stdout, stderr) = to_the_end(&mut command, |command| {
        let child = match &oracle {
            Some(oracle) => oracle.spawn(command, Scope::Tracee)?,
            None => command.spawn()?,
        };
        started(&child);
        Ok(child)
    })?;
    let kernel = oracle.map(|oracle| oracle.finish(Duration::from_secs(60))).transpose()?;
    let mut problems = Vec::new();
    if !is_bare {
        let verify = Command::new(sysrec::binary()).arg("verify").arg(&trace).output()?;
        if !verify.status.success() {
            let [said, complained] = [verify.stdout, verify.stderr].map(text);
            problems.push(format!("verify: {}\n{said}{complained}", verify.status));
        }
        let recorded = (backend.read)(&trace)?;
        let allowance = backend.allowance(&recorded, (backend.recorder_calls)(&trace)?);
        let differences = kernel.map(|kernel| compare(&counts(&recorded), &allowance, &kernel));
        problems.extend(differences.into_iter().flatten().map(|difference| difference.to_string()));
    }
    Ok(Recorded { status, stdout, stderr, problems })
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8_lossy(&bytes).into_owned()
}

fn real(script: &Script, hz: u64, backend: &Backend) -> Round {
    let source = script.text.replace("HZ", &hz.to_string());
    let what = format!("sh -c '{source}'");
    if let Some(missing) = script.needs.iter().find(|program| !installed(program)) {
        return Round { what: format!("SKIP: {missing} is not installed"), problems: Vec::new() };
    }
    let words = ["sh", "-c", &source].map(OsString::from);
    let runs = record(&words, &BARE, |_| {}).and_then(|bare| Ok((bare, record(&words, backend, |_| {})?)));
    let (bare, recorded) = match runs {
        Ok(runs) => runs,
        Err(error) => return failed(what, error),
    };
    let mut problems = recorded.problems;
    if (bare.status, &bare.stdout) != (recorded.status, &recorded.stdout) {
        let said = |status: std::process::ExitStatus, out: &[u8], err: &[u8]| {
            format!("{status}\n{}{}", String::from_utf8_lossy(out), String::from_utf8_lossy(err))
        };
        problems.push(format!(
            "bare: {}recorded: {}",
            said(bare.status, &bare.stdout, &bare.stderr),
            said(recorded.status, &recorded.stdout, &recorded.stderr),
        ));
    }
    Round { what, problems }
}

fn failed(what: String, error: RunError) -> Round {
    match error {
        RunError::Skip(Skip(reason)) => {
            Round { what: format!("SKIP: {what}: {reason}"), problems: Vec::new() }
        }
        RunError::Failed(error) => Round { what, problems: vec![error.to_string()] },
    }
}

/// A program of [`KILLED`] or a shell's loop, killed.
fn killed(random: &mut Random, backend: &Backend) -> Round {
    const LOOPS: &[&str] = &[
        "yes | tr y n | cat > /dev/null & while :; do /bin/true; done",
        "while :; do (echo x | cat) > /dev/null; done",
        "sort -S 100k /dev/urandom > /dev/null & cat /dev/zero | head -c 300M | cksum; wait",
    ];
    if random.below(2) == 0 {
        return killed_guest(random.one_of(KILLED), random, backend);
    }
    let source = random.one_of(LOOPS);
    let words = ["sh", "-c", source].map(OsString::from);
    kill_one_by_one(format!("kill sh -c '{source}'"), &words, random, backend)
}

/// One round with this guest, killed.
pub fn killed_guest(name: &str, random: &mut Random, backend: &Backend) -> Round {
    let guest = named(name);
    match compile(guest.source, guest.build) {
        Ok(program) => kill_one_by_one(format!("kill {name}"), &[program.into()], random, backend),
        Err(skip) => failed(name.to_owned(), skip.into()),
    }
}

/// Runs a program, and kills its processes one after another, until none is left.
fn kill_one_by_one(what: String, words: &[OsString], random: &mut Random, backend: &Backend) -> Round {
    // Long enough for most to have begun, short enough for most not to have ended.
    let first_us = random.below(120_000);
    let mut random = random.clone();
    let mut killer: Option<Killer> = None;
    let recorded = record(words, backend, |recorder| {
        killer = Some(Killer::start(recorder.id() as i32, first_us, random.any()));
    });
    let kills = killer.map_or(0, Killer::stop);
    match recorded {
        Err(error) => failed(what, error),
        Ok(Recorded { status, stderr, mut problems, .. }) => {
            // The recorder ends as its command did: killed, or well where that was faster. 101 is its own panic.
            let ended_well =
                End::Signaled(libc::SIGKILL).is(status) || status.code().is_some_and(|code| code != 101);
            if !ended_well {
                problems.push(format!("the recorder ended with {status}\n{}", text(stderr)));
            }
            let what = format!("{what} after {first_us} us: {kills} kills, {status}");
            Round { what, problems }
        }
    }
}

/// Kills processes that a recorder traces, until it is told to stop.
struct Killer {
    ends: &'static AtomicBool,
    thread: JoinHandle<u64>,
}

impl Killer {
    fn start(recorder: i32, first_us: u64, seed: u64) -> Killer {
        let ends: &'static AtomicBool = Box::leak(Box::new(AtomicBool::new(false)));
        let thread = thread::spawn(move || {
            let mut random = Random::new(seed);
            let mut kills = 0;
            thread::sleep(Duration::from_micros(first_us));
            while !ends.load(Ordering::Relaxed) {
                // The recorder traces forks of its own too: to try things, and before they become the command.
                let own = fs::read_link(format!("/proc/{recorder}/exe")).ok();
                let mut tracees = process::traced_by(recorder);
                tracees.retain(|pid| {
                    let exe = fs::read_link(format!("/proc/{pid}/exe"));
                    exe.is_ok_and(|exe| own.as_ref().is_some_and(|own| exe != *own))
                });
                if !tracees.is_empty() {
                    kills += u64::from(kill(random.one_of(&tracees)).is_ok());
                }
                thread::sleep(Duration::from_micros(random.below(20_000)));
            }
            kills
        });
        Killer { ends, thread }
    }

    fn stop(self) -> u64 {
        self.ends.store(true, Ordering::Relaxed);
        self.thread.join().expect("the killer does not panic")
    }
}

fn kill(pid: i32) -> io::Result<()> {
    // SAFETY: a plain system call.
    if unsafe { libc::kill(pid, libc::SIGKILL) } == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_numbers() {
        let numbers = |seed| {
            let mut random = Random::new(seed);
            (0..4).map(|_| random.any()).collect::<Vec<_>>()
        };
        assert_eq!(numbers(7), numbers(7));
        assert_ne!(numbers(7), numbers(8));
        // The reference implementation's first outputs for seed 1234567.
        assert_eq!(numbers(1_234_567)[..2], [6_457_827_717_110_365_317, 3_203_168_211_198_807_973]);
    }

    #[test]
    fn the_killed_and_the_slow_are_guests() {
        for name in KILLED.iter().chain(SLOW) {
            named(name);
        }
    }
}
