//! What is run under the tools, and how each takes its own time: inside the program, past the tool's own start.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, anyhow};

use crate::process::{Cpus, Running, ended_well, run};
use crate::recorded::{self, guest};
use crate::tool::{Tool, Toolbox, Way};

/// Connections of the client, at most one request under way on each.
const CONNECTIONS: u64 = 8;

/// So many times the calls of a loop for a tool that [is fast](Tool::is_fast).
const FASTER: u64 = 100;

/// What a workload does, and how much of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A loop of so many getppid calls; takes its own time.
    Loop {
        /// Calls.
        calls: u64,
    },
    /// `dd` of so many blocks of one byte, one read and one write each; takes its own time.
    Dd {
        /// Blocks.
        blocks: u64,
    },
    /// So many times six calls, five of which name a short path; takes its own time.
    Paths {
        /// Times.
        rounds: u64,
    },
    /// A shell script with about ten processes for each of so many C files; takes its own time.
    Build {
        /// C files.
        units: u64,
    },
    /// An echo server on the loopback interface, driven by a client that is not recorded and takes the time.
    Server {
        /// Name of the guest.
        guest: &'static str,
        /// Requests on each of the client's connections.
        requests: u64,
    },
    /// `true`: what it costs to start and end the tool; time of the whole command.
    Start,
}

/// One line of what is compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workload {
    /// As the table shows it.
    pub name: &'static str,
    /// What it does.
    pub kind: Kind,
}

/// The name of the loop of getppid calls.
pub const LOOP: &str = "getppid loop";
/// The name of the build.
pub const BUILD: &str = "build";
/// How the names of servers begin.
pub const SERVER: &str = "server";

/// All workloads, with this part of the usual amount of work (1 is all of it).
pub fn all(divisor: u64) -> Vec<Workload> {
    vec![
        Workload { name: LOOP, kind: Kind::Loop { calls: 10_000 / divisor } },
        Workload { name: "dd bs=1", kind: Kind::Dd { blocks: 5_000 / divisor } },
        Workload { name: BUILD, kind: Kind::Build { units: 12 / divisor } },
        Workload {
            name: "server, event loop",
            kind: Kind::Server { guest: "server_epoll", requests: 500 / divisor },
        },
        Workload {
            name: "server, threads",
            kind: Kind::Server { guest: "server_pool", requests: 500 / divisor },
        },
        Workload { name: "start and end", kind: Kind::Start },
    ]
}

/// What shows what capture costs: calls that name paths, and all of [`all`] but the start, which captures nothing.
pub fn for_capture(divisor: u64) -> Vec<Workload> {
    let paths = Workload { name: "paths", kind: Kind::Paths { rounds: 10_000 / divisor } };
    let others = all(divisor).into_iter().filter(|workload| workload.kind != Kind::Start);
    std::iter::once(paths).chain(others).collect()
}

/// One run of a workload.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// The time that counts, in nanoseconds: of all calls together.
    pub inside_ns: f64,
    /// The calls made in that time, where the workload fixes their number.
    pub inside_calls: Option<u64>,
    /// Size of what the tool wrote; 0 for none.
    pub output_bytes: u64,
    /// What the tool itself counted, where it was asked to.
    pub counted: Option<u64>,
}

/// The programs that are run, and a folder for what they and the tools write.
#[derive(Debug)]
pub struct Programs {
    dir: PathBuf,
    tools: Toolbox,
}

impl Programs {
    /// `dir` is to be empty, and the caller's to remove.
    pub fn new(dir: &Path, tools: Toolbox) -> Programs {
        Programs { dir: dir.to_owned(), tools }
    }

    /// Runs the workload once.
    ///
    /// # Errors
    /// Where a program or the tool fails, or says something that is not understood.
    pub fn sample(&self, workload: &Workload, way: Way) -> anyhow::Result<Sample> {
        let output = self.dir.join("output");
        let sample = self.measure(&workload.kind, way, &output);
        let sample = sample.with_context(|| format!("{} under {}", workload.name, way.name()))?;
        let sample = self.with_output(sample, way.tool, &output)?;
        let sample = Self::as_usual(sample, &workload.kind, way);
        for name in ["output", "output.old"] {
            _ = fs::remove_file(self.dir.join(name));
        }
        Ok(sample)
    }

    fn measure(&self, kind: &Kind, way: Way, output: &Path) -> anyhow::Result<Sample> {
        let record = |argv: &[OsString]| run(self.tools.command(way.tool, output, argv), way.cpus);
        Ok(match kind {
            Kind::Loop { calls } => {
                // As long a time for all: at the full number, the slow ones take seconds, the fast ones no time at all.
                let calls = if way.tool.is_fast() { calls * FASTER } else { *calls };
                let finished = record(&[guest("getppid_loop")?, calls.to_string().into()])?;
                let per_call_ns = number_before(&finished.stdout, " ns per call")?;
                sample(per_call_ns * calls as f64, Some(calls))
            }
            Kind::Dd { blocks } => {
                let blocks = if way.tool.is_fast() { blocks * FASTER } else { *blocks };
                let count = format!("count={blocks}");
                let finished =
                    record(&["dd", "if=/dev/zero", "of=/dev/null", "bs=1", &count].map(OsString::from))?;
                sample(dd_seconds(&finished.stderr)? * 1e9, Some(2 * blocks))
            }
            Kind::Paths { rounds } => {
                let calls = 6 * rounds;
                let finished = record(&[guest("paths_loop")?, rounds.to_string().into()])?;
                let per_call_ns = number_before(&finished.stdout, " ns per call")?;
                sample(per_call_ns * calls as f64, Some(calls))
            }
            Kind::Build { units } => {
                let dir = tempfile::tempdir_in(&self.dir)?;
                let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("programs/build.sh");
                let argv = ["sh".into(), script.into(), dir.path().into(), units.to_string().into()];
                sample(number_before(&record(&argv)?.stdout, " ns in all")?, None)
            }
            Kind::Server { guest, requests } => {
                let mut usual = self.serve(guest, requests * longer(way), way, output)?;
                usual.inside_ns /= longer(way) as f64;
                usual
            }
            Kind::Start => sample(record(&["true".into()])?.wall.as_secs_f64() * 1e9, None),
        })
    }

    /// The server under the tool, the client bare.
    fn serve(&self, name: &str, requests: u64, way: Way, output: &Path) -> anyhow::Result<Sample> {
        let all = ((WARM_UP_REQUESTS + requests) * CONNECTIONS).to_string();
        let argv = [guest(name)?, all.into()];
        let mut server = Running::start(self.tools.command(way.tool, output, &argv), way.cpus)?;
        let line = server.line()?;
        let Some(port) = line.strip_prefix("port ") else {
            let finished = server.finish()?;
            ended_well(name, &finished)?;
            return Err(anyhow!("{name} said {line:?} in place of its port"));
        };
        let echo_client = guest("echo_client")?;
        let client = |requests: u64| {
            let mut client = Command::new(&echo_client);
            client.arg(port.trim()).args([CONNECTIONS.to_string(), requests.to_string()]);
            run(client, Cpus::All)
        };
        client(WARM_UP_REQUESTS)?;
        let client = client(requests)?;
        ended_well(name, &server.finish()?)?;
        let per_request_ns = number_before(&client.stdout, " ns per request")?;
        Ok(sample(per_request_ns * (requests * CONNECTIONS) as f64, None))
    }

    fn with_output(&self, mut sample: Sample, tool: Tool, output: &Path) -> anyhow::Result<Sample> {
        if tool.keeps_calls() {
            sample.output_bytes = fs::metadata(output).with_context(|| output.display().to_string())?.len();
        }
        if tool == Tool::StraceCount {
            sample.counted = Some(strace_total(&fs::read_to_string(output)?)?);
        }
        if tool.writes_traces() {
            sample.counted = Some(recorded::calls_in_trace(output)?);
        }
        Ok(sample)
    }

    /// What a server did longer, as if it had done the usual.
    fn as_usual(mut sample: Sample, kind: &Kind, way: Way) -> Sample {
        if let Kind::Server { requests, .. } = kind {
            let made = WARM_UP_REQUESTS + requests * longer(way);
            sample.output_bytes = sample.output_bytes * requests / made;
            sample.counted = sample.counted.map(|calls| calls * requests / made);
        }
        sample
    }
}

/// Requests on each connection of a first client, which is not timed, whatever the tool. A server is to show what its
/// requests take, not what they take until each call has been made once; and its threads and the client's settle on the
/// CPUs where they stay for all of a short run in the first moments of it.
const WARM_UP_REQUESTS: u64 = 200;

/// For the same reason, under what adds less than a microsecond to a call a server gets as many times the requests.
fn longer(way: Way) -> u64 {
    if way.tool.is_fast() { 20 } else { 1 }
}

fn sample(inside_ns: f64, inside_calls: Option<u64>) -> Sample {
    Sample { inside_ns, inside_calls, output_bytes: 0, counted: None }
}

/// The number that stands before these words.
///
/// # Errors
/// Where the words are not there, or no number is before them.
pub fn number_before(text: &str, words: &str) -> anyhow::Result<f64> {
    let number = text.find(words).and_then(|end| text[..end].split_whitespace().next_back()?.parse().ok());
    number.with_context(|| format!("no number before {words:?} in {text:?}"))
}

/// `20000 bytes (20 kB, 20 KiB) copied, 0.0086 s, 2.3 MB/s`.
fn dd_seconds(stderr: &str) -> anyhow::Result<f64> {
    let seconds =
        stderr.split("copied, ").nth(1).and_then(|rest| rest.split_whitespace().next()?.parse().ok());
    seconds.with_context(|| format!("dd said {stderr:?}"))
}

/// The line `100.00 0.040773 2 20034 1 total`: the fourth column; the fifth, errors, may be empty.
fn strace_total(table: &str) -> anyhow::Result<u64> {
    let total = table.lines().find(|line| line.ends_with(" total"));
    let calls = total.and_then(|line| line.split_whitespace().nth(3)?.parse().ok());
    calls.with_context(|| format!("no total in the table of strace:\n{table}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_programs_print_is_understood() {
        assert_eq!(number_before("port 1\n180.3 ns per call\n", " ns per call").unwrap(), 180.3);
        assert_eq!(
            number_before("400 answered, 15442 ns per request\n", " ns per request").unwrap(),
            15442.0
        );
        assert!(number_before("nothing", " ns per call").is_err());
        let dd = "9+0 records in\n9+0 records out\n9 bytes copied, 1.5e-05 s, 0.6 MB/s\n";
        assert_eq!(dd_seconds(dd).unwrap(), 1.5e-05);
        assert!(dd_seconds("dd: failed to open").is_err());
        let table = "% time  seconds  usecs/call  calls  errors syscall\n\
                     100.00    0.040773           2     20034         1 total\n";
        assert_eq!(strace_total(table).unwrap(), 20034);
        assert_eq!(strace_total("100.00    0.040773           2     7 total\n").unwrap(), 7);
        assert!(strace_total("").is_err());
    }
}
