use super::*;

fn event(time_ns: u64, task: u32, body: EventBody) -> Event {
    Event { time_ns, task: Some(TaskId(task)), body }
}

fn start(time_ns: u64, task: u32, process: u32, parent: Option<u32>) -> Event {
    let body = EventBody::TaskStart {
        tid: 100 + task as i32,
        pid: 100 + process as i32,
        process: TaskId(process),
        parent: parent.map(TaskId),
        origin: Origin::CLONE,
        comm: format!("task{task}").into_bytes(),
    };
    event(time_ns, task, body)
}

fn exec(time_ns: u64, task: u32, comm: &str, former: Option<u32>) -> Event {
    let argv = vec![comm.into(), b"-x".to_vec()];
    let body =
        EventBody::Exec { exe: b"/bin/".to_vec(), argv, comm: comm.into(), former: former.map(TaskId) };
    event(time_ns, task, body)
}

fn table(events: impl IntoIterator<Item = Event>) -> TaskTable {
    let mut builder = Builder::default();
    events.into_iter().for_each(|event| builder.event(event));
    builder.build()
}

fn ids<'a>(tasks: impl Iterator<Item = &'a Task>) -> Vec<u32> {
    tasks.map(|task| task.id.0).collect()
}

// shell 0 ── thread 1 ── makes process 2 ── makes process 3
#[test]
fn a_process_made_by_a_thread_is_a_child_of_the_threads_process() {
    let table = table([
        start(0, 0, 0, None),
        start(1, 1, 0, Some(0)),
        start(2, 2, 2, Some(1)),
        start(3, 3, 3, Some(2)),
    ]);
    assert_eq!(ids(table.roots()), [0]);
    assert_eq!(ids(table.threads_of(TaskId(0))), [0, 1]);
    assert_eq!(ids(table.children_of(TaskId(0))), [2]);
    assert_eq!(ids(table.children_of(TaskId(2))), [3]);
    assert_eq!(table.parent_process_of(table.get(TaskId(2)).unwrap()).unwrap().id, TaskId(0));
}

#[test]
fn names_are_those_of_the_moment() {
    let table = table([start(10, 0, 0, None), exec(20, 0, "make", None), {
        event(30, 0, EventBody::Name { comm: b"worker".to_vec() })
    }]);
    let task = table.get(TaskId(0)).unwrap();
    let at = |time_ns| String::from_utf8_lossy(task.name_at(time_ns)).into_owned();
    assert_eq!(
        [at(0), at(10), at(19), at(20), at(29), at(30), at(99)],
        ["task0", "task0", "task0", "make", "make", "worker", "worker"]
    );
    assert_eq!(task.name(), b"worker");
}

// thread 1 calls execve: 0 goes on under the process's number, 1 is over.
#[test]
fn exec_from_a_thread_goes_on_as_the_leader() {
    let table = table([
        start(0, 0, 0, None),
        start(1, 1, 0, Some(0)),
        event(5, 1, EventBody::TaskEnd(TaskEnd::Superseded)),
        exec(5, 0, "new", Some(1)),
        event(9, 0, EventBody::TaskEnd(TaskEnd::Exited { code: 3 })),
    ]);
    let (leader, thread) = (table.get(TaskId(0)).unwrap(), table.get(TaskId(1)).unwrap());
    assert_eq!(leader.programs.len(), 1);
    assert_eq!(leader.programs[0].former, Some(TaskId(1)));
    assert_eq!((leader.end_ns, leader.end), (Some(9), Some(TaskEnd::Exited { code: 3 })));
    assert_eq!((thread.end_ns, thread.end), (Some(5), Some(TaskEnd::Superseded)));
    assert_eq!(thread.name(), b"task1");
}

#[test]
fn claims_that_would_make_a_circle_are_not_believed() {
    let table = table([start(0, 1, 2, Some(2)), start(0, 2, 1, Some(1)), start(0, 3, 0, Some(3))]);
    assert_eq!(ids(table.roots()), [1, 3]);
    assert_eq!(ids(table.processes()), [1, 3], "2 is a thread of 1; 3's process is not in the trace");
    let task = table.get(TaskId(1)).unwrap();
    assert_eq!((task.process, task.parent), (TaskId(1), None));
}

#[test]
fn a_task_whose_start_is_missing_is_a_process_of_its_own() {
    let mut builder = Builder::default();
    builder.mention(TaskId(7));
    builder.event(event(4, 9, EventBody::Continue));
    let table = builder.build();
    assert_eq!(ids(table.processes()), [7, 9]);
    assert_eq!(table.get(TaskId(7)).unwrap().name(), b"");
    assert_eq!(table.get(TaskId(9)).unwrap().origin, None);
}

#[test]
fn histories_stay_bounded_and_keep_the_latest() {
    let names = (0..1000).map(|at| event(at, 0, EventBody::Name { comm: at.to_string().into_bytes() }));
    let execs = (0..1000).map(|at| exec(at, 0, "loop", None));
    let table = table(names.chain(execs));
    let task = table.get(TaskId(0)).unwrap();
    assert_eq!(task.names.len(), HISTORY_MAX);
    assert_eq!(task.programs.len(), HISTORY_MAX);
    assert_eq!(task.programs.last().unwrap().from_ns, 999);
    let long = EventBody::Exec { exe: vec![], argv: vec![vec![b'x'; 3000]; 3], comm: vec![], former: None };
    let table = self::table([event(0, 0, long)]);
    assert_eq!(table.get(TaskId(0)).unwrap().programs[0].argv.len(), 1);
}

#[test]
fn mechanisms_are_kept_in_order_and_the_first_one_is_not_invented() {
    let way = |time_ns, task, name: &str, reason: &str| {
        let body = EventBody::Mechanism { mechanism: name.into(), reason: reason.into() };
        event(time_ns, task, body)
    };
    let table = table([
        start(0, 0, 0, None),
        start(0, 1, 1, None),
        way(5, 1, "ptrace", "it runs 32-bit code"),
        way(9, 1, "inline", ""),
    ]);
    assert_eq!(table.get(TaskId(0)).unwrap().mechanisms, []);
    let ways = &table.get(TaskId(1)).unwrap().mechanisms;
    let ways: Vec<_> =
        ways.iter().map(|way| (way.from_ns, way.name.as_slice(), way.reason.as_slice())).collect();
    assert_eq!(ways, [(5, &b"ptrace"[..], &b"it runs 32-bit code"[..]), (9, b"inline", b"")]);
    let many = self::table((0..1000).map(|at| way(at, 0, "ptrace", "again")));
    assert_eq!(many.get(TaskId(0)).unwrap().mechanisms.len(), HISTORY_MAX);
}
