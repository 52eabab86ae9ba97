//! Where the decoder reads a program's memory: a running task, which is being recorded, or what was kept of it.
//!
//! Both are asked by the same code. So the capture plan is what the decoder reads, and the two cannot disagree.

use crate::{CaptureLimits, Cut, Fragment, MemorySource, Moment, Snapshot};

/// What the decoder asks.
pub(crate) trait Source {
    /// Up to `at_most` of the `wanted` bytes at an address; fewer where no more are known or readable.
    fn read(&mut self, moment: Moment, address: u64, wanted: u64, at_most: usize) -> Vec<u8>;
    /// A NUL-terminated string of at most `at_most` bytes, NUL included.
    fn string(&mut self, moment: Moment, address: u64, at_most: usize) -> Found;
    /// Whether this moment's memory can be asked for.
    fn has(&self, moment: Moment) -> bool;
}

/// A string as far as it is known.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Found {
    /// Without the NUL.
    pub(crate) bytes: Vec<u8>,
    /// Whether the NUL was found.
    pub(crate) is_whole: bool,
}

impl Source for Snapshot<'_> {
    fn read(&mut self, moment: Moment, address: u64, wanted: u64, at_most: usize) -> Vec<u8> {
        let bytes = usize::try_from(wanted).unwrap_or(usize::MAX).min(at_most);
        Snapshot::read(self, moment, address, bytes).map(std::borrow::Cow::into_owned).unwrap_or_default()
    }

    fn string(&mut self, moment: Moment, address: u64, at_most: usize) -> Found {
        let known = Snapshot::read(self, moment, address, at_most).unwrap_or_default();
        match known.iter().position(|byte| *byte == 0) {
            Some(end) => Found { bytes: known[..end].to_vec(), is_whole: true },
            None => Found { bytes: known.into_owned(), is_whole: false },
        }
    }

    fn has(&self, _moment: Moment) -> bool {
        true
    }
}

/// Reads a task that stands still at one end of a call, and keeps what it read.
pub(crate) struct Copier<'a> {
    pub(crate) moment: Moment,
    pub(crate) limits: &'a CaptureLimits,
    pub(crate) memory: &'a mut dyn MemorySource,
    pub(crate) fragments: Vec<Fragment>,
    /// Bytes in the fragments.
    pub(crate) bytes: usize,
}

impl Copier<'_> {
    /// How many more bytes may be kept.
    fn room(&self) -> usize {
        if self.fragments.len() < self.limits.fragments {
            self.limits.total_bytes.saturating_sub(self.bytes)
        } else {
            0
        }
    }

    fn keep(&mut self, address: u64, wanted_bytes: u64, cut: Cut, bytes: &[u8]) {
        let known =
            self.fragments.iter().any(|known| known.address == address && known.bytes.len() >= bytes.len());
        if !known && self.fragments.len() < self.limits.fragments {
            self.bytes += bytes.len();
            self.fragments.push(Fragment { address, wanted_bytes, cut, bytes: bytes.to_vec() });
        }
    }
}

impl Source for Copier<'_> {
    fn read(&mut self, moment: Moment, address: u64, wanted: u64, at_most: usize) -> Vec<u8> {
        if moment != self.moment || wanted == 0 {
            return Vec::new();
        }
        let bytes = usize::try_from(wanted).unwrap_or(usize::MAX).min(at_most).min(self.room());
        let mut buffer = vec![0; bytes];
        let got = if bytes == 0 { 0 } else { self.memory.read(address, &mut buffer).min(bytes) };
        buffer.truncate(got);
        let cut = match got {
            _ if got as u64 == wanted => Cut::Whole,
            _ if got == bytes => Cut::Limit,
            _ => Cut::Unreadable,
        };
        self.keep(address, wanted, cut, &buffer);
        buffer
    }

    /// In steps that do not cross a page, so that nothing behind the string need be readable.
    fn string(&mut self, moment: Moment, address: u64, at_most: usize) -> Found {
        const PAGE_BYTES: u64 = 4096;
        const STEP_BYTES: usize = 256;
        if moment != self.moment {
            return Found::default();
        }
        let limit = at_most.min(self.room());
        let (mut bytes, mut cut) = (Vec::new(), Cut::Limit);
        while bytes.len() < limit {
            let at = address.wrapping_add(bytes.len() as u64);
            let step = ((PAGE_BYTES - at % PAGE_BYTES) as usize).min(limit - bytes.len()).min(STEP_BYTES);
            let begin = bytes.len();
            bytes.resize(begin + step, 0);
            let got = self.memory.read(at, &mut bytes[begin..]).min(step);
            bytes.truncate(begin + got);
            if let Some(end) = bytes[begin..].iter().position(|byte| *byte == 0) {
                bytes.truncate(begin + end + 1);
                cut = Cut::Whole;
                break;
            }
            if got < step {
                cut = Cut::Unreadable;
                break;
            }
        }
        let wanted = bytes.len() as u64 + u64::from(cut == Cut::Unreadable);
        // The last byte was looked at for a NUL alone.
        let kept = if cut == Cut::Limit { bytes.len().saturating_sub(1) } else { bytes.len() };
        self.keep(address, wanted, cut, &bytes[..kept]);
        let is_whole = cut == Cut::Whole;
        if is_whole {
            bytes.pop();
        }
        Found { bytes, is_whole }
    }

    fn has(&self, moment: Moment) -> bool {
        moment == self.moment
    }
}
