//! A replay for programs: an object a line. `docs/json.md` describes every field; a change that takes a field away or
//! changes its meaning raises the number in [`SCHEMA`].

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Serialize;
use sysrec_analyzer::{Item, Task, Trace, abi_name, call_name, errno_name, error_of, loss_reason_name};
use sysrec_format::damage::Damage;
use sysrec_format::event::{
    Abi, Call, Entry, Event, EventBody, FrameFlags, TaskId, UnfinishedReason, UserRegisters,
};
use sysrec_syscalls::{DescriptorNames, errno, signal};

use super::value_json::{self, ArgumentJson};
use super::{Form, registers, signal_code};
use crate::basis::Taken;
use crate::call_text;
use crate::hex_json::Hex;
use crate::task_json::{self, End};

const SCHEMA: &str = "sysrec-replay/1";

/// Writes items as JSON.
pub(super) struct Objects<'t> {
    trace: &'t Trace,
    raw: bool,
}

impl<'t> Objects<'t> {
    pub(super) fn new(trace: &'t Trace, raw: bool) -> Self {
        Self { trace, raw }
    }
}

#[derive(Serialize)]
struct Line<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    start_ns: Option<u64>,
    #[serde(flatten)]
    who: Option<Who<'a>>,
    #[serde(flatten)]
    what: What<'a>,
}

#[derive(Serialize)]
struct Who<'a> {
    task: u32,
    pid: i32,
    tid: i32,
    name: Cow<'a, str>,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum What<'a> {
    Trace {
        schema: &'static str,
        path: Cow<'a, str>,
        started_realtime_ns: Option<u64>,
    },
    Call(CallJson<'a>),
    Unfinished(CallJson<'a>),
    TaskStart {
        origin: &'static str,
        process: u32,
        parent: Option<u32>,
    },
    TaskEnd(End),
    Exec {
        exe: Cow<'a, str>,
        argv: Vec<Cow<'a, str>>,
        former_task: Option<u32>,
    },
    Name {
        new_name: Cow<'a, str>,
    },
    Signal {
        signal: Cow<'static, str>,
        code: i32,
        code_name: Option<&'static str>,
        sender_pid: i32,
        address: Hex,
    },
    Stop {
        signal: Cow<'static, str>,
    },
    Continue,
    Mapping {
        address: Hex,
        length: u64,
        file_offset: u64,
        path: Cow<'a, str>,
        build_id: String,
    },
    Descriptor {
        fd: i32,
        target: Cow<'a, str>,
    },
    WorkingDirectory {
        path: Cow<'a, str>,
    },
    Loss {
        reason: &'static str,
        calls: Option<u64>,
        first_ns: u64,
    },
    Anchor {
        realtime_ns: u64,
        tsc: u64,
    },
    Mechanism {
        mechanism: Cow<'a, str>,
        reason: Option<Cow<'a, str>>,
    },
    RecorderCall {
        syscall: Cow<'static, str>,
        nr: i32,
        ret: i64,
        errno: Option<Cow<'static, str>>,
    },
    Module {
        module: u32,
        path: Cow<'a, str>,
        build_id: String,
    },
    StackNode {
        node: u32,
        parent: Option<u32>,
        module: Option<u32>,
        offset: Hex,
        cut: bool,
        deep: bool,
        interrupted: bool,
        #[serde(rename = "function")]
        name: Option<Cow<'a, str>>,
    },
    Unknown {
        kind: u16,
        bytes: usize,
    },
    Damage {
        calls: Option<u64>,
        offset: u64,
        bytes: u64,
        what: &'a str,
    },
    End {
        calls: u64,
        unfinished: u64,
        damaged_calls: u64,
        complete: bool,
    },
}

#[derive(Serialize)]
struct CallJson<'a> {
    syscall: Cow<'static, str>,
    abi: Cow<'static, str>,
    nr: i32,
    args: [Hex; 6],
    /// What they mean; missing for an ABI that this version does not know.
    #[serde(skip_serializing_if = "Option::is_none")]
    arguments: Option<Vec<ArgumentJson>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ret: Option<i64>,
    errno: Option<Cow<'static, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    restarts: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    duration_ns: u64,
    site: Hex,
    #[serde(skip_serializing_if = "Option::is_none")]
    sp: Option<Hex>,
    #[serde(skip_serializing_if = "Option::is_none")]
    entry_registers: Option<BTreeMap<&'a str, Hex>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exit_registers: Option<BTreeMap<&'a str, Hex>>,
}

impl Form for Objects<'_> {
    fn heading(&mut self, text: &mut Vec<u8>, task: Option<&Task>) -> anyhow::Result<()> {
        if task.is_some() {
            return Ok(());
        }
        let clock = crate::wall_clock::WallClock::of(self.trace);
        let what = What::Trace {
            schema: SCHEMA,
            path: self.trace.path().to_string_lossy(),
            started_realtime_ns: clock.map(|clock| clock.realtime_ns(self.trace.origin_ns())),
        };
        write(text, &Line { start_ns: None, who: None, what })
    }

    fn item(&mut self, text: &mut Vec<u8>, item: &Item, names: &dyn DescriptorNames) -> anyhow::Result<()> {
        let time_ns = item.begin_ns();
        let what = match item {
            Item::Call(call) => What::Call(self.call(call, names)),
            Item::Event(event) => self.event(event, names),
            Item::Damage(damage) => self::damage(damage),
        };
        let start_ns = Some(self.relative(time_ns));
        write(text, &Line { start_ns, who: item.task().and_then(|task| self.who(task, time_ns)), what })
    }

    fn end(&mut self, text: &mut Vec<u8>, taken: &Taken) -> anyhow::Result<()> {
        let what = What::End {
            calls: taken.calls,
            unfinished: taken.unfinished.iter().map(|(_, calls)| calls).sum(),
            damaged_calls: taken.damaged_calls,
            complete: self.trace.integrity().is_whole() && taken.damaged_calls == 0,
        };
        write(text, &Line { start_ns: None, who: None, what })
    }
}

fn write(text: &mut Vec<u8>, line: &Line<'_>) -> anyhow::Result<()> {
    serde_json::to_writer(&mut *text, line)?;
    text.push(b'\n');
    Ok(())
}

impl Objects<'_> {
    fn relative(&self, time_ns: u64) -> u64 {
        time_ns.saturating_sub(self.trace.origin_ns())
    }

    fn who(&self, task: TaskId, time_ns: u64) -> Option<Who<'_>> {
        let task = self.trace.tasks().get(task)?;
        let name = String::from_utf8_lossy(task.name_at(time_ns));
        Some(Who { task: task.id.0, pid: task.pid, tid: task.tid, name })
    }

    fn entry<'a>(
        &self,
        entry: &'a Entry,
        finished: Option<&Call>,
        duration_ns: u64,
        names: &dyn DescriptorNames,
    ) -> CallJson<'a> {
        let decoded = call_text::decoded(entry, finished);
        CallJson {
            syscall: call_name(entry.abi, entry.nr),
            abi: abi_name(entry.abi),
            nr: entry.nr,
            args: entry.args.map(Hex),
            arguments: decoded.as_ref().map(|decoded| value_json::arguments(decoded, names)),
            ret: None,
            errno: None,
            result: decoded.and_then(|decoded| value_json::result(&decoded, names)),
            restarts: false,
            reason: None,
            duration_ns,
            site: Hex(entry.ip),
            sp: self.raw.then_some(Hex(entry.sp)),
            entry_registers: self.all(entry.registers.as_deref()),
            exit_registers: None,
        }
    }

    fn call<'a>(&self, call: &'a Call, names: &dyn DescriptorNames) -> CallJson<'a> {
        let error = error_of(call.entry.abi, call.entry.nr, call.ret);
        CallJson {
            ret: Some(call.ret),
            errno: error.map(errno_name),
            restarts: error.is_some_and(errno::is_restart),
            exit_registers: self.all(call.exit_registers.as_deref()),
            ..self.entry(&call.entry, Some(call), call.duration_ns, names)
        }
    }

    fn all(&self, registers: Option<&UserRegisters>) -> Option<BTreeMap<&'static str, Hex>> {
        registers
            .filter(|_| self.raw)
            .map(|values| registers::NAMES.into_iter().zip(values.map(Hex)).collect())
    }

    fn event<'a>(&self, event: &'a Event, names: &dyn DescriptorNames) -> What<'a> {
        match &event.body {
            EventBody::TaskStart { process, parent, origin, .. } => What::TaskStart {
                origin: task_json::origin(*origin),
                process: process.0,
                parent: parent.map(|parent| parent.0),
            },
            EventBody::TaskEnd(end) => What::TaskEnd(End::from(*end)),
            EventBody::Exec { exe, argv, former, .. } => What::Exec {
                exe: text(exe),
                argv: argv.iter().map(|argument| text(argument)).collect(),
                former_task: former.map(|former| former.0),
            },
            EventBody::Name { comm } => What::Name { new_name: text(comm) },
            EventBody::Signal { signo, code, sender_pid, address } => What::Signal {
                signal: signal::name(*signo),
                code: *code,
                code_name: signal_code::name(*signo, *code),
                sender_pid: *sender_pid,
                address: Hex(*address),
            },
            EventBody::Stop { signo } => What::Stop { signal: signal::name(*signo) },
            EventBody::Continue => What::Continue,
            EventBody::Unfinished { entry, reason } => {
                let waited_ns = event.time_ns.saturating_sub(entry.time_ns);
                What::Unfinished(CallJson {
                    reason: Some(self::reason(*reason)),
                    ..self.entry(entry, None, waited_ns, names)
                })
            }
            EventBody::Mapping { address, length, file_offset, path, build_id } => What::Mapping {
                address: Hex(*address),
                length: *length,
                file_offset: *file_offset,
                path: text(path),
                build_id: hex(build_id),
            },
            EventBody::Descriptor { fd, target } => What::Descriptor { fd: *fd, target: text(target) },
            EventBody::WorkingDirectory { path } => What::WorkingDirectory { path: text(path) },
            EventBody::Loss { reason, calls, first_ns } => What::Loss {
                reason: loss_reason_name(*reason),
                calls: (*calls > 0).then_some(*calls),
                first_ns: self.relative(*first_ns),
            },
            EventBody::Anchor { realtime_ns, tsc } => What::Anchor { realtime_ns: *realtime_ns, tsc: *tsc },
            EventBody::Mechanism { mechanism, reason } => What::Mechanism {
                mechanism: text(mechanism),
                reason: (!reason.is_empty()).then(|| text(reason)),
            },
            EventBody::RecorderCall { nr, ret } => What::RecorderCall {
                syscall: call_name(Abi::X86_64, *nr),
                nr: *nr,
                ret: *ret,
                errno: error_of(Abi::X86_64, *nr, *ret).map(errno_name),
            },
            EventBody::Module { module, path, build_id } => {
                What::Module { module: module.0, path: text(path), build_id: hex(build_id) }
            }
            EventBody::StackNode { node, parent, module, offset, flags, name } => What::StackNode {
                node: node.0,
                parent: parent.map(|parent| parent.0),
                module: module.map(|module| module.0),
                offset: Hex(*offset),
                cut: flags.has(FrameFlags::CUT),
                deep: flags.has(FrameFlags::DEEP),
                interrupted: flags.has(FrameFlags::INTERRUPTED),
                name: (!name.is_empty()).then(|| text(name)),
            },
            EventBody::Unknown { kind, body } => What::Unknown { kind: *kind, bytes: body.len() },
        }
    }
}

fn damage(damage: &Damage) -> What<'_> {
    What::Damage { calls: damage.calls, offset: damage.offset, bytes: damage.bytes, what: &damage.what }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn text(bytes: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}

fn reason(reason: UnfinishedReason) -> &'static str {
    match reason {
        UnfinishedReason::EXIT => "exit",
        UnfinishedReason::KILLED => "killed",
        UnfinishedReason::SUPERSEDED => "superseded",
        UnfinishedReason::DETACHED => "detached",
        UnfinishedReason::RECORDING_ENDED => "recording ended",
        UnfinishedReason::VANISHED => "vanished",
        _ => "unknown",
    }
}
