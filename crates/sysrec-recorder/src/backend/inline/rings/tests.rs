//! The reader against the stub's twin, over the real file. Two threads at once: `ring_model.rs`.

use std::os::unix::fs::PermissionsExt;

use super::*;
use crate::backend::inline::stub_twin::{Twin, call};

/// The rings of a file of their own, and another mapping of it, as a tracee has.
fn start() -> (Rings, SharedWords) {
    let rings = Rings::create(None).expect("a file in /dev/shm");
    let file = File::options().read(true).write(true).open(rings.path()).expect("the ring file");
    let memory = SharedWords::map(&file, WINDOW_BYTES as usize).expect("the ring file, mapped");
    (rings, memory)
}

fn start_with_ring() -> (Rings, Ring, Twin) {
    let (mut rings, memory) = start();
    let ring = rings.allot(None).expect("a ring");
    let gs = ring.address();
    (rings, ring, Twin::new(memory, gs))
}

#[test]
fn calls_come_out_as_they_went_in_over_many_turns_of_the_ring() {
    let (rings, mut ring, twin) = start_with_ring();
    let mut read = 0;
    for n in 0..5 * SLOTS + 7 {
        assert!(twin.make(&call(n)));
        // Behind by up to a third of the ring, then caught up.
        if n % (SLOTS / 3) == 0 {
            while let Some(taken) = rings.take(&mut ring) {
                assert_eq!(taken, call(read));
                read += 1;
            }
            assert_eq!(read, n + 1);
        }
    }
}

#[test]
fn a_full_ring_takes_no_more_until_it_is_read() {
    let (rings, mut ring, twin) = start_with_ring();
    // From the middle, so that the full ring has its end in it.
    for n in 0..SLOTS / 2 {
        assert!(twin.make(&call(n)) && rings.take(&mut ring).is_some());
    }
    let made = (0..).take_while(|&n| twin.make(&call(n))).count() as u64;
    assert_eq!(made, SLOTS);
    assert_eq!(rings.take(&mut ring), Some(call(0)));
    assert!(twin.make(&call(made)), "one slot is free");
    assert!(!twin.make(&call(made)), "no more than one is");
    let read: Vec<RingCall> = std::iter::from_fn(|| rings.take(&mut ring)).collect();
    assert_eq!(read, (1..=made).map(call).collect::<Vec<_>>());
}

#[test]
fn a_call_under_way_is_shown_and_not_taken() {
    let (rings, mut ring, twin) = start_with_ring();
    twin.save(&call(3));
    twin.begin(&call(3));
    assert_eq!(rings.entered(&ring), None, "it has not been made yet");
    twin.enter();
    assert_eq!(rings.entered(&ring), Some(RingCall { end: 0, ret: 0, ..call(3) }));
    assert_eq!(rings.take(&mut ring), None);
    assert_eq!(rings.filling(&ring).args, call(3).args);
}

#[test]
fn a_slot_that_is_released_is_used_again_or_passed() {
    for before in [0, SLOTS - 1] {
        for advance in [false, true] {
            let (rings, mut ring, twin) = start_with_ring();
            for n in 0..before {
                assert!(twin.make(&call(n)) && rings.take(&mut ring).is_some());
            }
            twin.save(&call(7000));
            twin.enter();
            rings.release(&mut ring, advance);
            assert_eq!(twin.position(), (before + u64::from(advance)) % SLOTS);
            assert_eq!(rings.take(&mut ring), None);
            // Both sides go on at the same place.
            for n in 0..SLOTS {
                assert!(twin.make(&call(n)));
            }
            assert!(!twin.make(&call(0)));
            let read: Vec<RingCall> = std::iter::from_fn(|| rings.take(&mut ring)).collect();
            assert_eq!(read, (0..SLOTS).map(call).collect::<Vec<_>>());
        }
    }
}

#[test]
fn the_call_read_last_is_still_there() {
    let (rings, mut ring, twin) = start_with_ring();
    for n in 0..SLOTS + 3 {
        assert!(twin.make(&call(n)));
        assert_eq!(rings.take(&mut ring), Some(call(n)));
        assert_eq!(rings.last(&ring), call(n));
    }
}

#[test]
fn a_ring_that_was_taken_back_is_as_new() {
    let (mut rings, mut ring, twin) = start_with_ring();
    for n in 0..SLOTS - 1 {
        assert!(twin.make(&call(n)));
    }
    for _ in 0..5 {
        assert!(rings.take(&mut ring).is_some());
    }
    // Its task ended in the middle of a call, with finished ones unread.
    twin.save(&call(1));
    twin.enter();
    let address = ring.address();
    rings.take_back(ring);
    let mut again = rings.allot(None).expect("a ring");
    assert_eq!(again.address(), address);
    assert_eq!((twin.position(), rings.entered(&again), rings.take(&mut again)), (0, None, None));
    let made = (0..).take_while(|&n| twin.make(&call(n))).count() as u64;
    assert_eq!(made, SLOTS);
    let read: Vec<RingCall> = std::iter::from_fn(|| rings.take(&mut again)).collect();
    assert_eq!(read, (0..SLOTS).map(call).collect::<Vec<_>>());
}

#[test]
fn rings_lie_apart_inside_the_window_and_run_out() {
    let (mut rings, memory) = start();
    let all: Vec<Ring> = std::iter::from_fn(|| rings.allot(None)).collect();
    assert_eq!(all.len() as u64, RINGS - 1);
    let addresses: Vec<u64> = all.iter().map(Ring::address).collect();
    assert!(addresses.windows(2).all(|pair| pair[0] + RING_STRIDE <= pair[1]));
    assert!(addresses[0] >= WINDOW_ADDRESS + RING_STRIDE, "the control page's place is nobody's ring");
    assert!(addresses[addresses.len() - 1] + RING_STRIDE <= WINDOW_ADDRESS + WINDOW_BYTES);
    // Neighbours do not see each other.
    let mut last_two = all.into_iter().rev().take(2);
    let (mut last, mut before) = (last_two.next().expect("two"), last_two.next().expect("two"));
    let twin = Twin::new(memory, last.address());
    assert!(twin.make(&call(1)));
    assert_eq!((rings.take(&mut before), rings.take(&mut last)), (None, Some(call(1))));
}

#[test]
fn the_file_is_its_owners_alone_and_goes_with_the_recorder() {
    let (rings, _) = start();
    let path = rings.path().to_owned();
    let metadata = std::fs::metadata(&path).expect("the ring file");
    assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
    drop(rings);
    assert!(!path.exists());
}

/// The path that came before a call.
fn take_with_path(rings: &Rings, ring: &mut Ring) -> Option<(RingCall, Option<RingPath>)> {
    let call = rings.next(ring)?;
    rings.advance(ring);
    Some((call, ring.take_path()))
}

/// Shorter and longer than a slot, and just as long, with the NUL and without.
#[test]
fn a_path_of_any_length_comes_with_the_call_behind_it() {
    let (rings, mut ring, twin) = start_with_ring();
    let slot = path_slot::TEXT_BYTES as usize;
    let lengths = [0, 1, slot - 2, slot - 1, slot, slot + 1, 3 * slot - 1, 3 * slot, 4095];
    for turn in 0..60 {
        for (n, &length) in (0..).zip(&lengths) {
            // Of changing letters, so that the rest of an older path would show.
            let mut path = vec![b'a' + (n + turn) as u8 % 26; length];
            path.push(0);
            assert!(twin.copy_path(0x1000 + n, &path, 1, 2) && twin.make(&call(n)));
            assert!(twin.make(&call(n + 100)));
            let expected = RingPath { address: 0x1000 + n, bytes: path };
            assert_eq!(take_with_path(&rings, &mut ring), Some((call(n), Some(expected))));
            assert_eq!(take_with_path(&rings, &mut ring), Some((call(n + 100), None)));
            assert_eq!(take_with_path(&rings, &mut ring), None);
        }
    }
}

#[test]
fn a_path_that_was_given_up_belongs_to_no_call() {
    let (rings, mut ring, twin) = start_with_ring();
    // For want of room in the middle of it.
    let endless = vec![b'x'; (path_slot::TEXT_BYTES * (SLOTS + 5)) as usize];
    assert!(!twin.copy_path(0x1000, &endless, 1, 2));
    assert!(!twin.make(&call(1)), "the ring is full of it");
    assert_eq!(take_with_path(&rings, &mut ring), None);
    assert!(twin.copy_path(0x2000, b"/etc\0", 1, 2) && twin.make(&call(2)));
    let path = RingPath { address: 0x2000, bytes: b"/etc\0".to_vec() };
    assert_eq!(take_with_path(&rings, &mut ring), Some((call(2), Some(path))));
}
