//! The metadata blocks: cold, few, and made of text as well as numbers, so serde structs in bincode's `legacy` bytes
//! (the format document writes them out), behind a version number.
//!
//! A later version of a block appends fields and raises its number: a reader takes the fields that it knows and
//! leaves the rest.

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::error::Error;
use crate::limits::BLOCK_BYTES_MAX;

/// Version of all blocks that this crate writes.
pub const BLOCK_VERSION: u16 = 1;

/// What was recorded, where, with what.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// The command and its arguments; empty where the recorder only attached.
    pub command: Vec<Vec<u8>>,
    /// The recorder's working directory, where a relative command was looked up.
    pub working_directory: Vec<u8>,
    /// `NAME=value` each, where the recording asked for it.
    pub environment: Option<Vec<Vec<u8>>>,
    /// Process ids that the recorder attached to.
    pub attached_pids: Vec<i32>,
    /// The machine.
    pub host: Host,
    /// Name and version of the recorder: `sysrec 0.1.0`.
    pub recorder: String,
    /// Name of the backend: `ptrace`.
    pub backend: String,
    /// What the backend was told, and what it chose: `name=value` each.
    pub backend_options: Vec<String>,
    /// The filter expression that was applied while recording; calls outside it are not in the trace.
    pub filter: Option<String>,
    /// Whether the whole register sets were recorded.
    pub all_registers: bool,
    /// CLOCK_REALTIME at the start, nanoseconds since the epoch.
    pub started_realtime_ns: u64,
    /// The trace's clock at the same moment, nanoseconds.
    pub started_ns: u64,
    /// Remarks for people about this recording, a sentence each.
    pub notes: Vec<String>,
}

/// The machine that a trace was recorded on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Host {
    /// `uname -n`.
    pub name: String,
    /// `uname -s`.
    pub system: String,
    /// `uname -r`.
    pub release: String,
    /// `uname -v`.
    pub version: String,
    /// `uname -m`.
    pub machine: String,
    /// `model name` of `/proc/cpuinfo`.
    pub cpu_model: String,
    /// CPUs online.
    pub cpus: u32,
    /// Bytes of a page.
    pub page_bytes: u32,
}

/// What recording one call costs the program, measured by the recorder on this machine.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overhead {
    /// The mechanism that was measured: `ptrace, two stops`.
    pub mechanism: String,
    /// How it was measured, a sentence.
    pub method: String,
    /// How many calls were measured.
    pub samples: u64,
    /// Added to a call in the median, nanoseconds.
    pub call_ns_median: u64,
    /// Added to a call at the 99th percentile, nanoseconds.
    pub call_ns_p99: u64,
    /// The part of the median that lies between a call's start and end as recorded, nanoseconds: what every
    /// duration is too long by.
    pub inside_ns_median: u64,
}

/// Why a recording ended. An open set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct EndReason(pub u8);

impl EndReason {
    /// Every recorded process ended.
    pub const PROCESSES_ENDED: EndReason = EndReason(1);
    /// The user asked for it.
    pub const INTERRUPTED: EndReason = EndReason(2);
    /// The time, call or size limit that the user had set was reached.
    pub const LIMIT: EndReason = EndReason(3);
    /// The storage could not take more; the program went on.
    pub const STORAGE: EndReason = EndReason(4);
    /// The command ended and the recorder was told not to wait for the rest.
    pub const COMMAND_ENDED: EndReason = EndReason(5);
    /// The recorder met an error of its own.
    pub const ERROR: EndReason = EndReason(6);
}

/// Counts over the whole trace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// Finished calls in the trace.
    pub calls: u64,
    /// Those that returned -4095 to -1.
    pub errors: u64,
    /// Calls without an end: `Unfinished` events.
    pub unfinished: u64,
    /// All events, unfinished calls included.
    pub events: u64,
    /// Tasks: `TaskStart` events.
    pub tasks: u64,
    /// Calls known to be missing: what all `Loss` events say together.
    pub lost_calls: u64,
    /// Events that could not be written since the storage was full.
    pub lost_events: u64,
    /// Ends of calls whose start nobody saw; they are not calls of this trace.
    pub orphan_exits: u64,
    /// The earliest time in the trace, nanoseconds; 0 for an empty one.
    pub first_ns: u64,
    /// The latest time in the trace, nanoseconds.
    pub last_ns: u64,
    /// Calls that the recorder made in the program for its own ends: `RecorderCall` events. They are not in `calls`.
    pub recorder_calls: u64,
}

/// The last words of a trace that was closed properly.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Counts.
    pub totals: Totals,
    /// Why it ended.
    pub end_reason: EndReason,
    /// CPU time that the recorder took, user and system, nanoseconds.
    pub recorder_cpu_ns: u64,
    /// Remarks for people about what happened while recording, a sentence each.
    pub notes: Vec<String>,
}

/// Names of the code that a trace points at, found after the recording on a machine that had it. A trace can have
/// several such blocks; they add up.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Symbols {
    /// Texts that the rest of the block names by their places in this list.
    pub texts: Vec<String>,
    /// Code by module.
    pub modules: Vec<SymbolModule>,
}

/// What is known of the code of one module.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SymbolModule {
    /// Its path, as mappings and modules of stacks have it.
    pub path: Vec<u8>,
    /// Its build-id, as they have it.
    pub build_id: Vec<u8>,
    /// Addresses in it.
    pub places: Vec<SymbolPlace>,
}

/// What an address belongs to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SymbolPlace {
    /// An address inside an instruction: not behind it, as sites and most frames have it.
    pub address: u64,
    /// Whether the address is a byte of the module's file; else it is in the module's own terms.
    pub in_file: bool,
    /// The functions that it belongs to, the outermost first.
    pub functions: Vec<SymbolFunction>,
}

/// A function.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SymbolFunction {
    /// Its name: a place in [`Symbols::texts`].
    pub name: u32,
    /// Its source file: a place in [`Symbols::texts`].
    pub file: Option<u32>,
    /// Line in it, from 1; 0 where it is not known.
    pub line: u32,
    /// Whether it was inlined into the function before it in the list.
    pub inlined: bool,
}

fn config() -> impl bincode::config::Config {
    bincode::config::legacy().with_limit::<BLOCK_BYTES_MAX>()
}

pub(crate) fn encode<T: Serialize>(block: &T, what: &'static str) -> Result<Vec<u8>, Error> {
    let mut bytes = BLOCK_VERSION.to_le_bytes().to_vec();
    let body = bincode::serde::encode_to_vec(block, bincode::config::legacy())
        .expect("plain structs of numbers, strings and lists always encode");
    bytes.extend_from_slice(&body);
    if bytes.len() > BLOCK_BYTES_MAX {
        return Err(Error::TooLarge { what, limit: BLOCK_BYTES_MAX as u64, found: bytes.len() as u64 });
    }
    Ok(bytes)
}

pub(crate) fn decode<T: DeserializeOwned>(bytes: &[u8], offset: u64, what: &'static str) -> Result<T, Error> {
    let (version, body) = bytes
        .split_at_checked(2)
        .ok_or_else(|| Error::malformed(offset, what, "a block version", format!("{} bytes", bytes.len())))?;
    let version = u16::from_le_bytes([version[0], version[1]]);
    if version < BLOCK_VERSION {
        return Err(Error::malformed(
            offset,
            what,
            format!("block version {BLOCK_VERSION} or later"),
            version,
        ));
    }
    match bincode::serde::decode_from_slice(body, config()) {
        Ok((block, _fields_of_later_versions)) => Ok(block),
        Err(error) => Err(Error::malformed(offset.saturating_add(2), what, "its fields", error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_survives_and_fields_of_later_versions_are_left() {
        let session = Session {
            command: vec![b"ls".to_vec(), vec![0xff]],
            environment: Some(vec![]),
            filter: Some("%file".into()),
            started_ns: 5,
            ..Session::default()
        };
        let mut bytes = encode(&session, "session").unwrap();
        assert_eq!(decode::<Session>(&bytes, 0, "session").unwrap(), session);
        bytes[0] = 9;
        bytes.extend_from_slice(b"more");
        assert_eq!(decode::<Session>(&bytes, 0, "session").unwrap(), session);
    }

    #[test]
    fn a_length_beyond_the_block_is_an_error_and_not_an_allocation() {
        for length in [1 << 20, 1 << 31, u64::from(u32::MAX), 1 << 63, u64::MAX] {
            let mut bytes = BLOCK_VERSION.to_le_bytes().to_vec();
            bytes.extend_from_slice(&u64::to_le_bytes(length));
            let error = decode::<Session>(&bytes, 0, "session").unwrap_err();
            assert!(matches!(error, Error::Malformed { offset: 2, .. }));
        }
        assert!(decode::<Session>(&[], 0, "session").is_err());
    }

    #[test]
    fn too_large_a_block_is_refused() {
        let session = Session { notes: vec!["x".repeat(BLOCK_BYTES_MAX)], ..Session::default() };
        assert!(matches!(encode(&session, "session"), Err(Error::TooLarge { .. })));
    }
}
