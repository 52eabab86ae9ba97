//! Captured memory outside of CALLS chunks: in the rows of the journal and in the events of unfinished calls.
//!
//! ```text
//!  count u32 | count * (address u64 | wanted_bytes u64 | cut u8 | bytes u32 | the bytes)
//! ```

use std::sync::Arc;

use crate::error::Error;
use crate::event::{Capture, CaptureCut};
use crate::limits::CAPTURED_BYTES_MAX;
use crate::wire::Cursor;

/// Bytes of a capture besides those that were captured.
const FIELDS_BYTES: usize = 21;

/// A capture that still lies in the bytes that it is read from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CaptureRef<'a> {
    pub(crate) address: u64,
    pub(crate) wanted_bytes: u64,
    pub(crate) cut: CaptureCut,
    pub(crate) bytes: &'a [u8],
}

impl CaptureRef<'_> {
    pub(crate) fn to_capture(self) -> Capture {
        let Self { address, wanted_bytes, cut, bytes } = self;
        Capture { address, wanted_bytes, cut, bytes: Arc::from(bytes) }
    }
}

/// Appends the list, as much of it as fits into [`CAPTURED_BYTES_MAX`]: the last that has room is cut
/// ([`CaptureCut::LIMIT`]), what comes behind it is left out.
pub(crate) fn put_captures(out: &mut Vec<u8>, captures: &[Capture]) {
    let start = out.len();
    out.extend_from_slice(&[0; 4]);
    let mut count = 0_u32;
    for capture in captures {
        let Some(room) = CAPTURED_BYTES_MAX.checked_sub(out.len() - start + FIELDS_BYTES) else { break };
        let bytes = &capture.bytes[..capture.bytes.len().min(room)];
        let cut = if bytes.len() < capture.bytes.len() { CaptureCut::LIMIT } else { capture.cut };
        out.extend_from_slice(&capture.address.to_le_bytes());
        out.extend_from_slice(&capture.wanted_bytes.to_le_bytes());
        out.push(cut.0);
        out.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
        out.extend_from_slice(bytes);
        count += 1;
    }
    out[start..start + 4].copy_from_slice(&count.to_le_bytes());
}

/// Reads a list without copying it.
pub(crate) fn capture_refs<'a>(cursor: &mut Cursor<'a>) -> Result<Vec<CaptureRef<'a>>, Error> {
    let what = "captured memory";
    let at = cursor.clone();
    let count = cursor.u32(what)? as usize;
    let most = cursor.remaining() / FIELDS_BYTES;
    if count > most {
        return Err(at.fail("number of captures", format!("at most {most} in what is left"), count));
    }
    let mut captures = Vec::with_capacity(count);
    for _ in 0..count {
        let (address, wanted_bytes) = (cursor.u64(what)?, cursor.u64(what)?);
        let cut = CaptureCut(cursor.u8(what)?);
        let bytes = cursor.u32(what)? as usize;
        captures.push(CaptureRef { address, wanted_bytes, cut, bytes: cursor.take(bytes, what)? });
    }
    Ok(captures)
}

/// Reads a list.
pub(crate) fn captures(cursor: &mut Cursor<'_>) -> Result<Vec<Capture>, Error> {
    Ok(capture_refs(cursor)?.into_iter().map(CaptureRef::to_capture).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn capture(bytes: usize) -> Capture {
        let cut = CaptureCut::UNREADABLE;
        Capture { address: 0x1000, wanted_bytes: 1 << 32, cut, bytes: vec![b'x'; bytes].into() }
    }

    #[test]
    fn a_list_that_is_too_long_is_cut_and_says_so() {
        let mut bytes = Vec::new();
        put_captures(&mut bytes, &[capture(50_000), capture(50_000), capture(1)]);
        assert_eq!(bytes.len(), CAPTURED_BYTES_MAX);
        let read = captures(&mut Cursor::new(&bytes, 0)).unwrap();
        assert_eq!(read[0], capture(50_000));
        assert_eq!((read.len(), read[1].cut, read[1].wanted_bytes), (2, CaptureCut::LIMIT, 1 << 32));
        assert_eq!(read[1].bytes.len(), CAPTURED_BYTES_MAX - 4 - 2 * FIELDS_BYTES - 50_000);
    }

    #[test]
    fn a_count_beyond_the_bytes_is_refused_before_anything_is_allocated() {
        let mut bytes = u32::MAX.to_le_bytes().to_vec();
        bytes.extend_from_slice(&[0; 100]);
        let error = captures(&mut Cursor::new(&bytes, 0)).unwrap_err().to_string();
        assert!(error.contains("number of captures at byte 0: expected at most 4"), "{error}");
    }
}
