//! Vectors of buffers: `struct iovec`, with the head of each buffer.

use super::{Decoder, MAX_ELEMENTS};
use crate::Moment;
use crate::value::Value;

impl Decoder<'_, '_> {
    /// As many vectors as `wanted` says. `moved` bounds the bytes of all buffers together: what the kernel wrote
    /// into them; 0 leaves them addresses.
    pub(crate) fn iovec(
        &mut self,
        address: u64,
        wanted: u64,
        moved: Option<u64>,
        moment: Moment,
    ) -> Option<Value> {
        if wanted == 0 {
            return Some(Value::all(Vec::new()));
        }
        let word = self.layout.word;
        let shown = wanted.min(MAX_ELEMENTS).min(self.limits.string_bytes as u64) as usize;
        let bytes = self.read(moment, address, wanted.saturating_mul(2 * word as u64), shown * 2 * word);
        let (mut items, mut rest) = (Vec::new(), moved);
        for vector in bytes.chunks_exact(2 * word) {
            let (base, length) = (self.pointer_in(vector, 0)?, self.pointer_in(vector, word)?);
            let used = rest.map_or(length, |rest| rest.min(length));
            rest = rest.map(|rest| rest - used);
            let text = match base != 0 && used > 0 {
                true => self.bytes(base, used, moment),
                false if moved.is_none() && length == 0 && base != 0 => Some(Value::text(&[])),
                // Behind the end of what was read.
                false if moment == Moment::Exit && base != 0 && self.succeeded() => Some(Value::text(&[])),
                false => None,
            };
            items.push(Value::whole(vec![
                ("iov_base", text.unwrap_or(Value::Address(base))),
                ("iov_len", Value::Unsigned(length)),
            ]));
        }
        Value::first_of(items, wanted)
    }
}
