//! Stacks of calls: as a trace has them, and as gdb sees them at the entry of the same calls.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use sysrec_format::event::{Call, Event, EventBody, FrameFlags, StackId};
use sysrec_format::frame::ChunkKind;
use sysrec_format::layout::Layout;
use sysrec_format::stacks::StackTable;

use crate::Skip;

/// A frame: what its code lies in, by the last part of its path, and where in that file (of memory without a file: the
/// address).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// `libc.so.6`, `[vdso]`; empty for what is no file.
    pub module: String,
    /// Bytes from the start of the file.
    pub offset: u64,
}

/// A frame of a trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedFrame {
    /// Where.
    pub place: Place,
    /// What else is known.
    pub flags: FrameFlags,
    /// Its name, where the recorder gave one.
    pub name: Vec<u8>,
}

/// The stacks of a trace.
pub struct RecordedStacks {
    /// Calls in order of their starts.
    pub calls: Vec<Call>,
    /// Calls that did not return, and all else that happened.
    pub events: Vec<Event>,
    /// What their numbers mean.
    pub table: StackTable,
    segments: BTreeMap<PathBuf, Vec<Segment>>,
}

/// A part of an ELF file that is loaded: offset, address, bytes.
type Segment = (u64, u64, u64);

/// The loaded parts of a file, as readelf has them.
fn segments(path: &Path) -> Vec<Segment> {
    let Ok(output) = Command::new("readelf").arg("-lW").arg(path).stdin(Stdio::null()).output() else {
        return Vec::new();
    };
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let number = |field: &str| u64::from_str_radix(field.trim_start_matches("0x"), 16).ok();
    text.lines()
        .filter_map(|line| {
            let fields: Vec<&str> = line.trim().strip_prefix("LOAD")?.split_whitespace().collect();
            Some((number(fields.first()?)?, number(fields.get(1)?)?, number(fields.get(3)?)?))
        })
        .collect()
}

impl RecordedStacks {
    /// Reads a trace in which nothing may be missing.
    ///
    /// # Errors
    /// When the trace cannot be read.
    ///
    /// # Panics
    /// When a part of it is damaged, or a call names a stack that it does not have.
    pub fn read(trace: &Path) -> io::Result<Self> {
        let bytes = fs::read(trace)?;
        let layout = Layout::read(&bytes).map_err(io::Error::other)?;
        let mut found = RecordedStacks {
            calls: Vec::new(),
            events: Vec::new(),
            table: StackTable::default(),
            segments: BTreeMap::new(),
        };
        let mut buffer = Vec::new();
        for frame in layout.frames(&bytes) {
            let frame = frame.map_err(io::Error::other)?;
            match frame.header.kind {
                ChunkKind::CALLS => {
                    let chunk = layout.calls(&bytes, &frame, &mut buffer).map_err(io::Error::other)?;
                    found.calls.extend(chunk.calls().map_err(io::Error::other)?);
                }
                ChunkKind::EVENTS => {
                    for event in layout.events(&bytes, &frame, &mut buffer).map_err(io::Error::other)? {
                        found.events.push(event.map_err(io::Error::other)?);
                    }
                }
                _ => {}
            }
        }
        found.events.iter().for_each(|event| found.table.add(&event.body));
        found.calls.sort_by_key(|call| call.entry.time_ns);
        assert_eq!(found.table.refused(), 0);
        for stack in found.calls.iter().filter_map(|call| call.entry.stack) {
            assert!(found.table.depth(stack) > 0, "{stack:?} is not in the trace");
        }
        for event in &found.events {
            if let EventBody::Module { path, .. } = &event.body
                && let Ok(path) = std::str::from_utf8(path)
            {
                found.segments.insert(path.into(), segments(Path::new(path)));
            }
        }
        Ok(found)
    }

    /// The frames of a stack, the innermost first.
    pub fn frames(&self, stack: StackId) -> Vec<RecordedFrame> {
        let frame = |frame: sysrec_format::stacks::Frame<'_>| {
            let path = frame.module.and_then(|id| self.table.module(id)).map(|module| module.path.clone());
            let path = String::from_utf8_lossy(&path.unwrap_or_default()).into_owned();
            let segments = self.segments.get(Path::new(&path)).map_or(&[][..], |segments| segments);
            let around = segments
                .iter()
                .find(|(_, address, bytes)| (*address..address + bytes).contains(&frame.offset_inside()));
            let offset = around.map_or(frame.offset, |(offset, address, _)| frame.offset - address + offset);
            let module = if path == "[jit]" { String::new() } else { last_part(&path) };
            RecordedFrame { place: Place { module, offset }, flags: frame.flags, name: frame.name.to_vec() }
        };
        self.table.frames(stack).map(frame).collect()
    }

    /// The stacks of the calls with these numbers, in order of time.
    ///
    /// # Panics
    /// When one has none.
    pub fn stacks_of(&self, numbers: &[i32]) -> Vec<Vec<RecordedFrame>> {
        let calls = self.calls.iter().filter(|call| numbers.contains(&call.entry.nr));
        calls.map(|call| self.frames(call.entry.stack.expect("a stack"))).collect()
    }
}

fn last_part(path: &str) -> String {
    path.trim_end_matches(" (deleted)").rsplit('/').next().unwrap_or_default().to_owned()
}

/// gdb's own walk from frame to frame: at each entry of the calls, a line a frame. Left out is what is on no stack:
/// functions that are inlined, those that jumped to what they called last (gdb infers them from debug information), and
/// the caller of the outermost frame, which some programs say is at 0.
const SCRIPT: &str = r#"
import gdb

def place(pid, pc):
    for line in open(f"/proc/{pid}/maps"):
        fields = line.split(maxsplit=5)
        start, end = (int(part, 16) for part in fields[0].split("-"))
        if start <= pc < end:
            path = fields[5].strip() if len(fields) > 5 else ""
            if not path:
                return "", pc
            return path.split("/")[-1], pc - start + int(fields[2], 16)
    return "", pc

entered = {}
while gdb.selected_inferior().pid:
    pid, thread = gdb.selected_inferior().pid, gdb.selected_thread().num
    entered[thread] = not entered.get(thread, False)
    if entered[thread]:
        print("STACK")
        frame = gdb.newest_frame()
        while frame is not None:
            if frame.pc() != 0 and frame.type() not in (gdb.INLINE_FRAME, gdb.TAILCALL_FRAME):
                path, offset = place(pid, frame.pc())
                print("FRAME", offset, path, frame.name() or "?", sep="\t")
            frame = frame.older()
    gdb.execute("continue")
"#;

/// The stacks at the entries of these calls of a program, by gdb: place and name of each frame.
///
/// # Errors
/// Where there is no gdb, or none with Python.
///
/// # Panics
/// When gdb does not come to the end of the program.
pub fn by_gdb(program: &Path, arguments: &[&str], calls: &[&str]) -> Result<Vec<Vec<(Place, String)>>, Skip> {
    let folder = tempfile::tempdir()?;
    let script = folder.path().join("walk.py");
    fs::write(&script, SCRIPT)?;
    let mut gdb = Command::new("gdb");
    gdb.args(["-nx", "-batch"]);
    for command in [
        "set confirm off",
        "set pagination off",
        "set debuginfod enabled off",
        "set backtrace past-main on",
        "set backtrace limit 2000",
        "handle all nostop noprint pass",
        &format!("catch syscall {}", calls.join(" ")),
        "run",
        &format!("source {}", script.display()),
    ] {
        gdb.args(["-ex", command]);
    }
    let output = gdb.arg("--args").arg(program).args(arguments).stdin(Stdio::null()).output();
    let output = output.map_err(|error| Skip(format!("gdb cannot be run: {error}")))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    if errors.contains("Python scripting is not supported") {
        return Err(Skip("this gdb knows no Python".to_owned()));
    }
    assert!(text.contains("exited "), "gdb on {}:\n{text}\n{errors}", program.display());
    let mut stacks: Vec<Vec<(Place, String)>> = Vec::new();
    for line in text.lines() {
        if line == "STACK" {
            stacks.push(Vec::new());
        } else if let Some(rest) = line.strip_prefix("FRAME\t") {
            let mut fields = rest.splitn(3, '\t');
            let offset = fields.next().and_then(|offset| offset.parse().ok()).expect("an offset");
            let module = fields.next().unwrap_or_default().to_owned();
            let name = fields.next().unwrap_or_default().to_owned();
            stacks.last_mut().expect("a stack").push((Place { module, offset }, name));
        }
    }
    Ok(stacks)
}
