use super::*;

const BEGIN: usize = RING_STRIDE as usize;
const TICKS: u64 = 1_000_000;

fn put(file: &mut [u8], offset: u64, word: u64) {
    let offset = offset as usize;
    file[offset..offset + 8].copy_from_slice(&word.to_le_bytes());
}

/// A control page and two rings: two ticks a nanosecond.
fn file() -> Vec<u8> {
    let mut file = vec![0; 3 * BEGIN];
    file[..8].copy_from_slice(&MAGIC);
    for (word, value) in [
        (control::VERSION, VERSION),
        (control::TRACE_ID, u64::from_le_bytes(*b"trace id")),
        (control::TRACE_ID + 1, u64::from_le_bytes(*b" of ours")),
        (control::PID, 4711),
        (control::PID_STARTED, 99),
        (control::LINE, 3),
        (control::LINES + 4, TICKS),
        (control::LINES + 5, 1_000),
        (control::LINES + 6, 0.5_f64.to_bits()),
    ] {
        put(&mut file, 8 * word, value);
    }
    file
}

/// Writes a slot of the first ring.
fn slot_of(file: &mut [u8], number: u64, state: u8, start: u64, end: u64) {
    let begin = RING_STRIDE + number * SLOT_BYTES;
    (0..6).for_each(|n| put(file, begin + slot::ARGS + 8 * n, 100 + n));
    let mut field = |at: u64, bytes: usize, value: u64| {
        let at = (begin + at) as usize;
        file[at..at + bytes].copy_from_slice(&value.to_le_bytes()[..bytes]);
    };
    field(slot::STATE, 1, state.into());
    field(slot::IS_WIDE, 1, 1);
    field(slot::NR, 4, 39);
    field(slot::START_LOW, 4, start);
    field(slot::START_HIGH, 2, start >> 32);
    field(slot::END_LOW, 4, end);
    field(slot::END_HIGH, 2, end >> 32);
    field(slot::SP, 8, 0x7ffd_0000);
    field(slot::IP, 6, 0x40_1000);
    field(slot::RET, 8, -4_i64 as u64);
}

fn ring(file: &[u8]) -> Result<Option<RingCalls>, Error> {
    read_ring(file, 1, &Control::read(file)?.line)
}

#[test]
fn a_control_page_says_whose_rings_these_are() {
    let control = Control::read(&file()).unwrap();
    assert_eq!(&control.trace_id, b"trace id of ours");
    assert_eq!((control.pid, control.pid_started), (4711, 99));
    assert_eq!(control.line, Line { tsc: TICKS, ns: 1_000, rate: 0.5 });
    assert_eq!(control.line.ns(TICKS + 20), 1_010);
    assert_eq!(control.line.ns(TICKS - 20), 990);
}

#[test]
fn what_is_no_ring_file_of_ours_is_refused() {
    for change in [
        |file: &mut Vec<u8>| file[0] ^= 1,
        |file: &mut Vec<u8>| file.truncate(100),
        |file: &mut Vec<u8>| put(file, 8 * control::VERSION, VERSION + 1),
        |file: &mut Vec<u8>| put(file, 8 * (control::LINES + 6), f64::NAN.to_bits()),
        |file: &mut Vec<u8>| put(file, 8 * (control::LINES + 6), (-0.5_f64).to_bits()),
        |file: &mut Vec<u8>| put(file, 8 * (control::LINES + 6), 0),
    ] {
        let mut file = file();
        change(&mut file);
        assert!(matches!(Control::read(&file), Err(Error::Malformed { .. })));
    }
}

/// The ring has wrapped: its oldest call is in its last slot. One slot has been read, one is filled just now.
#[test]
fn unread_calls_come_in_order_and_read_ones_do_not_come() {
    let mut file = file();
    put(&mut file, RING_STRIDE + TASK, 7 + 1);
    slot_of(&mut file, SLOTS - 2, state::FREE, TICKS - 20, TICKS - 10);
    slot_of(&mut file, SLOTS - 1, state::FINISHED, TICKS, TICKS + 20);
    slot_of(&mut file, 0, state::FINISHED, TICKS + 40, TICKS + 60);
    slot_of(&mut file, 1, state::ENTERED, TICKS + 80, 0);
    slot_of(&mut file, 2, state::FREE, TICKS - 400, TICKS - 380);
    let ring = ring(&file).unwrap().unwrap();
    assert_eq!(ring.task, TaskId(7));
    let times: Vec<_> = ring.finished.iter().map(|(entry, exit)| (entry.time_ns, exit.time_ns)).collect();
    assert_eq!(times, [(1_000, 1_010), (1_020, 1_030)]);
    let (entry, exit) = &ring.finished[0];
    assert_eq!((entry.nr, entry.ip, entry.sp, exit.ret), (39, 0x40_1000, 0x7ffd_0000, -4));
    assert_eq!((entry.abi, entry.args), (Abi::X86_64, [100, 101, 102, 103, 104, 105]));
    assert_eq!(ring.entered.map(|entry| entry.time_ns), Some(1_040));
}

#[test]
fn a_ring_without_a_task_is_not_in_use() {
    let mut file = file();
    slot_of(&mut file, 0, state::FINISHED, TICKS, TICKS + 20);
    assert_eq!(ring(&file).unwrap(), None);
    let line = Control::read(&file).unwrap().line;
    assert_eq!(read_ring(&file, RINGS, &line).unwrap(), None, "behind the end of the file");
    assert_eq!(read_ring(&file, u64::MAX, &line).unwrap(), None);
    put(&mut file, RING_STRIDE + TASK, u64::from(TASKS_MAX) + 1);
    assert!(matches!(ring(&file), Err(Error::Malformed { .. })));
}

/// Writes a slot of the first ring that holds a part of a path.
fn path_of(file: &mut [u8], number: u64, address: u64, text: &[u8]) {
    let begin = RING_STRIDE + number * SLOT_BYTES;
    put(file, begin + path_slot::STATE, u64::from(state::PATH));
    put(file, begin + path_slot::ADDRESS, address);
    let text_at = (begin + path_slot::TEXT) as usize;
    file[text_at..text_at + text.len()].copy_from_slice(text);
}

/// One goes over the ring's end, one has been read in part, one has no end.
#[test]
fn a_call_has_the_path_that_stands_before_it() {
    let mut file = file();
    put(&mut file, RING_STRIDE + TASK, 7 + 1);
    let mut long = vec![b'/'; path_slot::TEXT_BYTES as usize];
    path_of(&mut file, SLOTS - 2, 0x1000, &long);
    path_of(&mut file, SLOTS - 1, 0, &long);
    path_of(&mut file, 0, 0, b"end\0and what was there");
    slot_of(&mut file, 1, state::FINISHED, TICKS, TICKS + 20);
    slot_of(&mut file, 2, state::FINISHED, TICKS + 30, TICKS + 40);
    path_of(&mut file, 3, 0, b"rest\0");
    slot_of(&mut file, 4, state::FINISHED, TICKS + 50, TICKS + 60);
    path_of(&mut file, 5, 0x2000, &[b'x'; path_slot::TEXT_BYTES as usize]);
    slot_of(&mut file, 6, state::FINISHED, TICKS + 70, TICKS + 80);
    path_of(&mut file, 7, 0x3000, b"\0");
    slot_of(&mut file, 8, state::ENTERED, TICKS + 90, 0);
    let ring = ring(&file).unwrap().unwrap();
    let captures = |entry: &Entry| -> Vec<(u64, Vec<u8>)> {
        entry.captures.iter().map(|capture| (capture.address, capture.bytes.to_vec())).collect()
    };
    let finished: Vec<_> = ring.finished.iter().map(|(entry, _)| captures(entry)).collect();
    long.extend_from_within(..);
    long.extend_from_slice(b"end\0");
    assert_eq!(finished, [vec![(0x1000, long)], vec![], vec![], vec![]]);
    assert_eq!(ring.entered.as_ref().map(captures), Some(vec![(0x3000, b"\0".to_vec())]));
}

#[test]
fn a_call_of_few_arguments_has_no_others() {
    let mut file = file();
    put(&mut file, RING_STRIDE + TASK, 7 + 1);
    slot_of(&mut file, 0, state::FINISHED, TICKS, TICKS + 20);
    file[(RING_STRIDE + slot::IS_WIDE) as usize] = 0;
    let ring = ring(&file).unwrap().unwrap();
    assert_eq!(ring.finished[0].0.args, [100, 101, 102, 0, 0, 0]);
}

#[test]
fn times_of_48_bits_are_those_before_the_reference() {
    let whole = |ticks: u64, reference: u64| whole_ticks(ticks & ((1 << 48) - 1), reference);
    let (day, hour) = ((1 << 48) - (1 << 46) - 1, 1 << 43);
    for reference in [1 << 20, 1 << 46, 1 << 48, (1 << 48) + 5, 77 << 48, u64::MAX / 2] {
        for ticks in
            [reference, reference + hour, reference.saturating_sub(hour), reference.saturating_sub(day)]
        {
            assert_eq!(whole(ticks, reference), ticks, "{ticks:#x} {reference:#x}");
        }
    }
    assert!(is_same_tick(5, 5 + (7 << 48)) && !is_same_tick(5, 6));
}

/// A program that fills its ring with anything gets at most what a ring holds, with times that do not run backwards.
#[test]
fn any_bytes_are_read() {
    let mut file = file();
    let mut noise = 0x9e37_79b9_7f4a_7c15_u64;
    for round in 0..20 {
        for word in 0..(RING_STRIDE / 8) {
            noise ^= noise << 13;
            noise ^= noise >> 7;
            noise ^= noise << 17;
            let states = word % (SLOT_BYTES / 8) == slot::STATE / 8 && round % 2 == 0;
            put(&mut file, RING_STRIDE + 8 * word, if states { noise % 5 } else { noise });
        }
        put(&mut file, RING_STRIDE + TASK, 1 + noise % 10);
        file.truncate(file.len() - 5_000 * usize::from(round > 10));
        file.resize(3 * BEGIN, 0);
        let ring = ring(&file).unwrap().unwrap();
        assert!(ring.finished.len() <= SLOTS as usize);
        let times: Vec<u64> =
            ring.finished.iter().flat_map(|(entry, exit)| [entry.time_ns, exit.time_ns]).collect();
        assert!(times.is_sorted());
        assert!(round % 2 == 1 || !times.is_empty());
    }
}
