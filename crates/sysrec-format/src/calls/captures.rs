//! The columns of captured memory: which bytes lay where, for the calls that have any.
//!
//! ```text
//!  call             openat("/a")   openat("/b")   openat("/a")
//!  ENTRY_CAPTURES   1              1              1              captures of each call
//!  CAPTURE_BASE     1              1              1              the address is that of argument 1 ...
//!  CAPTURE_OFFSET   0              0              0              ... plus this
//!  CAPTURE_BLOB     0              1              0              the bytes, in
//!  BLOBS            "/a\0" "/b\0"                                what distinct bytes the chunk has
//! ```
//! A capture without surprises takes the bits of its blob's number, and nothing where those follow each other.

use std::ops::Range;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::encode::Columns;
use super::{CallsChunk, ColumnId, Site, at_end};
use crate::captures::CaptureRef;
use crate::column::decode;
use crate::error::Error;
use crate::event::{Call, Capture, CaptureCut};
use crate::journal::{Attached, CallAt, captures_at};
use crate::limits::{CALLS_PER_PAYLOAD_BYTE_MAX, CHUNK_CAPTURES_MAX};
use crate::wire::{Cursor, unzigzag, zigzag};

/// What an address is counted from: 0 to 5 an argument, or
/// the address of the capture before it, of the same end of the call;
const BEFORE: u64 = 6;
/// nothing.
const NOTHING: u64 = 7;

/// The columns that have a value a capture, in this order.
const FIELDS: [ColumnId; 5] = [
    ColumnId::CAPTURE_BASE,
    ColumnId::CAPTURE_OFFSET,
    ColumnId::CAPTURE_WANTED,
    ColumnId::CAPTURE_CUT,
    ColumnId::CAPTURE_BLOB,
];

/// The captures of a chunk while it is made. Borrows the bytes from the journal.
#[derive(Debug, Default)]
pub(super) struct CaptureColumns<'a> {
    /// Captures of each call at entry and at exit, site by site.
    counts: [Vec<u64>; 2],
    fields: [Vec<u64>; 5],
    /// Captures of each site.
    of_sites: Vec<usize>,
    blobs: Vec<&'a [u8]>,
    numbers: FxHashMap<&'a [u8], u32>,
}

/// The base that gives the address with the smallest offset.
fn base(address: u64, args: &[u64; 6], before: Option<u64>) -> (u64, u64) {
    if let Some(argument) = args.iter().position(|&argument| argument == address) {
        return (argument as u64, 0);
    }
    let bases = args.iter().copied().zip(0..).chain(before.map(|before| (before, BEFORE)));
    let offset = |base: u64| zigzag(address.wrapping_sub(base) as i64);
    let nearest = bases.map(|(base, number)| (offset(base), number)).min();
    let nothing = (offset(0), NOTHING);
    let (offset, number) = nearest.map_or(nothing, |nearest| nearest.min(nothing));
    (number, offset)
}

impl<'a> CaptureColumns<'a> {
    /// Collects the captures of `calls`, which are in order of time; `by_site` has their places site by site, and is
    /// empty where there is one site. `None` where no call has captures, or the rows are not in the journal.
    pub(super) fn collect(
        journal: &'a [u8],
        calls: &[CallAt],
        sites: &[Site],
        by_site: &[u32],
        attached: &Attached,
    ) -> Option<Self> {
        let has_none = |call: &CallAt| attached.captures(journal, call.attached).is_empty();
        if calls.iter().all(has_none) {
            return None;
        }
        let mut columns = Self::default();
        let mut next = 0;
        for site in sites {
            let before = columns.fields[0].len();
            for _ in 0..site.calls {
                let place = if by_site.is_empty() { next } else { by_site[next] as usize };
                next += 1;
                columns.add_call(journal, calls[place], attached)?;
            }
            columns.of_sites.push(columns.fields[0].len() - before);
        }
        Some(columns)
    }

    fn add_call(&mut self, journal: &'a [u8], call: CallAt, attached: &Attached) -> Option<()> {
        let rows = attached.captures(journal, call.attached);
        if rows.is_empty() {
            self.counts.iter_mut().for_each(|counts| counts.push(0));
            return Some(());
        }
        let (entry, _) = call.rows(journal)?;
        let args: [u64; 6] = std::array::from_fn(|argument| entry.arg(argument));
        for (counts, row) in self.counts.iter_mut().zip([rows.entry, rows.exit]) {
            let list = captures_at(journal, row);
            counts.push(list.len() as u64);
            let mut before = None;
            for CaptureRef { address, wanted_bytes, cut, bytes } in list {
                let (base, offset) = base(address, &args, before);
                before = Some(address);
                let (blobs, wanted) = (&mut self.blobs, wanted_bytes.wrapping_sub(bytes.len() as u64));
                let blob = *self.numbers.entry(bytes).or_insert_with(|| {
                    blobs.push(bytes);
                    blobs.len() as u32 - 1
                });
                let values = [base, offset, zigzag(wanted as i64), cut.0.into(), blob.into()];
                self.fields.iter_mut().zip(values).for_each(|(field, value)| field.push(value));
            }
        }
        Some(())
    }

    pub(super) fn put_blobs(&self, columns: &mut Columns) {
        columns.blobs(&self.blobs);
    }

    pub(super) fn put_columns(&self, columns: &mut Columns, sites: &[Site]) {
        for (id, counts) in [ColumnId::ENTRY_CAPTURES, ColumnId::EXIT_CAPTURES].into_iter().zip(&self.counts)
        {
            if counts.iter().any(|&count| count != 0) {
                columns.blocks(id, counts, sites.iter().map(|site| site.calls as usize));
            }
        }
        for (id, field) in FIELDS.into_iter().zip(&self.fields) {
            columns.blocks(id, field, self.of_sites.iter().copied());
        }
    }

    pub(super) fn captures(&self) -> usize {
        self.fields[0].len()
    }
}

/// The distinct byte strings of a chunk.
fn blobs(mut cursor: Cursor<'_>) -> Result<Vec<&[u8]>, Error> {
    let at = cursor.clone();
    let count = cursor.varint("number of blobs")?;
    // They are distinct, so at most one is empty.
    let most = (cursor.remaining() as u64).min(CHUNK_CAPTURES_MAX.into());
    if count > most {
        return Err(at.fail("number of blobs", format!("at most {most}"), count));
    }
    let mut lengths = Vec::new();
    decode(&mut cursor, count as usize, &mut lengths)?;
    let mut blobs = Vec::with_capacity(lengths.len());
    for length in lengths {
        blobs.push(cursor.take(usize::try_from(length).unwrap_or(usize::MAX), "bytes of a blob")?);
    }
    at_end(&cursor)?;
    Ok(blobs)
}

impl CallsChunk<'_> {
    /// Puts the captures into calls that have everything else; `order` is that of the chunk.
    pub(super) fn captures_into(&self, order: &[u32], calls: &mut [Call]) -> Result<(), Error> {
        if !self.has(ColumnId::ENTRY_CAPTURES) && !self.has(ColumnId::EXIT_CAPTURES) {
            return Ok(());
        }
        let counts =
            [self.capture_counts(ColumnId::ENTRY_CAPTURES)?, self.capture_counts(ColumnId::EXIT_CAPTURES)?];
        let of_sites = self.captures_of_sites(&counts)?;
        let fields = FIELDS.map(|id| self.capture_field(id, &of_sites));
        let [bases, offsets, wanted, cuts, numbers] = fields;
        let (bases, offsets, wanted, cuts, numbers) = (bases?, offsets?, wanted?, cuts?, numbers?);
        let blobs: Vec<Arc<[u8]>> = blobs(self.bytes(ColumnId::BLOBS)?)?.into_iter().map(Arc::from).collect();
        let one = |at: usize, args: &[u64; 6], before: Option<u64>| -> Result<Capture, Error> {
            let fail =
                |what, expected: String, found| Err(Error::malformed(self.offset, what, expected, found));
            let base = match (bases[at], before) {
                (argument @ 0..6, _) => args[argument as usize],
                (BEFORE, Some(before)) => before,
                (NOTHING, _) => 0,
                (found, _) => return fail("base of a capture", "0 to 5, 6 behind another, 7".into(), found),
            };
            let Some(bytes) = blobs.get(usize::try_from(numbers[at]).unwrap_or(usize::MAX)) else {
                return fail("blob of a capture", format!("less than {}", blobs.len()), numbers[at]);
            };
            let Ok(cut) = u8::try_from(cuts[at]) else {
                return fail("cut of a capture", "at most 255".into(), cuts[at]);
            };
            Ok(Capture {
                address: base.wrapping_add(unzigzag(offsets[at]) as u64),
                wanted_bytes: (bytes.len() as u64).wrapping_add(unzigzag(wanted[at]) as u64),
                cut: CaptureCut(cut),
                bytes: bytes.clone(),
            })
        };
        let list = |range: Range<usize>, args: &[u64; 6]| -> Result<Vec<Capture>, Error> {
            let mut list: Vec<Capture> = Vec::with_capacity(range.len());
            for at in range {
                let before = list.last().map(|capture| capture.address);
                list.push(one(at, args, before)?);
            }
            Ok(list)
        };
        let (mut at, [entry_counts, exit_counts]) = (0, &counts);
        for (&place, (&entry, &exit)) in self.places(order).iter().zip(entry_counts.iter().zip(exit_counts)) {
            let (middle, end) = (at + entry as usize, at + entry as usize + exit as usize);
            if at < end {
                let call = &mut calls[place as usize];
                call.entry.captures = list(at..middle, &call.entry.args)?;
                call.exit_captures = list(middle..end, &call.entry.args)?;
            }
            at = end;
        }
        Ok(())
    }

    /// Captures of each call at one end, site by site.
    fn capture_counts(&self, id: ColumnId) -> Result<Vec<u64>, Error> {
        let (mut column, mut counts) = (self.column(id)?, Vec::with_capacity(self.len()));
        for site in &self.sites {
            column.read(site, &mut counts)?;
        }
        at_end(&column.cursor)?;
        Ok(counts)
    }

    /// Captures of each site: no more altogether than a payload of this length may stand for.
    fn captures_of_sites(&self, counts: &[Vec<u64>; 2]) -> Result<Vec<usize>, Error> {
        let most = self.payload_bytes.saturating_mul(CALLS_PER_PAYLOAD_BYTE_MAX.into());
        let mut left = most.min(CHUNK_CAPTURES_MAX.into());
        let mut rest = counts[0].iter().zip(&counts[1]);
        let mut of_sites = Vec::with_capacity(self.sites.len());
        for site in &self.sites {
            let mut captures = 0;
            for (&entry, &exit) in rest.by_ref().take(site.calls as usize) {
                let both = entry.saturating_add(exit);
                left = left.checked_sub(both).ok_or_else(|| {
                    Error::malformed(self.offset, "captures of a call", format!("at most {left} more"), both)
                })?;
                captures += both as usize;
            }
            of_sites.push(captures);
        }
        Ok(of_sites)
    }

    fn capture_field(&self, id: ColumnId, of_sites: &[usize]) -> Result<Vec<u64>, Error> {
        let (mut cursor, mut values) = (self.bytes(id)?, Vec::new());
        for &captures in of_sites {
            decode(&mut cursor, captures, &mut values)?;
        }
        at_end(&cursor)?;
        Ok(values)
    }

    /// The place in the order of time of each call, site by site.
    fn places(&self, order: &[u32]) -> Vec<u32> {
        let mut start = 0;
        let mut next: Vec<u32> = self
            .sites
            .iter()
            .map(|site| {
                start += site.calls;
                start - site.calls
            })
            .collect();
        let mut places = vec![0; order.len()];
        for (time, &site) in order.iter().enumerate() {
            let place = &mut next[site as usize];
            places[*place as usize] = time as u32;
            *place += 1;
        }
        places
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::column::encode::BlockEncoder;
    use crate::event::{Abi, TaskId};
    use crate::frame::{ChunkKind, FrameHeader};
    use crate::wire::put_varint;

    fn header(count: u32) -> FrameHeader {
        FrameHeader { task: Some(TaskId(0)), count, ..FrameHeader::block(ChunkKind::CALLS, &[]) }
    }

    /// A chunk of calls at one site, with these columns besides those that are always there.
    fn payload(calls: usize, more: &[(ColumnId, Vec<u8>)]) -> Vec<u8> {
        let mut columns: Vec<(ColumnId, Vec<u8>)> =
            [9, 10, 11, 12, 16, 17, 18, 19, 20, 21].map(|id| (ColumnId(id), vec![0])).to_vec();
        columns.push((ColumnId::SITE_ABI, vec![Abi::X86_64.0]));
        columns.push((ColumnId::SITE_NR, vec![0]));
        columns.push((ColumnId::SITE_IP, vec![0]));
        columns.push((ColumnId::SITE_CALLS, block(&[calls as u64])));
        columns.extend(more.iter().cloned());
        columns.sort_unstable_by_key(|(id, _)| *id);
        let mut bytes = vec![1];
        put_varint(&mut bytes, columns.len() as u64);
        for (id, column) in &columns {
            put_varint(&mut bytes, id.0.into());
            put_varint(&mut bytes, column.len() as u64);
        }
        columns.iter().for_each(|(_, column)| bytes.extend_from_slice(column));
        bytes
    }

    fn block(values: &[u64]) -> Vec<u8> {
        let mut bytes = Vec::new();
        BlockEncoder::new().encode(values, &mut bytes);
        bytes
    }

    /// Captures of which all are alike: base, blob, and the blobs.
    fn alike(count: u64, base: u64, blob: u64, blobs: &[u8]) -> Vec<(ColumnId, Vec<u8>)> {
        vec![
            (ColumnId::ENTRY_CAPTURES, block(&[count; 3])),
            (ColumnId::CAPTURE_BASE, block(&[base])),
            (ColumnId::CAPTURE_OFFSET, vec![0]),
            (ColumnId::CAPTURE_WANTED, vec![0]),
            (ColumnId::CAPTURE_CUT, vec![0]),
            (ColumnId::CAPTURE_BLOB, block(&[blob])),
            (ColumnId::BLOBS, blobs.to_vec()),
        ]
    }

    fn calls(payload: &[u8], count: u32) -> Result<Vec<Call>, Error> {
        CallsChunk::parse(payload, &header(count), 0)?.calls()
    }

    #[test]
    fn hostile_columns_are_refused() {
        let good = calls(&payload(3, &alike(2, 1, 0, b"\x01\x02ab")), 3).unwrap();
        assert!(
            good.iter().all(|call| call.entry.captures.len() == 2 && *call.entry.captures[1].bytes == *b"ab")
        );
        let refused = |calls_in: usize, more: &[(ColumnId, Vec<u8>)]| {
            calls(&payload(calls_in, more), calls_in as u32).unwrap_err().to_string()
        };
        assert!(refused(3, &alike(1, 6, 0, b"\x01\x02ab")).contains("base of a capture"));
        assert!(refused(3, &alike(1, 8, 0, b"\x01\x02ab")).contains("base of a capture"));
        assert!(refused(3, &alike(1, 0, 1, b"\x01\x02ab")).contains("blob of a capture"));
        assert!(refused(3, &alike(1, 0, 0, b"\x02\x02ab")).contains("bytes of a blob"));
        assert!(refused(3, &alike(1, 0, 0, b"\x01\x02abc")).contains("end of a column"));
        assert!(refused(3, &alike(1, 0, 0, b"\xff\xff\x7f\x00")).contains("number of blobs"));
        // Few bytes do not stand for many captures, nor many bytes for more than the limit.
        assert!(refused(3, &alike(u64::MAX, 0, 0, b"\x01\x02ab")).contains("captures of a call"));
        assert!(refused(3, &alike(100_000, 0, 0, b"\x01\x02ab")).contains("captures of a call"));
        let mut long = payload(3, &alike(400_000, 0, 0, b"\x01\x02ab"));
        long.resize(1 << 20, 0);
        assert!(calls(&long, 3).unwrap_err().to_string().contains("captures of a call"));
        let mut without = alike(1, 0, 0, b"\x01\x02ab");
        without.pop();
        let error = refused(3, &without);
        assert!(error.contains("column 6"), "{error}");
    }
}
