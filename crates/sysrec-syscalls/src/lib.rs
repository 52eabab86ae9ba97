//! What the numbers of a system call trace mean: tables per ABI, classes, errors, signals, and filters.
//!
//! This crate knows nothing of traces, tracing or the machine it runs on: every table is data, the same on
//! every host, so that a trace from one machine reads the same on another.
//!
//! ```
//! use sysrec_syscalls::{Abi, Filter, lookup, name};
//!
//! assert_eq!(lookup(Abi::X86_64, 257).unwrap().name, "openat");
//! assert_eq!(name(Abi::I386, 295), "openat");
//! assert_eq!(name(Abi::X86_64, 0x3ff), "syscall_0x3ff");
//!
//! let filter = Filter::parse("trace=%file,!openat")?;
//! assert!(filter.matches(Abi::X86_64, 21)); // access
//! assert!(!filter.matches(Abi::X86_64, 257));
//! # Ok::<(), sysrec_syscalls::FilterError>(())
//! ```
//!
//! | module | answers |
//! | --- | --- |
//! | [`abi`](Abi) | which of the kernel's call tables a number belongs to |
//! | [`table`](lookup) | number to name, arguments and classes |
//! | [`Classes`] | which calls `%file`, `%network` and the like stand for |
//! | [`errno`] | error number to name and text; which return values are errors |
//! | [`signal`] | signal number to name and back |
//! | [`capture`] | which memory a call's arguments point at, for a recorder to keep |
//! | [`control`](passed_descriptors) | which descriptors a message brings |
//! | [`filter`] | the expressions of `-e`, as in strace |

#![forbid(unsafe_code)]

mod abi;
mod call;
mod capture;
mod class;
mod constants;
mod control;
mod decode;
pub mod errno;
pub mod filter;
mod memory;
pub mod render;
pub mod signal;
mod socket;
pub mod structs;
mod table;
mod value;

pub use abi::Abi;
pub use call::{Arg, ArgKind, Choice, Count, Shape, Syscall, Width};
pub use capture::{CaptureLimits, Level, capture, captures};
pub use class::Classes;
pub use constants::{Name, Set};
pub use control::{ControlPlace, MSGHDR_BYTES_MAX, control_place, message_place, passed_descriptors};
pub use decode::{Decoded, DecodedArg, Outcome, RawCall, decode};
pub use filter::{Filter, FilterError};
pub use memory::{Cut, Fragment, MemorySource, Moment, Run, Snapshot};
pub use render::{ArgNames, DescriptorNames, NoNames};
pub use socket::{SOCKET_PROTOCOLS, socket_address, socket_protocol};
pub use table::{
    NUMBER_LIMIT, REGISTERS_ALWAYS, X32_BIT, arguments, by_name, calls, lookup, name, registers_recorded,
};
pub use value::Value;
