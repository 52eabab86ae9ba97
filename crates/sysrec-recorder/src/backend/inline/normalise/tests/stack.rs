//! Where the stub compares stacks: all of it is before the call, behind the path if there is one.

use super::*;

fn comparing(before: u64, path: Option<&[u8]>) -> Stopped {
    let mut task = Stopped::after(before);
    task.registers[R11] = trampoline(0) + TRAMPOLINE_DATA;
    if let Some(path) = path {
        assert!(task.twin.copy_path(0x1000, path, 21, 0x77));
        assert_eq!(task.rings.next(&mut task.ring), None);
    }
    task
}

#[test]
fn until_they_are_saved_registers_are_the_programs_then_in_the_slot_at_the_head() {
    let places = stub::places();
    let untouched = addresses(places.stack, places.stack_saved);
    let saved = addresses(places.stack_saved, places.stack_end);
    for before in BEFORE {
        for path in [None, Some(&b"/etc\0"[..])] {
            for &ip in &untouched {
                comparing(before, path).is_before_its_call(ip, KEPT, KEPT);
            }
            for &ip in &saved {
                let mut task = comparing(before, path);
                task.twin.save_path(102, 0x77);
                (task.registers[RAX], task.registers[RDX]) = (JUNK, JUNK);
                task.is_before_its_call(ip, 102, 0x77);
            }
        }
    }
}
