//! What the benchmarks stand on; the programs that measure are in `src/bin`, how to run and read them is in
//! `README.md` beside them.
//!
//! - [`process`]: starts a program, bounded in time, and tells what it took;
//! - [`tool`]: sysrec and its peers, and how each is put before a command;
//! - [`workload`]: what is run under them, and how each takes its own time;
//! - [`comparison`]: medians, differences and ratios of that, as a table, as JSON and as a verdict;
//! - [`machine`]: where all of this was measured.

pub mod comparison;
pub mod machine;
pub mod process;
pub mod tool;
pub mod workload;
