//! What the benchmarks stand on; the programs that measure are in `src/bin`, how to run and read them is in
//! `README.md` beside them.
//!
//! - [`options`]: what every benchmark can be told, and how it ends;
//! - [`process`]: starts a program, bounded in time, and tells what it took;
//! - [`tool`]: sysrec and its peers, and how each is put before a command;
//! - [`ebpf`]: the peer that is made here, [`ring_buffer`]: what its drainer reads;
//! - [`workload`]: what is run under them, and how each takes its own time;
//! - [`comparison`]: medians, differences and ratios of that, as a table, as JSON and as a verdict;
//! - [`capture_cost`]: the same of what capture costs;
//! - [`recorded`]: recordings that sysrec makes for a benchmark;
//! - [`reported`]: what sysrec says of them;
//! - [`big_trace`]: a long trace from a recorded one, [`file_storage`]: the file it is written to;
//! - [`machine`]: where all of this was measured.

pub mod big_trace;
pub mod capture_cost;
pub mod comparison;
pub mod ebpf;
pub mod file_storage;
pub mod machine;
pub mod options;
pub mod process;
pub mod recorded;
pub mod reported;
pub mod ring_buffer;
pub mod tool;
pub mod workload;
