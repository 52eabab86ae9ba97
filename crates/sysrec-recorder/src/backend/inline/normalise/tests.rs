//! Every place that a task can be stopped at in our code: each instruction of the stub, of trampolines and landings.

use std::fs::File;

use iced_x86::{Decoder, DecoderOptions};
use sysrec_format::event::USER_REGISTERS;

use super::*;
use crate::backend::inline::layout::*;
use crate::backend::inline::space::{Site, SiteState};
use crate::backend::inline::stub_twin::{Twin, call};
use crate::sys::shared::SharedWords;
use crate::sys::stub;

mod path;
mod stack;

const SITE: u64 = 0x40_1000;
const DISPLACED: u64 = 0x40_2000;
const LENGTH: u8 = 6;
const PRECEDED: u64 = 0x40_3000;
const LANDING: u64 = 0x50_0000;
const PRECEDED_LANDING: u64 = 0x50_1000;
const NOW: u64 = 99_999;
/// What the program's registers hold where our code must not have touched them.
const KEPT: u64 = 0x1122_3344;
/// What our code has left in a register.
const JUNK: u64 = 0xdead_beef;

struct Stopped {
    space: Space,
    rings: Rings,
    ring: Ring,
    twin: Twin,
    registers: UserRegisters,
    sent_back: bool,
}

/// A call of number `n` from the site.
fn at_site(n: u64) -> RingCall {
    RingCall { ip: SITE + 2, ..call(n) }
}

impl Stopped {
    /// A task that has made `before` calls, all read.
    fn after(before: u64) -> Self {
        let mut rings = Rings::create(None).expect("a file in /dev/shm");
        let file = File::options().read(true).write(true).open(rings.path()).expect("the ring file");
        let memory = SharedWords::map(&file, WINDOW_BYTES as usize).expect("the ring file, mapped");
        let mut ring = rings.allot(None).expect("a ring");
        let twin = Twin::new(memory, ring.address());
        for n in 0..before {
            assert!(twin.make(&at_site(5000 + n)) && rings.take(&mut ring).is_some());
        }
        let mut space = Space::default();
        for (site, state) in [
            (SITE, SiteState::Patched),
            (DISPLACED, SiteState::Displaced { length: LENGTH }),
            (PRECEDED, SiteState::Preceded { length: LENGTH }),
        ] {
            let trampoline = space.new_trampoline(site).expect("a trampoline");
            space.sites.insert(site, Site { trampoline, state });
        }
        space.landings.insert(LANDING, SITE);
        space.landings.insert(PRECEDED_LANDING, PRECEDED);
        Stopped { space, rings, ring, twin, registers: [KEPT; USER_REGISTERS], sent_back: false }
    }

    /// The same, inside the call after them: the slot says so, and the kernel has it.
    fn inside(before: u64, made: &RingCall) -> Self {
        let task = Self::after(before);
        task.twin.save(made);
        task.twin.begin(made);
        task.twin.enter();
        task
    }

    fn at(&mut self, ip: u64) -> Normalised {
        self.registers[RIP] = ip;
        let places = stub::places();
        let (rings, ring, registers) = (&self.rings, &mut self.ring, &mut self.registers);
        let moved = normalise(registers, &self.space, ring, rings, &places, NOW, self.sent_back);
        if let Normalised::After(Some(call)) = moved {
            // Until it is told, it is there for whoever reads the rings of a dead recorder.
            assert_eq!(self.rings.next(&mut self.ring), Some(call));
            self.rings.release(&mut self.ring, true);
        }
        moved
    }

    /// Registers that no normalisation changes.
    fn others_are_kept(&self) {
        let changed = [RAX, RDX, RCX, R11, RIP];
        for (place, value) in self.registers.iter().enumerate() {
            assert!(changed.contains(&place) || *value == KEPT, "register {place}");
        }
    }

    /// Task and recorder agree on where the ring goes on, and it is empty.
    fn ring_goes_on(&mut self) {
        assert_eq!(self.rings.take(&mut self.ring), None);
        for n in 0..SLOTS {
            assert!(self.twin.make(&call(n)), "call {n}");
        }
        for n in 0..SLOTS {
            assert_eq!(self.rings.take(&mut self.ring), Some(call(n)));
        }
    }
}

/// The addresses of the stub's instructions from one label up to another.
fn addresses(from: u64, to: u64) -> Vec<u64> {
    let page = stub::page();
    let bytes = &page[(from - STUB_ADDRESS) as usize..(to - STUB_ADDRESS) as usize];
    let decoded = Decoder::with_ip(64, bytes, from, DecoderOptions::NONE);
    let found: Vec<u64> = decoded.into_iter().map(|instruction| instruction.ip()).collect();
    assert!(!found.is_empty());
    found
}

fn trampoline(number: u32) -> u64 {
    Space::trampoline_address(number)
}

/// The first slot, and the last, behind which the ring begins anew.
const BEFORE: [u64; 2] = [0, SLOTS - 1];

#[test]
fn before_the_number_is_saved_registers_are_the_programs() {
    for before in BEFORE {
        for ip in addresses(STUB_ADDRESS, stub::places().saved) {
            let mut task = Stopped::after(before);
            task.registers[R11] = trampoline(0) + TRAMPOLINE_DATA;
            assert_eq!(task.at(ip), Normalised::Before);
            assert_eq!(task.registers[RIP], SITE);
            assert_eq!([RAX, RDX].map(|place| task.registers[place]), [KEPT; 2]);
            task.others_are_kept();
            task.ring_goes_on();
        }
    }
}

#[test]
fn from_then_to_the_call_they_are_in_the_slot() {
    for before in BEFORE {
        for ip in addresses(stub::places().saved, stub::places().call) {
            let mut task = Stopped::after(before);
            let made = at_site(7);
            task.twin.save(&made);
            (task.registers[RAX], task.registers[RDX]) = (JUNK, JUNK);
            task.registers[R11] = trampoline(0) + TRAMPOLINE_DATA;
            assert_eq!(task.at(ip), Normalised::Before);
            assert_eq!(task.registers[RIP], SITE);
            assert_eq!([RAX, RDX].map(|place| task.registers[place]), [u64::from(made.nr), made.args[2]]);
            task.others_are_kept();
            task.ring_goes_on();
        }
    }
}

#[test]
fn at_the_call_the_registers_are_as_the_kernel_wants_them() {
    for before in BEFORE {
        let mut task = Stopped::inside(before, &at_site(7));
        // The kernel has set it back, to restart_syscall; r11 holds flags.
        task.registers[RAX] = libc::SYS_restart_syscall as u64;
        task.registers[R11] = 0x246;
        assert_eq!(task.at(stub::places().call), Normalised::Before);
        assert_eq!(task.registers[RIP], SITE);
        assert_eq!(task.registers[RAX], libc::SYS_restart_syscall as u64);
        assert_eq!(task.registers[RDX], KEPT);
        task.others_are_kept();
        task.ring_goes_on();
    }
}

#[test]
fn behind_the_call_its_result_is_in_rax_then_in_the_slot() {
    let places = stub::places();
    let made = at_site(7);
    let behind = addresses(places.call, places.result_saved)[1..].to_vec();
    let saved = addresses(places.result_saved, places.timed);
    for before in BEFORE {
        for (ip, in_slot) in behind.iter().map(|&ip| (ip, false)).chain(saved.iter().map(|&ip| (ip, true))) {
            let mut task = Stopped::inside(before, &made);
            task.registers[RAX] = made.ret as u64;
            if in_slot {
                task.twin.save_result(&made);
                (task.registers[RAX], task.registers[RDX]) = (JUNK, JUNK);
            }
            let told = RingCall { end: NOW, ..made };
            assert_eq!(task.at(ip), Normalised::After(Some(told)), "{ip:#x}");
            task.has_left(&made);
        }
    }
}

#[test]
fn once_the_end_is_saved_it_is_the_end_that_is_told() {
    for before in BEFORE {
        let made = at_site(7);
        let mut task = Stopped::inside(before, &made);
        task.twin.save_result(&made);
        task.twin.end(&made);
        (task.registers[RAX], task.registers[RDX]) = (JUNK, JUNK);
        assert_eq!(task.at(stub::places().timed), Normalised::After(Some(made)));
        task.has_left(&made);
    }
}

#[test]
fn a_finished_call_is_not_told_twice() {
    let places = stub::places();
    for before in BEFORE {
        for ip in addresses(places.timed, places.look).into_iter().skip(1) {
            // Whether the head has been moved by then or not.
            for advanced in [false, true] {
                let made = at_site(7);
                let mut task = Stopped::inside(before, &made);
                task.twin.save_result(&made);
                task.twin.end(&made);
                task.twin.finish();
                if advanced {
                    task.twin.advance();
                }
                assert_eq!(task.rings.take(&mut task.ring), Some(made));
                (task.registers[RAX], task.registers[RDX]) = (JUNK, JUNK);
                assert_eq!(task.at(ip), Normalised::After(None));
                task.has_left(&made);
            }
        }
    }
}

impl Stopped {
    /// As after a syscall instruction at the site.
    fn has_left(&mut self, made: &RingCall) {
        assert_eq!(self.registers[RIP], SITE + 2);
        assert_eq!(self.registers[RCX], SITE + 2, "as the kernel leaves it");
        assert_eq!([RAX, RDX].map(|place| self.registers[place]), [made.ret as u64, made.args[2]]);
        self.others_are_kept();
        self.ring_goes_on();
    }
}

#[test]
fn landings_and_the_start_of_trampolines_are_before_the_call() {
    for ip in [LANDING, trampoline(0), trampoline(0) + 7, trampoline(0) + TRAMPOLINE_NET] {
        let mut task = Stopped::after(0);
        assert_eq!(task.at(ip), Normalised::Before);
        assert_eq!(task.registers[RIP], SITE);
        assert_eq!([RAX, RDX, RCX, R11].map(|place| task.registers[place]), [KEPT; 4]);
        task.others_are_kept();
    }
}

#[test]
fn a_front_is_before_the_instruction_that_gave_way_until_that_is_run() {
    let front = trampoline(2) + TRAMPOLINE_FRONT;
    let given_way = PRECEDED - u64::from(LENGTH);
    let places = [
        (PRECEDED_LANDING, given_way),
        (front, given_way),
        (front + u64::from(LENGTH), PRECEDED),
        (trampoline(2), PRECEDED),
        (trampoline(2) + TRAMPOLINE_NET, PRECEDED),
    ];
    for (ip, program) in places {
        let mut task = Stopped::after(0);
        assert_eq!(task.at(ip), Normalised::Before, "{ip:#x}");
        assert_eq!(task.registers[RIP], program);
        assert_eq!([RAX, RDX, RCX, R11].map(|place| task.registers[place]), [KEPT; 4]);
        task.others_are_kept();
    }
    let mut task = Stopped::after(0);
    assert_eq!(task.at(trampoline(2) + TRAMPOLINE_NET + 2), Normalised::After(None));
    assert_eq!((task.registers[RIP], task.registers[RCX]), (PRECEDED + 2, PRECEDED + 2));
}

#[test]
fn behind_a_trampolines_own_call_is_behind_the_sites() {
    let displaced = trampoline(1);
    let tail = displaced + TRAMPOLINE_TAIL;
    let behind = [
        (trampoline(0) + TRAMPOLINE_NET + 2, SITE + 2),
        (displaced + TRAMPOLINE_NET + 2, DISPLACED + 2),
        (tail, DISPLACED + 2),
        (tail + MOV_BYTES, DISPLACED + 2),
    ];
    for (ip, program) in behind {
        let mut task = Stopped::after(0);
        assert_eq!(task.at(ip), Normalised::After(None));
        assert_eq!((task.registers[RIP], task.registers[RCX]), (program, program));
        assert_eq!([RAX, RDX, R11].map(|place| task.registers[place]), [KEPT; 3]);
    }
    // The instruction that gave way has been run: its effects stay, on rcx, too.
    let mut task = Stopped::after(0);
    assert_eq!(task.at(tail + MOV_BYTES + u64::from(LENGTH)), Normalised::After(None));
    assert_eq!(task.registers[RIP], DISPLACED + 2 + u64::from(LENGTH));
    assert_eq!([RAX, RDX, RCX, R11].map(|place| task.registers[place]), [KEPT; 4]);
}

#[test]
fn elsewhere_nothing_is_changed() {
    let places = stub::places();
    let elsewhere = [
        0,
        SITE,
        SITE + 2,
        LANDING - 1,
        LANDING + 7,
        STUB_ADDRESS - 1,
        places.end,
        places.stack - 1,
        places.stack_end,
        places.remote,
        places.load,
        WINDOW_ADDRESS,
        PRECEDED,
        PRECEDED - u64::from(LENGTH),
        trampoline(3),
        u64::MAX,
    ];
    for ip in elsewhere {
        let mut task = Stopped::after(0);
        assert_eq!(task.at(ip), Normalised::Untouched, "{ip:#x}");
        assert_eq!(task.registers[RIP], ip);
        task.registers[RIP] = KEPT;
        assert_eq!(task.registers, [KEPT; USER_REGISTERS]);
    }
}

#[test]
fn a_program_that_jumped_into_the_stub_itself_stays_where_it_is() {
    let mut task = Stopped::after(0);
    task.registers[R11] = SITE;
    assert_eq!(task.at(STUB_ADDRESS), Normalised::Untouched);
}

#[test]
fn a_call_that_was_sent_back_is_told_and_made_again() {
    for before in BEFORE {
        let made = at_site(7);
        let mut task = Stopped::inside(before, &made);
        task.registers[RAX] = u64::from(made.nr);
        task.registers[RDX] = made.args[2];
        task.sent_back = true;
        let Normalised::After(Some(told)) = task.at(stub::places().call) else { panic!("not told") };
        assert_eq!((told.nr, told.args, told.ret, told.end), (made.nr, made.args, SENT_BACK, NOW));
        assert_eq!(
            [RIP, RAX, RDX].map(|place| task.registers[place]),
            [SITE, u64::from(made.nr), made.args[2]]
        );
        task.others_are_kept();
        task.ring_goes_on();
    }
}
