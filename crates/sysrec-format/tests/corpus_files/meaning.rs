//! What a trace means, as JSON. Byte strings are text with one character (U+0000 to U+00FF) a byte.

use serde_json::{Value, json};
use sysrec_format::block::{Overhead, Session, Summary, SymbolFunction, SymbolModule, SymbolPlace, Symbols};
use sysrec_format::damage::Damage;
use sysrec_format::error::Error;
use sysrec_format::event::*;
use sysrec_format::frame::ChunkKind;
use sysrec_format::layout::{Completeness, Layout};

fn text(bytes: &[u8]) -> String {
    bytes.iter().map(|&byte| byte as char).collect()
}

fn texts(list: &[Vec<u8>]) -> Vec<String> {
    list.iter().map(|bytes| text(bytes)).collect()
}

/// The meaning of any file.
pub fn meaning(bytes: &[u8]) -> Value {
    let layout = match Layout::read(bytes) {
        Ok(layout) => layout,
        Err(error) => {
            return json!({"refused": match error {
                Error::NotATrace { .. } => "not a trace",
                Error::TooOld { .. } => "too old",
                Error::TooNew { .. } => "too new",
                _ => "malformed",
            }});
        }
    };
    let header = layout.header();
    let mut calls = serde_json::Map::new();
    let mut events = Vec::new();
    let mut unknown_chunks = 0;
    let mut buffer = Vec::new();
    for frame in layout.frames(bytes).map(Result::unwrap) {
        match frame.header.kind {
            ChunkKind::CALLS => {
                let Ok(chunk) = layout.calls(bytes, &frame, &mut buffer) else { continue };
                for call in chunk.calls().expect("a good chunk") {
                    let of_task = calls.entry(call.task.0.to_string()).or_insert_with(|| json!([]));
                    of_task.as_array_mut().expect("a list").push(finished(&call));
                }
            }
            ChunkKind::EVENTS => {
                if let Ok(chunk) = layout.events(bytes, &frame, &mut buffer) {
                    events.extend(chunk.map(|event| of_event(&event.expect("a good chunk"))));
                }
            }
            kind if kind.name().is_none() => unknown_chunks += 1,
            _ => {}
        }
    }
    let mut meaning = json!({
        "version": [header.version.0, header.version.1],
        "trace_id": text(&header.trace_id),
        "created_realtime_ns": header.created_realtime_ns,
        "clock": header.clock.0,
        "completeness": match layout.completeness() {
            Completeness::Complete => "complete",
            Completeness::StoppedEarly => "stopped early",
            Completeness::Unfinished => "unfinished",
        },
        "damages": layout.verify(bytes).iter().map(damage).collect::<Vec<_>>(),
        "unknown_chunks": unknown_chunks,
        "session": layout.session(bytes).ok().flatten().map(|session| of_session(&session)),
        "overheads": layout.overheads(bytes).unwrap_or_default().iter().map(of_overhead).collect::<Vec<_>>(),
        "summary": layout.summary(bytes).ok().flatten().map(|summary| of_summary(&summary)),
        "calls": calls,
        "events": events,
    });
    let symbols: Vec<Value> =
        layout.symbols(bytes).filter_map(Result::ok).flat_map(|it| of_symbols(&it)).collect();
    if !symbols.is_empty() {
        meaning["symbols"] = json!(symbols);
    }
    meaning
}

fn of_symbols(symbols: &Symbols) -> Vec<Value> {
    let name = |place: u32| symbols.texts[place as usize].as_str();
    let function = |function: &SymbolFunction| {
        let SymbolFunction { name: text, file, line, inlined } = *function;
        json!({ "name": name(text), "file": file.map(name), "line": line, "inlined": inlined })
    };
    let place = |module: &SymbolModule, place: &SymbolPlace| {
        json!({
            "path": text(&module.path), "build_id": text(&module.build_id), "address": place.address,
            "in_file": place.in_file, "functions": place.functions.iter().map(function).collect::<Vec<_>>(),
        })
    };
    let of_module =
        |module: &SymbolModule| module.places.iter().map(|it| place(module, it)).collect::<Vec<_>>();
    symbols.modules.iter().flat_map(of_module).collect()
}

fn damage(damage: &Damage) -> Value {
    json!({
        "offset": damage.offset,
        "kind": damage.kind.map(|kind| kind.0),
        "task": damage.task.map(|task| task.0),
        "calls": damage.calls,
    })
}

fn of_session(session: &Session) -> Value {
    let host = &session.host;
    json!({
        "command": texts(&session.command),
        "working_directory": text(&session.working_directory),
        "environment": session.environment.as_deref().map(texts),
        "attached_pids": session.attached_pids,
        "host": {
            "name": host.name, "system": host.system, "release": host.release, "version": host.version,
            "machine": host.machine, "cpu_model": host.cpu_model, "cpus": host.cpus, "page_bytes": host.page_bytes,
        },
        "recorder": session.recorder,
        "backend": session.backend,
        "backend_options": session.backend_options,
        "filter": session.filter,
        "all_registers": session.all_registers,
        "started_realtime_ns": session.started_realtime_ns,
        "started_ns": session.started_ns,
        "notes": session.notes,
    })
}

fn of_overhead(overhead: &Overhead) -> Value {
    json!({
        "mechanism": overhead.mechanism, "method": overhead.method, "samples": overhead.samples,
        "call_ns_median": overhead.call_ns_median, "call_ns_p99": overhead.call_ns_p99,
        "inside_ns_median": overhead.inside_ns_median,
    })
}

fn of_summary(summary: &Summary) -> Value {
    let totals = &summary.totals;
    json!({
        "totals": {
            "calls": totals.calls, "errors": totals.errors, "unfinished": totals.unfinished,
            "events": totals.events, "tasks": totals.tasks, "lost_calls": totals.lost_calls,
            "lost_events": totals.lost_events, "orphan_exits": totals.orphan_exits,
            "first_ns": totals.first_ns, "last_ns": totals.last_ns, "recorder_calls": totals.recorder_calls,
        },
        "end_reason": summary.end_reason.0,
        "recorder_cpu_ns": summary.recorder_cpu_ns,
        "notes": summary.notes,
    })
}

/// Puts captures into a call where it has any.
fn put_captures(value: &mut Value, name: &str, captures: &[Capture]) {
    if !captures.is_empty() {
        let of_capture = |capture: &Capture| {
            json!({
                "address": capture.address, "wanted_bytes": capture.wanted_bytes, "cut": capture.cut.0,
                "bytes": text(&capture.bytes),
            })
        };
        value[name] = captures.iter().map(of_capture).collect();
    }
}

fn of_entry(entry: &Entry) -> Value {
    let mut value = json!({
        "start_ns": entry.time_ns, "abi": entry.abi.0, "nr": entry.nr, "ip": entry.ip, "sp": entry.sp,
        "args": entry.args, "entry_registers": entry.registers.as_deref().map(|all| all.to_vec()),
    });
    if let Some(stack) = entry.stack {
        value["stack"] = json!(stack.0);
    }
    put_captures(&mut value, "entry_captures", &entry.captures);
    value
}

fn finished(call: &Call) -> Value {
    let mut value = of_entry(&call.entry);
    value["duration_ns"] = json!(call.duration_ns);
    value["ret"] = json!(call.ret);
    value["exit_registers"] = json!(call.exit_registers.as_deref().map(|all| all.to_vec()));
    put_captures(&mut value, "exit_captures", &call.exit_captures);
    value
}

fn of_event(event: &Event) -> Value {
    let (kind, body) = match &event.body {
        EventBody::TaskStart { tid, pid, process, parent, origin, comm } => (
            "task_start",
            json!({"tid": tid, "pid": pid, "process": process.0, "parent": parent.map(|task| task.0),
                "origin": origin.0, "comm": text(comm)}),
        ),
        EventBody::Exec { exe, argv, comm, former } => (
            "exec",
            json!({"exe": text(exe), "argv": texts(argv), "comm": text(comm), "former": former.map(|task| task.0)}),
        ),
        EventBody::Name { comm } => ("name", json!({"comm": text(comm)})),
        EventBody::TaskEnd(end) => {
            let (cause, value, core_dumped) = match *end {
                TaskEnd::Exited { code } => (1, code, false),
                TaskEnd::Killed { signo, core_dumped } => (2, signo, core_dumped),
                TaskEnd::Superseded => (3, 0, false),
                TaskEnd::Detached => (4, 0, false),
                TaskEnd::Vanished => (5, 0, false),
                TaskEnd::Unknown { cause, value } => (cause, value, false),
            };
            ("task_end", json!({"cause": cause, "value": value, "core_dumped": core_dumped}))
        }
        EventBody::Signal { signo, code, sender_pid, address } => {
            ("signal", json!({"signo": signo, "code": code, "sender_pid": sender_pid, "address": address}))
        }
        EventBody::Stop { signo } => ("stop", json!({"signo": signo})),
        EventBody::Continue => ("continue", json!({})),
        EventBody::Unfinished { entry, reason } => {
            ("unfinished", json!({"reason": reason.0, "call": of_entry(entry)}))
        }
        EventBody::Mapping { address, length, file_offset, path, build_id } => (
            "mapping",
            json!({"address": address, "length": length, "file_offset": file_offset, "path": text(path),
                "build_id": text(build_id)}),
        ),
        EventBody::Descriptor { fd, target } => ("descriptor", json!({"fd": fd, "target": text(target)})),
        EventBody::WorkingDirectory { path } => ("working_directory", json!({"path": text(path)})),
        EventBody::Loss { reason, calls, first_ns } => {
            ("loss", json!({"reason": reason.0, "calls": calls, "first_ns": first_ns}))
        }
        EventBody::Anchor { realtime_ns, tsc } => ("anchor", json!({"realtime_ns": realtime_ns, "tsc": tsc})),
        EventBody::Mechanism { mechanism, reason } => {
            ("mechanism", json!({"mechanism": text(mechanism), "reason": text(reason)}))
        }
        EventBody::RecorderCall { nr, ret } => ("recorder_call", json!({"nr": nr, "ret": ret})),
        EventBody::Module { module, path, build_id } => {
            ("module", json!({"module": module.0, "path": text(path), "build_id": text(build_id)}))
        }
        EventBody::StackNode { node, parent, module, offset, flags, name } => (
            "stack_node",
            json!({"node": node.0, "parent": parent.map(|node| node.0), "module": module.map(|it| it.0),
                "offset": offset, "flags": flags.0, "name": text(name)}),
        ),
        EventBody::Unknown { kind, body } => ("unknown", json!({"number": kind, "body": text(body)})),
    };
    json!({"time_ns": event.time_ns, "task": event.task.map(|task| task.0), "kind": kind, "body": body})
}
