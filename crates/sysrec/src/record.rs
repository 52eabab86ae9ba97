//! `sysrec record`: the command line of the recorder.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, ValueEnum};
use sysrec_analyzer::Selection;
use sysrec_analyzer::metrics::Metrics;
use sysrec_format::block::Overhead;
use sysrec_recorder::{
    BackendChoice, CommandEnd, InlineClasses, Level, Options, Outcome, Registers, StackOptions, StopReason,
    Target,
};
use sysrec_syscalls::filter::Filter;

use crate::{progress, repeat, report, rings, screen, text};

/// Record every system call of a command, or of running processes, into a trace.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit code: that of the command; killed by the command's signal where one killed it. 127 and 126 where \
                  the command is not found or may not be run, 2 for wrong usage, 1 where nothing could be recorded.\n\n\
                  Ctrl-C reaches the command as without sysrec; the trace is whole afterwards. After attaching with -p, \
                  Ctrl-C ends the recording and leaves the processes running."
)]
pub(crate) struct RecordArgs {
    /// Write the trace here; a trace that is there already moves to NAME.old
    #[arg(short, long, value_name = "FILE", default_value = "trace.bin")]
    output: PathBuf,

    /// Attach to these running processes, all threads of each, instead of starting a command
    #[arg(short, long, value_name = "PID", value_delimiter = ',', conflicts_with_all = ["command", "user"])]
    pid: Vec<i32>,

    /// The mechanism that records
    #[arg(long, value_enum, default_value_t = BackendArg::Auto)]
    backend: BackendArg,

    /// Record only these calls: names, !names, /regex, classes such as %file, %net, %process; as in strace
    #[arg(short = 'e', long = "filter", value_name = "CALLS")]
    filter: Vec<String>,

    /// Do not record children and threads
    #[arg(long)]
    no_follow: bool,

    /// End with the command, and let go of processes that outlive it
    #[arg(long)]
    no_wait: bool,

    /// End the recording after this time (1.5s, 200ms, 2m); the command goes on
    #[arg(long, value_name = "TIME", value_parser = text::parse_duration)]
    duration: Option<Duration>,

    /// End the recording after this many calls; the command goes on
    #[arg(long, value_name = "N", value_parser = text::parse_count)]
    max_calls: Option<u64>,

    /// End the recording when the trace has this size (500k, 2M, 10G); the command goes on
    #[arg(long, value_name = "BYTES", value_parser = text::parse_bytes)]
    max_size: Option<u64>,

    /// Run the command as this user, by name or number (needs root)
    #[arg(short, long, value_name = "USER")]
    user: Option<String>,

    /// How much of the registers to record
    #[arg(long, value_enum, default_value_t = RegistersArg::Call)]
    registers: RegistersArg,

    /// Record the stack of each call: who made it, function by function (of 32-bit code the site alone)
    #[arg(short = 'k', long, visible_alias = "stack-trace")]
    stacks: bool,

    /// Stacks for these calls only, of those that are recorded; as in -e
    #[arg(long, value_name = "CALLS", requires = "stacks")]
    stacks_filter: Vec<String>,

    /// Stacks only for calls that take at least this long (200us, 5ms); the others are recorded without
    #[arg(long, value_name = "TIME", requires = "stacks", value_parser = text::parse_duration)]
    stacks_min_duration: Option<Duration>,

    /// Frames of a stack at the most; the innermost are kept
    #[arg(long, value_name = "N", requires = "stacks", default_value_t = StackOptions::DEPTH as u16,
        value_parser = clap::value_parser!(u16).range(1..=StackOptions::DEPTH_MAX as i64))]
    stacks_depth: u16,

    /// How much of the memory that arguments point at to record
    #[arg(long, value_enum, default_value = "names")]
    capture: CaptureArg,

    /// Bytes of a buffer or string, and elements of an array, that --capture all keeps
    #[arg(long, value_name = "N", default_value_t = Options::STRING_BYTES as u32, value_parser = clap::value_parser!(u32).range(0..=16_384))]
    string_limit: u32,

    /// Store the environment of the command in the trace
    #[arg(long)]
    environment: bool,

    /// Record so many runs of the command, one after the other, into trace-1.bin, trace-2.bin ..., for sysrec diff
    #[arg(long, value_name = "N", conflicts_with_all = ["pid", "report"], value_parser = clap::value_parser!(u32).range(1..=10_000))]
    repeat: Option<u32>,

    /// Wait so long before each run of --repeat, so that the one before has no part in it
    #[arg(long, value_name = "TIME", default_value = repeat::PAUSE, value_parser = text::parse_duration, requires = "repeat")]
    pause: Duration,

    /// Print the report at the end
    #[arg(long)]
    report: bool,

    /// No progress line, no closing line
    #[arg(short, long)]
    quiet: bool,

    /// Leave the recorder and the command on whatever CPUs the kernel chooses
    #[arg(long)]
    no_placement: bool,

    /// Let the command live on if the recorder is killed; the inline backend cannot do that
    #[arg(long, conflicts_with = "pid")]
    survive: bool,

    /// Which ways of the inline backend are used, for looking into problems: p1 (one byte of a site is changed), p2
    /// (five bytes before it), p3 (five of its own), p4 (a stopped task is redirected)
    #[arg(long, value_name = "CLASSES", default_value = "p1,p2,p3,p4", hide_short_help = true)]
    inline_classes: InlineClasses,

    /// The command and its arguments
    #[arg(trailing_var_arg = true, value_name = "CMD", required_unless_present = "pid")]
    command: Vec<OsString>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum BackendArg {
    /// The best that works here
    Auto,
    /// ptrace: everywhere, without privileges
    Ptrace,
    /// The tasks record their own calls, in about 100 ns each; ptrace for the rest
    Inline,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum RegistersArg {
    /// Number, arguments, instruction and stack pointer, return value
    Call,
    /// The whole user register set at both ends of every call as well
    All,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum CaptureArg {
    /// Registers alone
    None,
    /// What names things: paths, socket addresses, new descriptors
    Names,
    /// Everything that arguments point at: structs, vectors, the heads of buffers
    All,
}

impl RecordArgs {
    /// What makes another `sysrec` record the same once, into another file.
    fn once(&self, output: &Path) -> Vec<OsString> {
        // Every field is named, so that a new option cannot be forgotten.
        let RecordArgs {
            output: _,
            pid: _,
            backend,
            filter,
            no_follow,
            no_wait,
            duration,
            max_calls,
            max_size,
            user,
            registers,
            stacks,
            stacks_filter,
            stacks_min_duration,
            stacks_depth,
            capture,
            string_limit,
            environment,
            repeat: _,
            pause: _,
            report: _,
            quiet,
            no_placement,
            survive,
            inline_classes,
            command,
        } = self;
        let mut words: Vec<OsString> = vec!["record".into(), "--output".into(), output.into()];
        let mut option = |name: &str, value: Option<OsString>| {
            if let Some(value) = value {
                words.push(format!("--{name}").into());
                words.push(value);
            }
        };
        let word = |value: Option<clap::builder::PossibleValue>| value.map(|value| value.get_name().into());
        option("backend", word(backend.to_possible_value()));
        option("registers", word(registers.to_possible_value()));
        option("capture", word(capture.to_possible_value()));
        option("string-limit", Some(string_limit.to_string().into()));
        option("inline-classes", Some(inline_classes.to_string().into()));
        filter.iter().for_each(|filter| option("filter", Some(filter.into())));
        option("duration", duration.map(|duration| format!("{}ns", duration.as_nanos()).into()));
        if *stacks {
            option("stacks-depth", Some(stacks_depth.to_string().into()));
        }
        stacks_filter.iter().for_each(|filter| option("stacks-filter", Some(filter.into())));
        option(
            "stacks-min-duration",
            stacks_min_duration.map(|duration| format!("{}ns", duration.as_nanos()).into()),
        );
        option("max-calls", max_calls.map(|calls| calls.to_string().into()));
        option("max-size", max_size.map(|bytes| bytes.to_string().into()));
        option("user", user.as_ref().map(Into::into));
        let flags = [
            ("--no-follow", no_follow),
            ("--no-wait", no_wait),
            ("--survive", survive),
            ("--stacks", stacks),
            ("--environment", environment),
            ("--quiet", quiet),
            ("--no-placement", no_placement),
        ];
        words.extend(flags.into_iter().filter(|(_, is_set)| **is_set).map(|(name, _)| name.into()));
        words.push("--".into());
        words.extend(command.iter().cloned());
        words
    }

    fn options(&self) -> anyhow::Result<Options> {
        let target = if self.pid.is_empty() {
            Target::Command { argv: self.command.clone(), user: self.user.clone() }
        } else {
            Target::Processes(self.pid.clone())
        };
        let mut options = Options::new(target, self.output.clone());
        options.backend = match self.backend {
            BackendArg::Auto => BackendChoice::Auto,
            BackendArg::Ptrace => BackendChoice::Ptrace,
            BackendArg::Inline => BackendChoice::Inline,
        };
        options.filter = Filter::parse_last(&self.filter)?;
        options.follow = !self.no_follow;
        options.wait = !self.no_wait;
        options.duration = self.duration;
        options.calls_max = self.max_calls;
        options.bytes_max = self.max_size;
        options.registers = match self.registers {
            RegistersArg::Call => Registers::Call,
            RegistersArg::All => Registers::All,
        };
        if self.stacks {
            options.stacks = Some(StackOptions {
                filter: Filter::parse_last(&self.stacks_filter)?,
                duration_min: self.stacks_min_duration,
                depth: self.stacks_depth.into(),
            });
        }
        options.capture = match self.capture {
            CaptureArg::None => Level::None,
            CaptureArg::Names => Level::Names,
            CaptureArg::All => Level::All,
        };
        options.string_bytes = self.string_limit as usize;
        options.environment = self.environment;
        options.placement = !self.no_placement;
        options.survive = self.survive;
        options.inline_classes = self.inline_classes;
        Ok(options)
    }
}

/// Records, says in a line what was recorded, and ends as the command ended.
pub(crate) fn run(args: &RecordArgs) -> ExitCode {
    if let Some(count) = args.repeat {
        return screen::exit_code(repeat::run(&args.output, count, args.pause, |output| args.once(output)));
    }
    let options = match args.options() {
        Ok(options) => options,
        Err(error) => {
            screen::print_error(&error);
            return ExitCode::from(2);
        }
    };
    let watch = if args.quiet { None } else { progress::watch() };
    let outcome = match sysrec_recorder::record(&options, watch) {
        Ok(outcome) => outcome,
        Err(error) => {
            let code = error.exit_code();
            screen::print_error(&error.into());
            return ExitCode::from(code);
        }
    };
    let kept = Kept::of(&outcome);
    if !args.quiet {
        screen::say(&closing_line(&outcome, &kept));
    }
    if let Some(problem) = &outcome.storage_problem {
        screen::warn(&format!(
            "the trace could not grow any more ({problem}); the program went on, and {} missing from the trace",
            text::counted(kept.lost, "call is", "calls are"),
        ));
    }
    for note in &outcome.notes {
        screen::say(&format!("note: {note}"));
    }
    if args.report {
        // The command's own end goes before the report's.
        _ = screen::exit_code(report::print(&outcome.output));
    }
    match outcome.command_end {
        Some(CommandEnd::Killed(signo)) => {
            sysrec_recorder::die_by(signo);
            ExitCode::from(128_u8.wrapping_add(signo as u8))
        }
        Some(CommandEnd::Exited(code)) => ExitCode::from(code as u8),
        None => ExitCode::SUCCESS,
    }
}

/// Which calls there are, finished or not.
struct Kept {
    /// In the trace.
    calls: u64,
    /// Known to be missing from it.
    lost: u64,
}

impl Kept {
    /// What the recorder counted; where somebody cut the file, calls that had been written went with what was cut, so
    /// the file itself is asked.
    fn of(outcome: &Outcome) -> Kept {
        let totals = &outcome.totals;
        let counted = totals.calls + totals.unfinished;
        let readable = outcome.storage_problem.as_ref().and_then(|_| readable_calls(&outcome.output));
        let calls = readable.map_or(counted, |readable| readable.min(counted));
        Kept { calls, lost: totals.lost_calls + (counted - calls) }
    }
}

/// How many calls can be read from a trace; `None` where it cannot be opened.
fn readable_calls(path: &Path) -> Option<u64> {
    let trace = rings::open(path).ok()?;
    let mut metrics = Metrics::new(&[]);
    metrics.add(&trace, &Selection::default());
    let report = metrics.finish();
    Some(report.calls() + report.unfinished.iter().map(|(_, calls)| calls).sum::<u64>())
}

/// What recording a call cost. Where a part of the calls stopped, both parts, the larger one first.
fn cost(outcome: &Outcome, calls: u64) -> String {
    let about = |overhead: Option<&Overhead>| {
        let ns = overhead.map_or("?".to_owned(), |overhead| text::duration(overhead.call_ns_median));
        format!("about {ns}")
    };
    let usual = about(outcome.overheads.first());
    let Some(stopped) = outcome.calls_at_stops.filter(|&stopped| stopped > 0) else {
        return format!("{usual} a call");
    };
    let each = about(outcome.overheads.last());
    match (text::count(stopped), calls.saturating_sub(stopped)) {
        (_, 0) => format!("{each} a call, since all stopped"),
        (stops, others) if others < stopped => {
            format!("{each} for each of {stops} that stopped, {usual} for others")
        }
        (stops, _) => format!("{usual} a call, {each} each for {stops} that stopped"),
    }
}

/// What was recorded, how large it is, what it cost, what was lost.
fn closing_line(outcome: &Outcome, kept: &Kept) -> String {
    let totals = &outcome.totals;
    let lost = match kept.lost {
        0 => "nothing lost".to_owned(),
        lost => format!("{} LOST", text::counted(lost, "call", "calls")),
    };
    let per_call = match kept.calls.saturating_sub(totals.unfinished) {
        0 => String::new(),
        finished => format!(" ({:.1} bytes a call)", outcome.bytes as f64 / finished as f64),
    };
    let early = match outcome.stopped {
        Some(StopReason::Duration) => ", ended by --duration",
        Some(StopReason::Calls) => ", ended by --max-calls",
        Some(StopReason::Size) => ", ended by --max-size",
        Some(StopReason::Signal) => ", ended by a signal",
        Some(StopReason::CommandEnded) => ", ended with the command",
        None => "",
    };
    format!(
        "{} of {} in {}; {}{} in {}; {}{} added {}; {}{}",
        text::counted(kept.calls, "call", "calls"),
        text::counted(totals.tasks, "task", "tasks"),
        text::duration(outcome.elapsed_ns),
        text::bytes(outcome.bytes),
        per_call,
        outcome.output.display(),
        outcome.backend,
        if outcome.backend_reason.is_empty() {
            String::new()
        } else {
            format!(" ({})", outcome.backend_reason)
        },
        cost(outcome, kept.calls),
        lost,
        early,
    )
}
