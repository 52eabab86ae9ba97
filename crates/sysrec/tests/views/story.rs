//! One recording in which everything happens that views have to show.

use sysrec_format::event::{
    Abi, Entry, EventBody, Exit, LossReason, Origin, TaskEnd, TaskId, UnfinishedReason,
};

use crate::recording::{Folder, Recording};

/// A shell (100) that starts `env`, which becomes `date` (101), a server with threads (102), a 32-bit program that
/// is killed (103), and a child with a name that a terminal would obey (104) that still runs at the end.
pub(crate) fn story() -> Recording {
    let mut r = Recording::new();
    let shell = r.process(100, "sysrec");
    r.exec(shell, &["sh", "-c", "env X=1 date; ./server & ./old"]);
    r.args = [u64::MAX - 99, 0x7ffc_1000, 0x8_0000, 0, 0, 0];
    r.wait(1_000_000).call(shell, "openat", 12_300, -2);
    r.args = [3, 0x7ffc_2000, 832, 0, 0, 0];
    r.wait(5_000).call(shell, "read", 1_500, 832);

    r.begin(shell, "fork").wait(40_000);
    let env = r.fork(shell, 101, "sh");
    r.wait(10_000).end(shell, 101);
    r.wait(20_000).exec(env, &["env", "X=1", "date"]);
    r.wait(30_000).exec(env, &["date"]);
    r.args = [1, 0x5555_0000, 29, 0, 0, 0];
    r.wait(10_000).call(env, "write", 2_000_000, 29);
    r.args = [0; 6];
    r.in_flight(env, "exit_group").wait(1_000).exit(env, 0);
    r.event(shell, EventBody::Signal { signo: 17, code: 1, sender_pid: 101, address: 0 });

    let server = r.fork(shell, 102, "sh");
    r.exec(server, &["./server", "--port=80"]);
    for worker in 0..3 {
        let thread = r.thread(server, 110 + worker, "server");
        r.event(thread, EventBody::Name { comm: format!("worker {worker}").into_bytes() });
        r.args = [0x5555_1000, 128, 2, 0, 0, 0];
        r.wait(1_000).call(thread, "futex", 70_000_000, -512);
        r.wait(10).event(thread, EventBody::Signal { signo: 10, code: -6, sender_pid: 100, address: 0 });
    }
    let worker = TaskId(5);
    r.wait(100).event(server, EventBody::Stop { signo: 19 }).wait(100).event(server, EventBody::Continue);
    r.begin(worker, "futex").wait(500_000);
    let now_ns = r.now_ns();
    r.writer().unfinished(worker, UnfinishedReason::KILLED, now_ns);
    r.event(worker, EventBody::TaskEnd(TaskEnd::Killed { signo: 9, core_dumped: false }));

    let old = r.fork(shell, 103, "sh");
    r.exec(old, &["./old"]);
    r.abi = Abi::I386;
    r.args = [0, 4096, 3, 34, 0xffff_ffff, 0];
    r.wait(10).call(old, "mmap2", 900, i64::from(0xf7fc_1000_u32 as i32));
    r.abi = Abi::X86_64;
    r.event(old, EventBody::Signal { signo: 11, code: 1, sender_pid: 0, address: 0 });
    r.event(old, EventBody::TaskEnd(TaskEnd::Killed { signo: 11, core_dumped: true }));

    let evil = r.fork(shell, 104, "sh");
    r.exec(evil, &["./\x1b]0;owned\x07", "a b", "\u{202e}txt"]);
    r.event(evil, EventBody::Descriptor { fd: 3, target: b"/tmp/\x1b[2J".to_vec() });
    r.event(evil, EventBody::WorkingDirectory { path: b"/new\nline".to_vec() });
    r.event(
        evil,
        EventBody::Mapping {
            address: 0x7f00_0000_0000,
            length: 0x1000,
            file_offset: 0x2000,
            path: b"/lib/libc.so.6".to_vec(),
            build_id: vec![0xab, 0xcd],
        },
    );
    // No filter knows a name for this one.
    r.args = [1, 2, 3, 4, 5, 6];
    r.wait(10).call_number(evil, 4_000, 100, -38);
    let now_ns = r.now_ns();
    let registers = Some(Box::new([7; 27]));
    let entry = Entry {
        time_ns: now_ns,
        abi: Abi::X86_64,
        nr: 39,
        ip: 0x40_1000,
        sp: 0x7ffc_0000,
        args: [0; 6],
        registers: registers.clone(),
        captures: Vec::new(),
        stack: None,
    };
    r.writer().entry(evil, &entry);
    r.writer().exit(evil, &Exit { time_ns: now_ns + 200, ret: 104, registers, captures: Vec::new() });
    r.wait(1_000).begin(evil, "pause");
    let first_ns = r.now_ns();
    let loss = EventBody::Loss { reason: LossReason::UNTRACED_CHILD, calls: 0, first_ns };
    r.event(shell, loss);
    r.exit(shell, 3);
    r
}

/// [`story`], closed, as `trace.bin` in a folder.
pub(crate) fn folder() -> Folder {
    let folder = Folder::new();
    folder.file("trace.bin", &story().finish());
    folder
}

/// A trace with nothing missing: one process that reads `calls` times, a chunk every 50.
pub(crate) fn whole(calls: u64) -> Vec<u8> {
    let mut r = Recording::new();
    let process = r.process(100, "reader");
    r.exec(process, &["reader"]);
    for call in 0..calls {
        r.wait(100).call(process, "read", 1_000 + call, 1);
        if call % 50 == 49 {
            r.seal();
        }
    }
    r.exit(process, 0);
    r.finish()
}

/// A process that was there before the recording, and is left alone behind it.
pub(crate) fn attached() -> Recording {
    let mut r = Recording::new();
    let task = TaskId(0);
    let comm = b"nginx".to_vec();
    let origin = Origin::ATTACH;
    r.event(task, EventBody::TaskStart { tid: 50, pid: 50, process: task, parent: None, origin, comm });
    r.wait(1_000_000).event(task, EventBody::TaskEnd(TaskEnd::Detached));
    r
}
