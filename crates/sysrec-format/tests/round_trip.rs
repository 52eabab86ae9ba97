//! Whatever is written can be read again.

mod model;

use model::*;
use proptest::prelude::*;
use sysrec_format::calls::{ColumnId, ret};
use sysrec_format::event::*;
use sysrec_format::frame::ChunkKind;
use sysrec_format::layout::{Completeness, Layout};
use sysrec_format::storage::MemoryStorage;
use sysrec_format::writer::WriterOptions;

/// Numbers as they come in registers: small ones, addresses, edges.
fn register() -> BoxedStrategy<u64> {
    prop_oneof![
        0..16_u64,
        any::<u64>(),
        (0..64_u64).prop_map(|n| 0x7ffc_0000_0000 + 8 * n),
        Just(u64::MAX),
        Just(1 << 63),
    ]
    .boxed()
}

fn registers() -> BoxedStrategy<Option<Box<UserRegisters>>> {
    prop_oneof![
        8 => Just(None),
        1 => proptest::collection::vec(register(), USER_REGISTERS)
            .prop_map(|registers| Some(Box::new(registers.try_into().expect("as many as asked for")))),
    ]
    .boxed()
}

/// Mostly none; addresses near the arguments and anywhere, bytes that repeat and bytes that do not.
fn captures() -> BoxedStrategy<Vec<Capture>> {
    let bytes = prop_oneof![
        3 => (0..4_u8).prop_map(|n| vec![b'/', b'a' + n, 0]),
        1 => proptest::collection::vec(any::<u8>(), 0..200),
        1 => (0..3_usize).prop_map(|n| vec![b'x'; n * 700]),
    ];
    let one = (register(), register(), 0..4_u8, bytes).prop_map(|(address, wanted_bytes, cut, bytes)| {
        Capture { address, wanted_bytes, cut: CaptureCut(cut), bytes: bytes.into() }
    });
    prop_oneof![3 => Just(Vec::new()), 1 => proptest::collection::vec(one, 1..5)].boxed()
}

fn task() -> impl Strategy<Value = TaskId> {
    (0..6_u32).prop_map(TaskId)
}

fn entry() -> BoxedStrategy<Entry> {
    let abi = prop_oneof![Just(Abi::X86_64), Just(Abi::I386), any::<u8>().prop_map(Abi)];
    let nr = prop_oneof![0..5_i32, any::<i32>()];
    let ip = prop_oneof![(0..3_u64).prop_map(|n| 0x40_0000 + 16 * n), register()];
    let stack = proptest::option::of(0..1_u32 << 24).prop_map(|stack| stack.map(StackId));
    (
        register(),
        abi,
        nr,
        ip,
        register(),
        proptest::array::uniform6(register()),
        registers(),
        stack,
        captures(),
    )
        .prop_map(|(time_ns, abi, nr, ip, sp, args, registers, stack, captures)| Entry {
            time_ns,
            abi,
            nr,
            ip,
            sp,
            args,
            registers,
            captures,
            stack,
        })
        .boxed()
}

fn text() -> BoxedStrategy<Vec<u8>> {
    proptest::collection::vec(any::<u8>(), 0..40).boxed()
}

fn body() -> BoxedStrategy<EventBody> {
    let optional_task = || proptest::option::of(task());
    prop_oneof![
        (any::<i32>(), any::<i32>(), task(), optional_task(), any::<u8>(), text()).prop_map(
            |(tid, pid, process, parent, origin, comm)| EventBody::TaskStart {
                tid,
                pid,
                process,
                parent,
                origin: Origin(origin),
                comm
            }
        ),
        (text(), proptest::collection::vec(text(), 0..6), text(), optional_task())
            .prop_map(|(exe, argv, comm, former)| EventBody::Exec { exe, argv, comm, former }),
        text().prop_map(|comm| EventBody::Name { comm }),
        any::<i32>().prop_map(|code| EventBody::TaskEnd(TaskEnd::Exited { code })),
        (any::<i32>(), any::<bool>())
            .prop_map(|(signo, core_dumped)| EventBody::TaskEnd(TaskEnd::Killed { signo, core_dumped })),
        Just(EventBody::TaskEnd(TaskEnd::Superseded)),
        Just(EventBody::TaskEnd(TaskEnd::Detached)),
        Just(EventBody::TaskEnd(TaskEnd::Vanished)),
        (6..=255_u8, any::<i32>())
            .prop_map(|(cause, value)| EventBody::TaskEnd(TaskEnd::Unknown { cause, value })),
        (any::<i32>(), any::<i32>(), any::<i32>(), any::<u64>()).prop_map(
            |(signo, code, sender_pid, address)| EventBody::Signal { signo, code, sender_pid, address }
        ),
        any::<i32>().prop_map(|signo| EventBody::Stop { signo }),
        Just(EventBody::Continue),
        (entry(), any::<u8>())
            .prop_map(|(entry, reason)| EventBody::Unfinished { entry, reason: UnfinishedReason(reason) }),
        (any::<u64>(), any::<u64>(), any::<u64>(), text(), text()).prop_map(
            |(address, length, file_offset, path, build_id)| EventBody::Mapping {
                address,
                length,
                file_offset,
                path,
                build_id
            }
        ),
        (any::<i32>(), text()).prop_map(|(fd, target)| EventBody::Descriptor { fd, target }),
        text().prop_map(|path| EventBody::WorkingDirectory { path }),
        (any::<u8>(), any::<u64>(), any::<u64>()).prop_map(|(reason, calls, first_ns)| EventBody::Loss {
            reason: LossReason(reason),
            calls,
            first_ns
        }),
        (any::<u64>(), any::<u64>()).prop_map(|(realtime_ns, tsc)| EventBody::Anchor { realtime_ns, tsc }),
        (text(), text()).prop_map(|(mechanism, reason)| EventBody::Mechanism { mechanism, reason }),
        (any::<i32>(), any::<i64>()).prop_map(|(nr, ret)| EventBody::RecorderCall { nr, ret }),
        (any::<u32>(), text(), text()).prop_map(|(module, path, build_id)| EventBody::Module {
            module: ModuleId(module),
            path,
            build_id
        }),
        (any::<u32>(), optional_task(), optional_task(), any::<u64>(), any::<u8>(), text()).prop_map(
            |(node, parent, module, offset, flags, name)| EventBody::StackNode {
                node: StackId(node),
                parent: parent.map(|parent| StackId(parent.0)),
                module: module.map(|module| ModuleId(module.0)),
                offset,
                flags: FrameFlags(flags),
                name
            }
        ),
        (18..=u16::MAX, text()).prop_map(|(kind, body)| EventBody::Unknown { kind, body }),
    ]
    .boxed()
}

fn step() -> BoxedStrategy<Step> {
    prop_oneof![
        10 => (task(), entry()).prop_map(|(task, entry)| Step::Entry(task, entry)),
        10 => (task(), register(), register(), registers(), captures()).prop_map(|(task, time_ns, ret, registers, captures)| {
            Step::Exit(task, Exit { time_ns, ret: ret as i64, registers, captures })
        }),
        10 => (task(), entry(), register(), register(), registers(), captures()).prop_map(|(task, entry, time_ns, ret, registers, captures)| {
            Step::Call(task, entry, Exit { time_ns, ret: ret as i64, registers, captures })
        }),
        1 => (task(), any::<u8>(), register())
            .prop_map(|(task, reason, time_ns)| Step::Unfinished(task, UnfinishedReason(reason), time_ns)),
        3 => (register(), proptest::option::of(task()), body())
            .prop_map(|(time_ns, task, body)| Step::Event(Event { time_ns, task, body })),
        1 => Just(Step::Flush),
        1 => Just(Step::Overhead),
    ]
    .boxed()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_sequence_of_steps_survives(steps in proptest::collection::vec(step(), 0..300)) {
        let mut model = Model::default();
        steps.iter().for_each(|step| model.step(step));
        let bytes = trace(&steps, small_journals());
        let layout = Layout::read(&bytes).unwrap();
        prop_assert!(layout.is_whole());
        prop_assert_eq!(layout.verify(&bytes), vec![]);
        prop_assert_eq!(content(&bytes, &layout), (model.ended(Some(u64::MAX)), 0));
        let overheads = steps.iter().filter(|step| matches!(step, Step::Overhead)).count();
        prop_assert_eq!(layout.overheads(&bytes).unwrap(), vec![overhead(); overheads]);
        prop_assert_eq!(layout.session(&bytes).unwrap(), Some(session()));
    }
}

/// The same with each call told in two halves.
fn in_halves(steps: &[Step]) -> Vec<Step> {
    let mut halves = Vec::new();
    for step in steps {
        match step {
            Step::Call(task, entry, exit) => {
                halves.push(Step::Entry(*task, entry.clone()));
                halves.push(Step::Exit(*task, exit.clone()));
            }
            other => halves.push(other.clone()),
        }
    }
    halves
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_call_told_at_once_is_an_entry_and_an_exit(steps in proptest::collection::vec(step(), 0..120)) {
        let written = |steps: &[Step]| {
            let mut writer = create(MemoryStorage::new(), small_journals());
            steps.iter().for_each(|step| apply(&mut writer, step));
            // As a recorder leaves it that dies now, and as one that comes to its end.
            let killed = writer.storage().as_slice().to_vec();
            let layout = Layout::read(&killed).unwrap();
            let (found, damaged) = content(&killed, &layout);
            let (storage, totals) = writer.finish(&ending(u64::MAX)).unwrap();
            let layout = Layout::read(storage.as_slice()).unwrap();
            (without_times(found), damaged, content(storage.as_slice(), &layout), totals)
        };
        prop_assert_eq!(written(&steps), written(&in_halves(&steps)));
    }
}

#[test]
fn the_columns_say_the_same_as_the_calls() {
    let bytes = trace(&busy_steps(3, 5000), WriterOptions::default());
    let layout = Layout::read(&bytes).unwrap();
    let mut buffer = Vec::new();
    let mut chunks = 0;
    for frame in
        layout.frames(&bytes).map(Result::unwrap).filter(|frame| frame.header.kind == ChunkKind::CALLS)
    {
        let chunk = layout.calls(&bytes, &frame, &mut buffer).unwrap();
        let calls = chunk.calls().unwrap();
        assert_eq!(calls.len(), frame.header.count as usize);
        let (mut durations, mut returns) =
            (chunk.column(ColumnId::DURATION).unwrap(), chunk.column(ColumnId::RETURN).unwrap());
        let mut skipped = chunk.column(ColumnId::argument(1)).unwrap();
        let (mut duration, mut ret_values, mut seen) = (Vec::new(), Vec::new(), 0);
        for site in chunk.sites() {
            assert!(durations.next_site(&mut duration).unwrap());
            assert!(returns.next_site(&mut ret_values).unwrap());
            assert!(skipped.skip_site().unwrap());
            let of_site: Vec<&Call> = calls
                .iter()
                .filter(|call| {
                    let key = |entry: &Entry| (entry.abi, entry.nr, entry.ip);
                    key(&call.entry) == (site.abi, site.nr, site.ip)
                        && call.entry.registers.is_some() == site.entry_registers
                        && call.exit_registers.is_some() == site.exit_registers
                })
                .collect();
            assert_eq!(of_site.iter().map(|call| call.duration_ns).collect::<Vec<_>>(), duration);
            let expected: Vec<i64> = ret_values.iter().copied().map(ret).collect();
            assert_eq!(of_site.iter().map(|call| call.ret).collect::<Vec<_>>(), expected);
            seen += duration.len();
        }
        assert!(!durations.next_site(&mut duration).unwrap());
        assert!(!skipped.skip_site().unwrap());
        assert_eq!(seen, calls.len());
        let mut starts = Vec::new();
        chunk.starts(&mut starts).unwrap();
        assert_eq!(calls.iter().map(|call| call.entry.time_ns).collect::<Vec<_>>(), starts);
        assert!(starts.iter().all(|start| (frame.header.first_ns..=frame.header.last_ns).contains(start)));
        chunks += 1;
    }
    assert!(chunks > 100);
}

#[test]
fn a_trace_can_be_read_while_it_is_written() {
    let mut writer = create(MemoryStorage::new(), small_journals());
    let mut model = Model::default();
    for step in busy_steps(9, 500) {
        apply(&mut writer, &step);
        model.step(&step);
        let bytes = writer.storage().as_slice();
        let layout = Layout::read(bytes).unwrap();
        assert_eq!(layout.completeness(), Completeness::Unfinished);
        assert_eq!(without_times(content(bytes, &layout).0), model.ended(None));
    }
}
