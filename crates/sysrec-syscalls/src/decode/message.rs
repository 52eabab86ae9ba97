//! Messages: `struct msghdr` with its address, its buffers and its control data.

use super::shape::little_endian;
use super::{Decoder, MAX_ELEMENTS};
use crate::constants as sets;
use crate::structs;
use crate::value::Value;
use crate::{Level, Moment};

/// Bytes of control data that are looked at; SCM_RIGHTS takes 253 descriptors (`SCM_MAX_FD`, include/net/scm.h).
const CONTROL_BYTES: usize = 4096;

/// The fields of `struct msghdr`.
struct Header {
    name: u64,
    name_bytes: u64,
    vectors: u64,
    vector_count: u64,
    control: u64,
    control_bytes: u64,
    flags: u64,
}

impl Decoder<'_, '_> {
    /// Bytes of `struct msghdr`: seven words, where lengths that are narrower are padded.
    fn msghdr_bytes(&self) -> usize {
        7 * self.layout.word
    }

    fn header(&mut self, address: u64, moment: Moment) -> Option<Header> {
        let size = self.msghdr_bytes();
        let bytes = self.read(moment, address, size as u64, size);
        self.header_in(&bytes)
    }

    fn header_in(&self, bytes: &[u8]) -> Option<Header> {
        let word = |at: usize| self.pointer_in(bytes, at * self.layout.word);
        let int = |at: usize| Some(word(at)? & 0xffff_ffff);
        Some(Header {
            name: word(0)?,
            name_bytes: int(1)?,
            vectors: word(2)?,
            vector_count: word(3)?,
            control: word(4)?,
            control_bytes: word(5)?,
            flags: int(6)?,
        })
    }

    /// The message of `sendmsg` and `recvmsg`.
    pub(crate) fn msghdr(&mut self, address: u64, moment: Moment) -> Option<Value> {
        let header = self.header(address, moment)?;
        if moment == Moment::Exit && !self.succeeded() {
            return Some(Value::whole(vec![(
                "msg_namelen",
                Value::Signed(i64::from(header.name_bytes as i32)),
            )]));
        }
        let moved =
            (moment == Moment::Exit).then(|| self.ret.map_or(0, |ret| u64::try_from(ret).unwrap_or(0)));
        Some(self.message(&header, moved, moment))
    }

    /// `moved`: bytes that were received; `None` for a message to be sent.
    fn message(&mut self, header: &Header, moved: Option<u64>, moment: Moment) -> Value {
        let name = match header.name {
            0 => None,
            name => self.sockaddr(name, header.name_bytes, moment),
        };
        let vectors = match header.vectors {
            0 => None,
            _ if self.level < Level::All => None,
            vectors => self.iovec(vectors, header.vector_count, moved, moment),
        };
        let control = match header.control {
            0 => None,
            control => self.control(control, header.control_bytes, moment),
        };
        let mut fields = vec![
            ("msg_name", name.unwrap_or(Value::Address(header.name))),
            ("msg_namelen", Value::Signed(i64::from(header.name_bytes as i32))),
            ("msg_iov", vectors.unwrap_or(Value::Address(header.vectors))),
            ("msg_iovlen", Value::Unsigned(header.vector_count)),
        ];
        if header.control_bytes > 0 {
            fields.push(("msg_control", control.unwrap_or(Value::Address(header.control))));
        }
        fields.push(("msg_controllen", Value::Unsigned(header.control_bytes)));
        fields.push(("msg_flags", Value::name(sets::MSG.joined(header.flags))));
        Value::whole(fields)
    }

    /// Several messages.
    pub(crate) fn mmsghdr(&mut self, address: u64, messages: u64, moment: Moment) -> Option<Value> {
        let header_bytes = self.msghdr_bytes();
        let size = (header_bytes + 4).next_multiple_of(self.layout.word);
        // What came in is as many as the call returns.
        let done = self.ret.map_or(0, |ret| u64::try_from(ret).unwrap_or(0));
        let is_output = moment == Moment::Exit;
        if is_output && !self.succeeded() {
            return None;
        }
        let wanted = if is_output { done.min(messages) } else { messages };
        if wanted == 0 {
            return Some(Value::all(Vec::new()));
        }
        let shown = wanted.min(MAX_ELEMENTS).min(self.limits.string_bytes as u64) as usize;
        let bytes = self.read(moment, address, wanted.saturating_mul(size as u64), shown * size);
        let mut items = Vec::new();
        for message in bytes.chunks_exact(size) {
            let header = self.header_in(message)?;
            let length = little_endian(message.get(header_bytes..header_bytes + 4)?);
            let mut fields = vec![("msg_hdr", self.message(&header, is_output.then_some(length), moment))];
            if is_output {
                fields.push(("msg_len", Value::Unsigned(length)));
            }
            items.push(Value::whole(fields));
        }
        Value::first_of(items, wanted)
    }

    /// Control data: headers with their data, each aligned to a word (cmsg(3)).
    fn control(&mut self, address: u64, bytes: u64, moment: Moment) -> Option<Value> {
        let word = self.layout.word;
        let read = self.read(moment, address, bytes, CONTROL_BYTES);
        let header_bytes = word + 8;
        if read.len() < header_bytes {
            return None;
        }
        let (mut items, mut at) = (Vec::new(), 0);
        while let Some(rest) = read.get(at..).filter(|rest| rest.len() >= header_bytes) {
            let length = self.pointer_in(rest, 0)?;
            let end = usize::try_from(length).unwrap_or(usize::MAX).min(rest.len());
            let (level, kind) =
                (little_endian(&rest[word..word + 4]), little_endian(&rest[word + 4..word + 8]));
            let data = rest.get(header_bytes..end).unwrap_or(&[]);
            items.push(self.control_message(length, level, kind, data, moment));
            // A header that claims less than itself would never end.
            if (length as usize) < header_bytes {
                break;
            }
            at = at.saturating_add(end.next_multiple_of(word));
        }
        let has_more = (read.len() as u64) < bytes;
        Some(Value::Array { items, has_more })
    }

    fn control_message(&self, length: u64, level: u64, kind: u64, data: &[u8], moment: Moment) -> Value {
        // SOL_SOCKET
        let is_socket = level == 1;
        let kind_name = match (is_socket, sets::SCM.name_of(kind, 32)) {
            (true, Some(name)) => Value::name(name),
            _ => Value::Hex(kind),
        };
        let content = match (is_socket, kind) {
            // SCM_RIGHTS
            (true, 1) => Value::all(
                data.chunks_exact(4).map(|fd| Value::Fd(little_endian(fd) as i32, moment)).collect(),
            ),
            // SCM_CREDENTIALS
            (true, 2) => {
                self.structure_in(&structs::UCRED, data, moment).unwrap_or_else(|| Value::text(data))
            }
            // SCM_PIDFD
            (true, 4) if data.len() >= 4 => {
                Value::all(vec![Value::Fd(little_endian(&data[..4]) as i32, moment)])
            }
            _ => Value::Text { bytes: data.to_vec(), is_cut: false, is_binary: true },
        };
        Value::whole(vec![
            ("cmsg_len", Value::Unsigned(length)),
            ("cmsg_level", Value::name(sets::SOCKET_LEVEL.one(level, 32))),
            ("cmsg_type", kind_name),
            ("cmsg_data", content),
        ])
    }
}
