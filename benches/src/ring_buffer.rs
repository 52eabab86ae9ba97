//! The reader's side of a `BPF_MAP_TYPE_RINGBUF` (`kernel/bpf/ringbuf.c`, Linux 5.8):
//!
//! ```text
//!  page 0        consumer position: ours to write
//!  page 1        producer position: the kernel's
//!  pages 2 ..    data, and the same data once more behind it, so that no record is ever cut in two
//!
//!  record        length (4; bit 31: not finished, bit 30: discarded), page (4), payload, to a multiple of 8
//! ```
//!
//! # Safety
//! All unsafe code is here: two mappings that live as long as the buffer, and loads and copies inside them.

use std::io;
use std::os::fd::{AsFd, AsRawFd};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use memmap2::{MmapMut, MmapOptions, MmapRaw};

const BUSY: u32 = 1 << 31;
const DISCARDED: u32 = 1 << 30;
const HEADER_BYTES: usize = 8;
const PAGE_BYTES: usize = 4096;

/// A mapped ring buffer.
pub struct RingBuffer {
    consumer: MmapMut,
    /// Producer page and data.
    producer: MmapRaw,
    bytes: usize,
}

impl RingBuffer {
    /// Maps the ring of that descriptor, made with `bytes`.
    ///
    /// # Errors
    /// As mmap(2): above all where `bytes` are more than the ring has.
    pub fn map(fd: &impl AsFd, bytes: usize) -> io::Result<RingBuffer> {
        let raw = fd.as_fd().as_raw_fd();
        // SAFETY: the kernel changes nothing in this page: the position is ours alone.
        let consumer = unsafe { MmapOptions::new().len(PAGE_BYTES).map_mut(raw)? };
        // The kernel maps these pages for reading only.
        let producer = MmapOptions::new()
            .offset(PAGE_BYTES as u64)
            .len(PAGE_BYTES + 2 * bytes)
            .map_raw_read_only(raw)?;
        Ok(RingBuffer { consumer, producer, bytes })
    }

    /// Gives all finished records to `take`, in order, and their room back to the kernel.
    ///
    /// # Errors
    /// Those of `take`; the record that it was given counts as taken.
    pub fn drain(&mut self, mut take: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
        // SAFETY: both pages are mapped as long as `self` lives, their first eight bytes are the positions, aligned as
        // pages are, and all access to them is atomic, the kernel's too.
        let (consumer, producer) = unsafe {
            (
                AtomicU64::from_ptr(self.consumer.as_mut_ptr().cast()),
                AtomicU64::from_ptr(self.producer.as_mut_ptr().cast()),
            )
        };
        let mut position = consumer.load(Ordering::Relaxed);
        loop {
            // Acquire: pairs with the release of the producer position in __bpf_ringbuf_reserve.
            if position >= producer.load(Ordering::Acquire) {
                return Ok(());
            }
            let at = PAGE_BYTES + position as usize % self.bytes;
            // SAFETY: at is inside of the data, a multiple of 8 as all records are, and the kernel stores the length
            // atomically (bpf_ringbuf_commit).
            let header = unsafe { AtomicU32::from_ptr(self.producer.as_mut_ptr().add(at).cast()) };
            // Acquire: pairs with the exchange in bpf_ringbuf_commit, before which the payload was written.
            let header = header.load(Ordering::Acquire);
            if header & BUSY != 0 {
                return Ok(());
            }
            let length = (header & !DISCARDED) as usize;
            if length > self.bytes - HEADER_BYTES {
                return Err(io::Error::other("a record is longer than its ring"));
            }
            let result = if header & DISCARDED == 0 {
                // SAFETY: the record lies in the doubled data (checked above), and the kernel does not write to it
                // between its commit and our release of the position below.
                let payload = unsafe {
                    std::slice::from_raw_parts(self.producer.as_ptr().add(at + HEADER_BYTES), length)
                };
                take(payload)
            } else {
                Ok(())
            };
            position += (HEADER_BYTES + length).next_multiple_of(8) as u64;
            // Release: what was read is read before the kernel may write there again.
            consumer.store(position, Ordering::Release);
            result?;
        }
    }
}
