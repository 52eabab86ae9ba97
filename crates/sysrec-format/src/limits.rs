//! Every bound of the format in one place. The writer keeps them, the reader refuses what breaks them, so that no
//! length field of a hostile file decides how much memory or time is spent. `format-spec/README.md` has the same table.

/// Bytes of one chunk's payload.
pub const PAYLOAD_BYTES_MAX: u32 = 64 << 20;
/// Calls in one CALLS chunk.
pub const CHUNK_CALLS_MAX: u32 = 65_536;
/// Calls that the writer aims at in one CALLS chunk.
pub const CHUNK_CALLS_AIM: u32 = 16_384;
/// Calls that one byte of a CALLS payload may stand for: a bound on how far a small file can blow up.
pub const CALLS_PER_PAYLOAD_BYTE_MAX: u32 = 64;
/// Bytes of events after which the writer begins a new EVENTS chunk.
pub const CHUNK_EVENT_BYTES_AIM: usize = 256 << 10;
/// Columns in one CALLS chunk, unknown ones included.
pub const COLUMNS_MAX: u64 = 1_024;
/// Distinct values of a DICTIONARY block.
pub const DICTIONARY_VALUES_MAX: usize = 256;
/// Bytes of an event's body.
pub const EVENT_BODY_BYTES_MAX: u32 = 65_536;
/// Bytes of one string of an event (a path, a name); longer ones are cut by the writer.
pub const EVENT_STRING_BYTES_MAX: usize = 8_192;
/// Bytes that the captures of one end of a call take in a row or an event, fields included; the writer cuts what is
/// over it.
pub const CAPTURED_BYTES_MAX: usize = 57_344;
/// Captures in one CALLS chunk. Besides, [`CALLS_PER_PAYLOAD_BYTE_MAX`] holds for them as for calls.
pub const CHUNK_CAPTURES_MAX: u32 = 1 << 20;
/// Bytes of a metadata block: SESSION, OVERHEAD, SUMMARY, SYMBOLS.
pub const BLOCK_BYTES_MAX: usize = 4 << 20;
/// Bytes of a header, which a later version may make longer.
pub const HEADER_BYTES_MAX: u32 = 65_536;
/// Frames in one trace.
pub const FRAMES_MAX: usize = 1 << 22;
/// Frames that an INDEX can hold; a trace with more has none and is scanned.
pub const INDEX_FRAMES_MAX: usize = 1 << 20;
/// Bytes of a journal.
pub const JOURNAL_BYTES_MAX: u64 = 64 << 20;
/// Damages that a reader lists; it counts the rest.
pub const DAMAGES_MAX: usize = 1_000;
/// Modules that stacks of one trace point into: a [`ModuleId`](crate::event::ModuleId) is below it.
pub const MODULES_MAX: u32 = 1 << 20;
/// Nodes of the stacks of one trace: a [`StackId`](crate::event::StackId) is below it.
pub const STACK_NODES_MAX: u32 = 1 << 24;
/// Frames of one stack.
pub const STACK_FRAMES_MAX: u16 = 1_024;
/// Tasks in one trace: a [`TaskId`](crate::event::TaskId) is below it.
pub const TASKS_MAX: u32 = 1 << 24;
