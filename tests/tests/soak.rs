//! Changing programs, signals and kills under every backend until the time is up: 20 seconds each, or an hour with
//! `SYSREC_TEST_LONG=1`, or `SYSREC_SOAK_SECONDS`.
//!
//! What runs follows from a seed, which is printed and taken from `SYSREC_SOAK_SEED`; a round that fails says the seed
//! with which it comes first, and whether it failed a second time.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use sysrec_tests::backends::Family;
use sysrec_tests::each_backend;
use sysrec_tests::soak::round;

each_backend!(soak);

fn setting(name: &str) -> Option<u64> {
    let value = std::env::var(name).ok()?;
    Some(value.parse().unwrap_or_else(|_| panic!("{name}={value} is not a number")))
}

fn soak(Family { plain: backend, .. }: &Family) {
    if let Err(skip) = (backend.available)() {
        return println!("{skip}");
    }
    let usual = if std::env::var_os("SYSREC_TEST_LONG").is_some() { 3600 } else { 20 };
    let seconds = setting("SYSREC_SOAK_SECONDS").unwrap_or(usual);
    let seed = setting("SYSREC_SOAK_SEED").unwrap_or_else(|| {
        SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_nanos() as u64 >> 10)
    });
    println!("soak of {seconds} s under {}, SYSREC_SOAK_SEED={seed}", backend.name);
    let (started, mut rounds, mut wrong) = (Instant::now(), 0, Vec::new());
    while rounds == 0 || started.elapsed() < Duration::from_secs(seconds) {
        let seed = seed.wrapping_add(rounds);
        let result = round(seed, backend);
        println!("{:5} s, round {rounds}, seed {seed}: {}", started.elapsed().as_secs(), result.what);
        if !result.problems.is_empty() {
            let problems = result.problems.join("\n");
            println!("WRONG: {problems}");
            // What runs follows from the seed, and moments do not: once is enough to be wrong, and may not come back.
            let again = if round(seed, backend).problems.is_empty() { "not again with" } else { "again:" };
            wrong.push(format!(
                "{} under {}; {again} SYSREC_SOAK_SEED={seed} SYSREC_SOAK_SECONDS=0\n{problems}",
                result.what, backend.name
            ));
        }
        rounds += 1;
    }
    assert!(wrong.is_empty(), "{} of {rounds} rounds:\n{}", wrong.len(), wrong.join("\n\n"));
}
