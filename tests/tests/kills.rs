//! What a kill interrupts is in the trace, as the kernel counted it: an execve of a thread, which ends the others and takes
//! its leader's tid on its way; and the first calls of a child whose parent was killed before it told of it.
//!
//! The moments are narrow, so each program is killed again and again, at moments that follow from a seed.

use sysrec_tests::backends::Family;
use sysrec_tests::each_backend;
use sysrec_tests::soak::{Random, killed_guest};

each_backend!(execs_of_threads, children_of_the_last);

const ROUNDS: u64 = 40;

fn killed_again_and_again(guest: &str, Family { plain: backend, .. }: &Family) {
    if let Err(skip) = (backend.available)() {
        return println!("{skip}");
    }
    for seed in 0..ROUNDS {
        let round = killed_guest(guest, &mut Random::new(seed), backend);
        println!("{}", round.what);
        assert!(round.problems.is_empty(), "{}, seed {seed}: {}", round.what, round.problems.join("\n"));
    }
}

fn execs_of_threads(family: &Family) {
    killed_again_and_again("exec_thread", family);
}

fn children_of_the_last(family: &Family) {
    killed_again_and_again("clone_vm", family);
}
