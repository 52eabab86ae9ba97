//! The reader on any bytes: no panic, no allocation beyond the limits, no endless loop.
//!
//! ```sh
//! cargo +nightly fuzz run read fuzz/corpus/read ../../format-spec/corpus/good ../../format-spec/corpus/bad \
//!     -- -dict=fuzz/trace.dict -rss_limit_mb=512 -timeout=10
//! ```
//! Half of the inputs have their CRCs made right first, or the fuzzer would never get behind them.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sysrec_format::frame::{ChunkKind, FRAME_BYTES, MARKER};
use sysrec_format::layout::Layout;
use sysrec_format::limits::STACK_FRAMES_MAX;
use sysrec_format::stacks::StackTable;

fn put_crc(bytes: &mut [u8], at: usize, crc: u32) {
    bytes[at..at + 4].copy_from_slice(&crc.to_le_bytes());
}

fn crc(seed: u32, bytes: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new_with_initial(seed);
    hasher.update(bytes);
    hasher.finalize()
}

/// Makes every CRC right that is found where it should be.
fn make_good(bytes: &mut [u8]) {
    if bytes.len() < 192 {
        return;
    }
    let header_crc = crc(0, &bytes[..60]);
    put_crc(bytes, 60, header_crc);
    let seed = crc(0, &bytes[32..48]);
    for slot in [64, 128] {
        put_crc(bytes, slot + 12, seed);
        let state_crc = crc(0, &bytes[slot + 4..slot + 64]);
        put_crc(bytes, slot, state_crc);
    }
    let mut at = 192;
    while at + FRAME_BYTES <= bytes.len() {
        if bytes[at..at + 4] == MARKER.to_le_bytes() {
            let payload = u32::from_le_bytes(bytes[at + 16..at + 20].try_into().expect("four bytes")) as usize;
            if let Some(payload) = bytes.get(at + FRAME_BYTES..(at + FRAME_BYTES).saturating_add(payload)) {
                let payload_crc = crc(0, payload);
                put_crc(bytes, at + 12, payload_crc);
            }
            bytes[at + 8..at + 12].fill(0);
            let frame_crc = crc(seed, &bytes[at..at + FRAME_BYTES]);
            put_crc(bytes, at + 8, frame_crc);
        }
        at += 8;
    }
    let word = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes"));
    let (generation, journal) = (word(64 + 24), word(64 + 32));
    let seed = crc(seed, &generation.to_le_bytes());
    let mut at = usize::try_from(journal).unwrap_or(usize::MAX);
    while at.checked_add(8).is_some_and(|end| end <= bytes.len()) && bytes[at..at + 8] != [0; 8] {
        let units = u16::from_le_bytes([bytes[at + 6], bytes[at + 7]]);
        let end = at + 8 + 8 * usize::from(units);
        if end > bytes.len() {
            break;
        }
        let row_crc = crc(seed, &bytes[at + 4..end]);
        put_crc(bytes, at, row_crc);
        at = end;
    }
}

fuzz_target!(|data: &[u8]| {
    let Some((&how, data)) = data.split_first() else { return };
    let mut bytes = data.to_vec();
    if how & 1 == 1 {
        make_good(&mut bytes);
    }
    let Ok(layout) = Layout::read(&bytes) else { return };
    layout.verify(&bytes);
    let _ = (layout.session(&bytes), layout.overheads(&bytes), layout.summary(&bytes));
    let mut buffer = Vec::new();
    let mut stacks = StackTable::default();
    for frame in layout.frames(&bytes) {
        let frame = frame.expect("the index was checked");
        match frame.header.kind {
            ChunkKind::CALLS => {
                if let Ok(chunk) = layout.calls(&bytes, &frame, &mut buffer) {
                    let calls = chunk.calls();
                    assert!(calls.is_err() || calls.is_ok_and(|calls| calls.len() == chunk.len()));
                }
            }
            ChunkKind::EVENTS => {
                if let Ok(events) = layout.events(&bytes, &frame, &mut buffer) {
                    let mut count = 0;
                    for event in events {
                        count += 1;
                        event.iter().for_each(|event| stacks.add(&event.body));
                    }
                    assert!(count <= frame.header.count as usize + 1);
                }
            }
            _ => {}
        }
    }
    for node in stacks.nodes() {
        let frames = stacks.frames(node.node).count();
        assert!(frames == usize::from(stacks.depth(node.node)) && frames <= usize::from(STACK_FRAMES_MAX));
    }
});
