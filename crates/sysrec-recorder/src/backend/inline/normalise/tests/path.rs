//! Where the stub looks at arguments and copies paths: all of it is before the call.

use super::*;

/// A task in that part of the stub.
fn looking(before: u64) -> Stopped {
    let mut task = Stopped::after(before);
    task.registers[R11] = trampoline(0) + TRAMPOLINE_DATA;
    task
}

impl Stopped {
    pub(super) fn is_before_its_call(&mut self, ip: u64, rax: u64, rdx: u64) {
        assert_eq!(self.at(ip), Normalised::Before, "{ip:#x}");
        assert_eq!([RIP, RAX, RDX].map(|place| self.registers[place]), [SITE, rax, rdx], "{ip:#x}");
        self.others_are_kept();
        self.ring_goes_on();
    }
}

#[test]
fn before_and_behind_the_copying_registers_are_the_programs() {
    let places = stub::places();
    let mut ips = addresses(places.look, places.path_saved);
    ips.extend(addresses(places.path_copied, places.end));
    for before in BEFORE {
        for &ip in &ips {
            looking(before).is_before_its_call(ip, KEPT, KEPT);
        }
    }
}

/// With none, one and three slots filled and read by then.
#[test]
fn while_a_path_is_copied_they_are_in_the_slot_at_the_head() {
    let places = stub::places();
    for before in BEFORE {
        for filled in [0, 1, 3] {
            for ip in addresses(places.path_saved, places.path_copied) {
                let mut task = looking(before);
                let part = vec![b'x'; filled * path_slot::TEXT_BYTES as usize];
                assert!(task.twin.copy_path(0x1000, &part, 257, 0x77));
                task.twin.save_path(257, 0x77);
                assert_eq!(task.rings.next(&mut task.ring), None);
                (task.registers[RAX], task.registers[RDX]) = (JUNK, JUNK);
                task.is_before_its_call(ip, 257, 0x77);
            }
        }
    }
}

/// The last part may be the recorder's already, with the head moved or not.
#[test]
fn a_path_that_is_whole_is_copied_again() {
    let places = stub::places();
    for before in BEFORE {
        for ip in addresses(places.path_copied, places.end) {
            let mut task = looking(before);
            assert!(task.twin.copy_path(0x1000, b"/etc\0", 257, 0x77));
            assert_eq!(task.rings.next(&mut task.ring), None);
            task.is_before_its_call(ip, KEPT, KEPT);
        }
    }
}
