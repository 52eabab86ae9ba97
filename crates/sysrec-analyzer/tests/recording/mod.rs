//! Makes traces for tests, call by call, through the format's own writer.
//!
//! ```text
//!  let mut recording = Recording::new();
//!  let shell = recording.process(100, "sh");                      // starts now
//!  recording.wait(1_000).call(shell, "read", 250, -11);           // now: 1_000 to 1_250
//!  recording.in_flight(shell, "exit_group").exit(shell, 0);
//!  let bytes = recording.finish();
//! ```
#![allow(dead_code, reason = "no test uses all of it")]
#![allow(unreachable_pub, reason = "a module of several test programs")]

use std::path::PathBuf;

use sysrec_format::block::{EndReason, Host, Overhead, Session};
use sysrec_format::event::{
    Abi, Entry, Event, EventBody, Exit, FrameFlags, Origin, StackId, TaskEnd, TaskId, UnfinishedReason,
};
use sysrec_format::header::Clock;
use sysrec_format::storage::{MemoryStorage, Storage};
use sysrec_format::writer::{Ending, NewTrace, TraceWriter, WriterOptions};

/// When recordings start, nanoseconds: long after boot, as real ones.
pub const START_NS: u64 = 5_000_000_000_000;

/// What recording adds to the duration of each call where nothing else is said, nanoseconds.
const INSIDE_NS: u64 = 8_200;

/// A trace that is being made. Time only goes on when told to.
pub struct Recording<S: Storage = MemoryStorage> {
    writer: TraceWriter<S>,
    now_ns: u64,
    tasks: Vec<(i32, i32, TaskId)>,
    /// The ABI of the calls to come.
    pub abi: Abi,
    /// The instruction pointer of the calls to come.
    pub ip: u64,
    /// The arguments of the calls to come.
    pub args: [u64; 6],
    /// The stack of the calls to come.
    pub stack: Option<StackId>,
    nodes: Vec<(Option<StackId>, &'static str)>,
}

/// The session of every recording that names no other.
pub fn session() -> Session {
    Session {
        command: vec![b"./server".to_vec(), b"--port=80".to_vec()],
        backend: "ptrace".into(),
        recorder: "sysrec 0.1.0".into(),
        host: Host { name: "host".into(), system: "Linux".into(), cpus: 2, ..Host::default() },
        started_ns: START_NS,
        ..Session::default()
    }
}

impl Recording {
    /// In memory, with [`session`].
    pub fn new() -> Self {
        Self::with(MemoryStorage::new(), &session())
    }

    /// Closes it properly and gives the file's bytes.
    pub fn finish(mut self) -> Vec<u8> {
        let ending = Ending { reason: EndReason::PROCESSES_ENDED, time_ns: self.now_ns, ..Ending::default() };
        self.writer.flush();
        self.writer.finish(&ending).expect("memory takes everything").0.into_bytes()
    }

    /// The file as it is when the recorder is killed now.
    pub fn killed(self) -> Vec<u8> {
        self.writer.storage().as_slice().to_vec()
    }
}

impl<S: Storage> Recording<S> {
    /// Anywhere, with any session.
    pub fn with(storage: S, session: &Session) -> Self {
        Self::at_cost(storage, session, INSIDE_NS)
    }

    /// The same, and recording adds so much to the duration of each call.
    pub fn at_cost(storage: S, session: &Session, inside_ns: u64) -> Self {
        let new = NewTrace { trace_id: [7; 16], created_realtime_ns: 1, clock: Clock::MONOTONIC_NS, session };
        let mut writer =
            TraceWriter::create(storage, &new, WriterOptions::default()).expect("room for the start");
        let overhead = Overhead {
            mechanism: "ptrace, two stops".into(),
            samples: 1000,
            call_ns_median: 14_500,
            call_ns_p99: 30_000,
            inside_ns_median: inside_ns,
            ..Overhead::default()
        };
        writer.overhead(&overhead).expect("room for the start");
        let (abi, ip, args) = (Abi::X86_64, 0x40_1000, [0; 6]);
        let (stack, nodes) = (None, Vec::new());
        Self { writer, now_ns: START_NS, tasks: Vec::new(), abi, ip, args, stack, nodes }
    }

    /// The writer, for what has no short form.
    pub fn writer(&mut self) -> &mut TraceWriter<S> {
        &mut self.writer
    }

    /// Now, nanoseconds on the trace's clock.
    pub fn now_ns(&self) -> u64 {
        self.now_ns
    }

    /// Time goes on.
    pub fn wait(&mut self, ns: u64) -> &mut Self {
        self.now_ns += ns;
        self
    }

    /// Chunks end here.
    pub fn seal(&mut self) -> &mut Self {
        self.writer.flush();
        self
    }

    /// Something happens to a task now.
    pub fn event(&mut self, task: TaskId, body: EventBody) -> &mut Self {
        self.writer.event(&Event { time_ns: self.now_ns, task: Some(task), body });
        self
    }

    /// A process without parent starts.
    pub fn process(&mut self, pid: i32, comm: &str) -> TaskId {
        self.start(pid, pid, None, None, Origin::COMMAND, comm)
    }

    /// A task forks.
    pub fn fork(&mut self, parent: TaskId, pid: i32, comm: &str) -> TaskId {
        self.start(pid, pid, None, Some(parent), Origin::FORK, comm)
    }

    /// A task makes a thread.
    pub fn thread(&mut self, parent: TaskId, tid: i32, comm: &str) -> TaskId {
        let (_, pid, process) = self.tasks[parent.0 as usize];
        self.start(tid, pid, Some(process), Some(parent), Origin::CLONE, comm)
    }

    fn start(
        &mut self,
        tid: i32,
        pid: i32,
        process: Option<TaskId>,
        parent: Option<TaskId>,
        origin: Origin,
        comm: &str,
    ) -> TaskId {
        let id = TaskId(self.tasks.len() as u32);
        let process = process.unwrap_or(id);
        self.tasks.push((tid, pid, process));
        let comm = comm.as_bytes().to_vec();
        self.event(id, EventBody::TaskStart { tid, pid, process, parent, origin, comm });
        id
    }

    /// A task executes a program.
    pub fn exec(&mut self, task: TaskId, argv: &[&str]) -> &mut Self {
        let comm = argv[0].rsplit('/').next().unwrap_or_default().as_bytes().to_vec();
        let argv: Vec<Vec<u8>> = argv.iter().map(|argument| argument.as_bytes().to_vec()).collect();
        self.event(task, EventBody::Exec { exe: argv[0].clone(), argv, comm, former: None })
    }

    /// A task ends with a code.
    pub fn exit(&mut self, task: TaskId, code: i32) -> &mut Self {
        self.event(task, EventBody::TaskEnd(TaskEnd::Exited { code }))
    }

    /// The calls to come have this stack, the outermost function first: code that the recorder knew the names of.
    pub fn under(&mut self, functions: &[&'static str]) -> &mut Self {
        self.stack = None;
        for function in functions {
            let known = self.nodes.iter().position(|node| *node == (self.stack, *function));
            let node = known.unwrap_or(self.nodes.len());
            if known.is_none() {
                self.nodes.push((self.stack, *function));
                let body = EventBody::StackNode {
                    node: StackId(node as u32),
                    parent: self.stack,
                    module: None,
                    offset: 0x1000 + node as u64,
                    flags: FrameFlags::default(),
                    name: function.as_bytes().to_vec(),
                };
                self.writer.event(&Event { time_ns: self.now_ns, task: None, body });
            }
            self.stack = Some(StackId(node as u32));
        }
        self
    }

    /// A file's code is mapped into a process, from its beginning.
    pub fn map(&mut self, task: TaskId, address: u64, length: u64, path: &str, build_id: &[u8]) -> &mut Self {
        let (path, build_id) = (path.as_bytes().to_vec(), build_id.to_vec());
        self.event(task, EventBody::Mapping { address, length, file_offset: 0, path, build_id })
    }

    /// A call that begins now; time goes on until it ends.
    pub fn call(&mut self, task: TaskId, name: &str, duration_ns: u64, ret: i64) -> &mut Self {
        let entry = self.entry(name);
        self.writer.entry(task, &entry);
        self.now_ns += duration_ns;
        self.writer.exit(task, &Exit { time_ns: self.now_ns, ret, registers: None, captures: Vec::new() });
        self
    }

    /// A call of another table's number.
    pub fn call_number(&mut self, task: TaskId, nr: i32, duration_ns: u64, ret: i64) -> &mut Self {
        let entry = Entry { nr, ..self.entry("read") };
        self.writer.entry(task, &entry);
        self.now_ns += duration_ns;
        self.writer.exit(task, &Exit { time_ns: self.now_ns, ret, registers: None, captures: Vec::new() });
        self
    }

    /// A call begins now and another method ends it.
    pub fn begin(&mut self, task: TaskId, name: &str) -> &mut Self {
        let entry = self.entry(name);
        self.writer.entry(task, &entry);
        self
    }

    /// The call that a task is in ends now.
    pub fn end(&mut self, task: TaskId, ret: i64) -> &mut Self {
        self.writer.exit(task, &Exit { time_ns: self.now_ns, ret, registers: None, captures: Vec::new() });
        self
    }

    /// A call that begins now and does not return.
    pub fn in_flight(&mut self, task: TaskId, name: &str) -> &mut Self {
        let entry = self.entry(name);
        self.writer.entry(task, &entry);
        self.writer.unfinished(task, UnfinishedReason::EXIT, self.now_ns);
        self
    }

    fn entry(&self, name: &str) -> Entry {
        let abi = sysrec_syscalls::Abi::from_code(self.abi.0).expect("a known ABI");
        let nr = sysrec_syscalls::by_name(abi, name).expect("a known call").number as i32;
        let (ip, args) = (self.ip, self.args);
        Entry {
            time_ns: self.now_ns,
            abi: self.abi,
            nr,
            ip,
            sp: 0x7ffc_0000,
            args,
            registers: None,
            captures: Vec::new(),
            stack: self.stack,
        }
    }
}

/// A folder that is removed with its files when the value goes.
pub struct Folder(tempfile::TempDir);

impl Folder {
    pub fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary folder"))
    }

    pub fn path(&self) -> &std::path::Path {
        self.0.path()
    }

    /// Writes a file.
    pub fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, bytes).expect("a file in the temporary folder");
        path
    }
}
