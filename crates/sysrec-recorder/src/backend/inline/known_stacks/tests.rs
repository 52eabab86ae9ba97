//! The lists as the stub reads them: from the ring's words alone.

use std::collections::HashMap;
use std::fs::File;

use super::*;
use crate::sys::shared::SharedWords;
use sysrec_format::event::StackId;

/// A ring, and what its task sees.
struct Task {
    rings: Rings,
    ring: Ring,
    window: SharedWords,
    /// Words of the task's own memory and registers, by the address that lists give.
    words: HashMap<u64, u64>,
}

const PLACE: Place = Place { data: 0x7000_1018, sp: 0x7ffe_0100 };

impl Task {
    fn new() -> Self {
        let mut rings = Rings::create(None).expect("a file in /dev/shm").with_lists();
        let file = File::options().read(true).write(true).open(rings.path()).expect("the ring file");
        let window = SharedWords::map(&file, WINDOW_BYTES as usize).expect("the ring file, mapped");
        let ring = rings.allot(None).expect("a ring");
        let mut task = Task { rings, ring, window, words: HashMap::new() };
        task.stands_at(PLACE);
        task
    }

    fn register(&mut self, at: usize, value: u64) {
        self.words.insert(self.ring.address() + REGISTERS + 8 * at as u64, value);
    }

    fn stands_at(&mut self, place: Place) {
        self.register(RSP, place.sp);
        self.register(SITE, place.data);
    }

    fn keep(&mut self, place: Place, serial: u64, reads: &[(u64, u64)], stack: u32) {
        self.rings.keep_stack(&self.ring, place, Walked { stack: StackId(stack), serial, reads });
    }

    fn window(&self, address: u64) -> u64 {
        self.window[((address - WINDOW_ADDRESS) / 8) as usize].load(Relaxed)
    }

    /// As the stub does it. The number in the slot, and how many stacks did not match.
    fn compare(&self, place: Place) -> (u64, usize) {
        let lists = self.window(self.ring.address() + LISTS);
        if lists == 0 {
            return (0, 0);
        }
        let bucket = (place.sp + place.data) >> 3 & (BUCKETS - 1);
        let (mut candidate, mut missed) = (self.window(lists + 8 * bucket), 0);
        while candidate != 0 {
            let mut pair = candidate + 8 * HEAD_WORDS;
            loop {
                let address = self.window(pair);
                if address == 0 {
                    return (self.window(candidate + 8), missed);
                }
                let word = self.words.get(&address).copied();
                if word.is_none_or(|word| word.wrapping_add(self.window(pair + 8)) != 0) {
                    break;
                }
                pair += 16;
            }
            (candidate, missed) = (self.window(candidate), missed + 1);
        }
        (0, missed)
    }
}

#[test]
fn a_stack_is_found_while_all_that_its_walk_read_is_the_same() {
    let mut task = Task::new();
    assert_eq!(task.compare(PLACE), (0, 0));
    // rip, rsp, rbp, a word of the stack, r15.
    task.keep(PLACE, 1, &[(16, 5), (7, PLACE.sp), (6, 77), (0x7ffe_0108, u64::MAX), (15, 0)], 41);
    assert_eq!(task.compare(PLACE), (0, 1));
    task.register(1, 77);
    task.register(6, 0);
    task.words.insert(0x7ffe_0108, u64::MAX);
    assert_eq!(task.compare(PLACE), (42, 0));
    for (register, value) in [(1, 78), (6, 1), (RSP, PLACE.sp + 8), (SITE, PLACE.data + 88)] {
        let mut words = task.words.clone();
        std::mem::swap(&mut words, &mut task.words);
        task.register(register, value);
        assert_eq!(task.compare(PLACE), (0, 1), "register {register}");
        task.words = words;
    }
    task.words.insert(0x7ffe_0108, 1);
    assert_eq!(task.compare(PLACE), (0, 1));
}

#[test]
fn what_the_stub_cannot_compare_is_not_kept() {
    let mut task = Task::new();
    task.keep(PLACE, 1, &[(10, 5)], 1);
    let deep: Vec<(u64, u64)> = (0..STACK_WORDS_MAX).map(|n| (0x7ffe_0000 + 8 * n, n)).collect();
    task.keep(PLACE, 1, &deep, 1);
    assert_eq!(task.compare(PLACE), (0, 0));
}

#[test]
fn a_list_has_the_stacks_that_came_last_and_each_once() {
    let mut task = Task::new();
    for round in 0..2 {
        for stack in 0..20 {
            let wanted = [(0x7ffe_0108, u64::from(stack))];
            task.words.insert(0x7ffe_0108, u64::from(stack));
            task.keep(PLACE, 1, &wanted, stack);
            let used = task.rings.lists[&task.ring.number()].used;
            task.keep(PLACE, 1, &wanted, stack);
            assert_eq!(task.rings.lists[&task.ring.number()].used, used, "kept twice");
            assert_eq!(task.compare(PLACE), (u64::from(stack) + 1, 0), "round {round}");
        }
        for stack in 0..20 {
            task.words.insert(0x7ffe_0108, stack);
            let expected = if stack < 12 { (0, LIST_MAX) } else { (stack + 1, 19 - stack as usize) };
            assert_eq!(task.compare(PLACE), expected, "stack {stack}, round {round}");
        }
    }
}

#[test]
fn lists_that_are_full_begin_anew() {
    let mut task = Task::new();
    let reads: Vec<(u64, u64)> = (0..100).map(|n| (0x7ffe_0200 + 8 * n, n)).collect();
    task.words.extend(reads.iter().copied());
    for n in 0..1000 {
        let place = Place { sp: PLACE.sp + 8 * n, ..PLACE };
        task.stands_at(place);
        task.keep(place, 1, &reads, n as u32);
        assert_eq!(task.compare(place), (n + 1, 0));
        assert!(task.rings.lists[&task.ring.number()].used <= BYTES);
    }
    task.stands_at(PLACE);
    assert_eq!(task.compare(PLACE).0, 0, "the first ones are forgotten");
}

#[test]
fn of_another_state_of_the_memory_nothing_is_kept() {
    let mut task = Task::new();
    task.keep(PLACE, 1, &[], 1);
    assert_eq!(task.compare(PLACE), (2, 0));
    task.rings.forget_stacks(&task.ring);
    assert_eq!(task.compare(PLACE), (0, 0));
    let other = Place { sp: PLACE.sp + 0x1000, ..PLACE };
    task.keep(other, 2, &[], 2);
    assert_eq!(task.compare(PLACE), (0, 1), "the list's only one is of another stack pointer");
    task.stands_at(other);
    assert_eq!(task.compare(other), (3, 0));
    // A change that nobody noticed.
    task.keep(PLACE, 3, &[], 3);
    assert_eq!(task.compare(other), (0, 1));
}

#[test]
fn a_ring_with_a_new_task_has_no_stacks() {
    let mut task = Task::new();
    task.keep(PLACE, 1, &[], 1);
    let number = task.ring.number();
    let other = task.rings.allot(None).expect("a ring");
    task.rings.take_back(std::mem::replace(&mut task.ring, other));
    task.ring = task.rings.allot(None).expect("a ring");
    assert_eq!(task.ring.number(), number);
    assert_eq!(task.compare(PLACE), (0, 0));
}

#[test]
fn rings_and_their_lists_do_not_meet() {
    let last = (0..).take_while(|&ring| has_room(ring)).last().expect("rings");
    assert!(last > 900, "{last}");
    let rings_end = (u64::from(last) + 1) * RING_STRIDE;
    assert!(rings_end <= area(last) && area(1) + BYTES == WINDOW_BYTES);
}
