use sysrec_format::event::{Event, EventBody, Origin};

use super::*;
use crate::tasks::Builder;

/// `(id, process, parent)`, started at `1000 - id` so that numbers and starts go against each other.
fn table(tasks: &[(u32, u32, Option<u32>)], ends: &[(u32, u64)]) -> TaskTable {
    let mut builder = Builder::default();
    for (id, process, parent) in tasks {
        let body = EventBody::TaskStart {
            tid: *id as i32,
            pid: *process as i32,
            process: TaskId(*process),
            parent: parent.map(TaskId),
            origin: Origin::FORK,
            comm: Vec::new(),
        };
        builder.event(Event { time_ns: u64::from(1_000 - id), task: Some(TaskId(*id)), body });
    }
    for (id, time_ns) in ends {
        let body = EventBody::TaskEnd(TaskEnd::Exited { code: *id as i32 });
        builder.event(Event { time_ns: *time_ns, task: Some(TaskId(*id)), body });
    }
    builder.build()
}

fn activities(calls: &[(u32, u64)]) -> Activities {
    let mut activities = Activities::default();
    for (id, calls) in calls {
        activities
            .by_task
            .insert(TaskId(*id), Activity { calls: *calls, wall_ns: 10 * calls, ..Activity::default() });
    }
    activities
}

fn drawn(tree: &ProcessTree) -> Vec<String> {
    tree.nodes().iter().map(|node| format!("{}{}", " ".repeat(node.depth), node.process.0)).collect()
}

// 1 ─┬─ 2 (with thread 3) ─── 5
//    └─ 4
#[test]
fn parents_come_before_children_and_brothers_in_order_of_their_start() {
    let tasks =
        table(&[(1, 1, None), (2, 2, Some(1)), (3, 2, Some(2)), (4, 4, Some(1)), (5, 5, Some(3))], &[]);
    let tree = ProcessTree::new(&tasks, &activities(&[(1, 1), (2, 2), (3, 4), (4, 8), (5, 16)]));
    assert_eq!(drawn(&tree), ["1", " 4", " 2", "  5"], "4 started before 2");
    assert_eq!(tree.roots().collect::<Vec<_>>(), [0]);
    assert_eq!(tree.children(0).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(tree.children(1).count(), 0);
    assert_eq!(tree.children(3).count(), 0, "nothing lies behind the last one");
    let calls =
        |position: usize| (tree.nodes()[position].own.calls, tree.nodes()[position].with_descendants.calls);
    assert_eq!([0, 1, 2, 3].map(calls), [(1, 31), (8, 8), (6, 22), (16, 16)]);
    assert_eq!(tree.nodes()[2].tasks, 2);
    assert_eq!(tree.nodes()[2].own.wall_ns, 60);
}

#[test]
fn a_process_lasts_as_long_as_its_last_thread() {
    let tasks = [(1, 1, None), (2, 1, Some(1))];
    let of = |ends: &[(u32, u64)]| {
        let node = ProcessTree::new(&table(&tasks, ends), &Activities::default()).nodes()[0];
        (node.end_ns, node.end)
    };
    let exited = Some(TaskEnd::Exited { code: 1 });
    assert_eq!(of(&[(1, 2_000), (2, 3_000)]), (Some(3_000), exited));
    assert_eq!(of(&[(2, 2_000), (1, 3_000)]), (Some(3_000), exited));
    assert_eq!(of(&[(1, 2_000)]), (None, None), "its leader is gone, it is not");
}

#[test]
fn an_empty_trace_has_no_tree_and_a_chain_may_be_long() {
    let tree = ProcessTree::new(&TaskTable::default(), &Activities::default());
    assert_eq!(tree.roots().count(), 0);
    let chain: Vec<_> = (0..900).map(|id: u32| (id, id, id.checked_sub(1))).collect();
    let tree = ProcessTree::new(&table(&chain, &[]), &activities(&[(899, 7)]));
    assert_eq!(tree.nodes().last().map(|node| node.depth), Some(899));
    assert_eq!(tree.nodes()[0].with_descendants.calls, 7);
}
