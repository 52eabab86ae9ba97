//! The log in which a guest says what it did. Layout: `guests/guest.h`.

use std::io::{self, Read, Write};
use std::path::Path;
use std::{fs, io::ErrorKind};

use sysrec_format::event::Abi;

const MAGIC: u64 = 0x676f_6c74_7365_7567;
const VERSION: u32 = 1;
const HEADER_BYTES: usize = 64;
const RECORD_BYTES: usize = 96;
/// Room for this many calls; the file is sparse.
const CAPACITY: u32 = 1 << 21;

/// First argument of a marker: `fcntl(MARK, segment, marker)`, which always fails with EBADF.
pub const MARK: u64 = 0x6e5e_9ece;
const BORN: u64 = 2;
pub(crate) const END: u64 = 3;

/// One line of the log.
#[derive(Clone, Debug)]
pub struct Logged {
    /// Its place in the log: the order of beginnings over all tasks.
    pub slot: u32,
    /// How long the log was when the call returned: what begins between is inside it (signal handlers). `None` when
    /// it did not return.
    pub leave: Option<u32>,
    /// The task.
    pub tid: i32,
    /// The table.
    pub abi: Abi,
    /// The number, as the kernel takes it.
    pub nr: i32,
    /// Arguments; `None` for rt_sigreturn, whose registers the guest does not know.
    pub args: Option<[u64; 6]>,
    /// What it returned, where it did.
    pub ret: Option<i64>,
}

/// A stretch of a task's life in which all its calls are logged, in order of their beginnings.
#[derive(Clone, Debug)]
pub struct Segment {
    /// Unique in the guest's run; second argument of the marker.
    pub id: u64,
    /// The calls, markers included.
    pub calls: Vec<Logged>,
}

impl Segment {
    /// Whether the marker is the first call of its task.
    pub fn starts_the_task(&self) -> bool {
        self.calls[0].args.is_some_and(|args| args[2] == BORN)
    }

    /// Whether it ended with a marker, not with the task or its program.
    pub fn is_closed(&self) -> bool {
        self.calls.last().and_then(|call| call.args).is_some_and(|args| args[0] == MARK && args[2] == END)
    }
}

/// The whole log.
#[derive(Clone, Debug, Default)]
pub struct GuestLog {
    /// Every segment, in order of its beginning.
    pub segments: Vec<Segment>,
    /// Numbers of which the whole guest made exactly so many calls.
    pub counts: Vec<(Abi, i32, u64)>,
}

impl GuestLog {
    /// Makes an empty log at `path`, for a guest that gets it as `SYSREC_GUEST_LOG`.
    pub fn create(path: &Path) -> io::Result<()> {
        let mut header = [0u8; HEADER_BYTES];
        header[..8].copy_from_slice(&MAGIC.to_le_bytes());
        header[8..12].copy_from_slice(&VERSION.to_le_bytes());
        header[12..16].copy_from_slice(&(RECORD_BYTES as u32).to_le_bytes());
        header[16..20].copy_from_slice(&CAPACITY.to_le_bytes());
        let mut file = fs::File::create(path)?;
        file.write_all(&header)?;
        file.set_len((HEADER_BYTES + CAPACITY as usize * RECORD_BYTES) as u64)
    }

    /// How many lines a guest has begun so far.
    pub fn progress(path: &Path) -> io::Result<u32> {
        let mut header = [0u8; HEADER_BYTES];
        fs::File::open(path)?.read_exact(&mut header)?;
        Ok(u32_at(&header, 20))
    }

    /// Reads what a guest has written.
    pub fn read(path: &Path) -> io::Result<GuestLog> {
        let mut file = fs::File::open(path)?;
        let mut header = [0u8; HEADER_BYTES];
        file.read_exact(&mut header)?;
        let (used, lost) = (u32_at(&header, 20), u32_at(&header, 28));
        if u64_at(&header, 0) != MAGIC || u32_at(&header, 8) != VERSION {
            return Err(io::Error::new(ErrorKind::InvalidData, "not a guest's log"));
        }
        if lost != 0 {
            return Err(io::Error::new(
                ErrorKind::InvalidData,
                format!("{lost} calls did not fit in the log"),
            ));
        }
        let mut bytes = vec![0u8; used as usize * RECORD_BYTES];
        file.read_exact(&mut bytes)?;
        let mut log = GuestLog::default();
        let mut open: std::collections::BTreeMap<u64, Segment> = Default::default();
        for (slot, record) in bytes.chunks_exact(RECORD_BYTES).enumerate() {
            const CALL: u32 = 1;
            const SIGRETURN: u32 = 2;
            const COUNT: u32 = 3;
            let (state, kind, tid) = (u32_at(record, 0), u32_at(record, 4), u32_at(record, 8));
            let id = u64::from(u32_at(record, 12));
            let abi = Abi(u32_at(record, 16) as u8);
            let nr = u64_at(record, 24) as i32;
            let args: [u64; 6] = std::array::from_fn(|index| u64_at(record, 32 + 8 * index));
            match (state, kind) {
                // Killed between taking the slot and filling it.
                (0, _) => continue,
                (_, COUNT) => log.counts.push((abi, nr, args[0])),
                (_, CALL | SIGRETURN) => {
                    let returned = state == 2;
                    let segment = open.entry(id).or_insert_with(|| Segment { id, calls: Vec::new() });
                    if segment.is_closed() && !segment.calls.is_empty() {
                        return Err(io::Error::new(
                            ErrorKind::InvalidData,
                            "a call after the end of its segment",
                        ));
                    }
                    segment.calls.push(Logged {
                        slot: slot as u32,
                        leave: returned.then(|| u32_at(record, 20)),
                        tid: tid as i32,
                        abi,
                        nr,
                        args: (kind == CALL).then_some(args),
                        ret: returned.then(|| u64_at(record, 80) as i64),
                    });
                }
                _ => return Err(io::Error::new(ErrorKind::InvalidData, format!("slot {slot}: kind {kind}"))),
            }
        }
        log.segments = open.into_values().collect();
        Ok(log)
    }

    /// The same log as if only these calls had been made.
    pub fn only(&self, selected: impl Fn(Abi, i32) -> bool) -> GuestLog {
        let segment = |segment: &Segment| {
            let calls = segment.calls.iter().filter(|call| selected(call.abi, call.nr)).cloned().collect();
            Segment { id: segment.id, calls }
        };
        GuestLog {
            segments: self.segments.iter().map(segment).filter(|segment| !segment.calls.is_empty()).collect(),
            counts: self.counts.iter().copied().filter(|&(abi, nr, _)| selected(abi, nr)).collect(),
        }
    }

    /// Calls in all segments.
    pub fn calls(&self) -> usize {
        self.segments.iter().map(|segment| segment.calls.len()).sum()
    }
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"))
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes"))
}
