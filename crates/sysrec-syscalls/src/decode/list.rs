//! Lists without a struct of their own: strings until NULL, entries of directories, masks and sets, and what `poll` and
//! `epoll` wait for.

use super::shape::little_endian;
use super::{Decoder, MAX_ELEMENTS};
use crate::call::ArgKind;
use crate::value::Value;
use crate::{Abi, Moment};

/// Bytes of a directory's entries that are looked at to count them.
const DIRENT_BYTES: usize = 4096;
/// Pointers of an environment that are counted.
const MAX_VARIABLES: usize = 512;

impl Decoder<'_, '_> {
    /// The arguments of a program.
    pub(crate) fn strings(&mut self, address: u64, moment: Moment) -> Option<Value> {
        let word = self.layout.word;
        let (mut items, mut has_more) = (Vec::new(), false);
        let mut at = address;
        loop {
            let bytes = self.read(moment, at, word as u64, word);
            let Some(pointer) = self.pointer_in(&bytes, 0) else {
                has_more = true;
                break;
            };
            if pointer == 0 {
                break;
            }
            if items.len() >= self.limits.string_bytes.min(MAX_ELEMENTS as usize) {
                has_more = true;
                break;
            }
            let text = self.string_at(moment, pointer, self.limits.string_bytes.saturating_add(1));
            items.push(text.unwrap_or(Value::Address(pointer)));
            at = at.wrapping_add(word as u64);
        }
        if items.is_empty() && has_more { None } else { Some(Value::Array { items, has_more }) }
    }

    /// The environment of a program, counted.
    pub(crate) fn environment(&mut self, address: u64, moment: Moment) -> Option<Value> {
        let word = self.layout.word;
        let mut variables = 0;
        let mut at = address;
        // A page at a time: what is behind the end need not be readable.
        while variables < MAX_VARIABLES {
            let step = 4096 - (at % 4096) as usize;
            let step = step.min((MAX_VARIABLES - variables) * word).max(word);
            let bytes = self.read(moment, at, step as u64, step);
            let pointers: Vec<u64> = bytes.chunks_exact(word).map(little_endian).collect();
            if pointers.is_empty() {
                if variables == 0 {
                    return None;
                }
                return Some(Value::Remark(
                    Box::new(Value::Address(address)),
                    format!("{variables} vars, unterminated"),
                ));
            }
            match pointers.iter().position(|pointer| *pointer == 0) {
                Some(end) => {
                    variables += end;
                    let word = if variables == 1 { "var" } else { "vars" };
                    return Some(Value::Remark(
                        Box::new(Value::Address(address)),
                        format!("{variables} {word}"),
                    ));
                }
                None => variables += pointers.len(),
            }
            at = at.wrapping_add(bytes.len() as u64);
        }
        Some(Value::Remark(Box::new(Value::Address(address)), format!("more than {variables} vars")))
    }

    /// The descriptors of a set.
    pub(crate) fn fd_set(&mut self, address: u64, descriptors: u64, moment: Moment) -> Option<Value> {
        // FD_SETSIZE of the C libraries; the kernel takes more.
        let descriptors = descriptors.min(4096);
        let bytes = descriptors.div_ceil(self.layout.word as u64 * 8) * self.layout.word as u64;
        if bytes == 0 {
            return Some(Value::Set { items: Vec::new(), is_inverted: false });
        }
        let bytes = self.read(moment, address, bytes, 512);
        if bytes.is_empty() {
            return None;
        }
        let items =
            members(&bytes).filter(|fd| u64::from(*fd) < descriptors).map(|fd| Value::Fd(fd as i32, moment));
        Some(Value::Set { items: items.collect(), is_inverted: false })
    }

    /// The processors or memory nodes of a mask.
    pub(crate) fn mask(&mut self, address: u64, bytes: u64, moment: Moment) -> Option<Value> {
        let bytes = self.read(moment, address, bytes, 1024);
        if bytes.is_empty() {
            return None;
        }
        let items = members(&bytes).map(|member| Value::Unsigned(u64::from(member)));
        Some(Value::Set { items: items.collect(), is_inverted: false })
    }

    /// How many entries of a directory there are.
    pub(crate) fn dirents(&mut self, address: u64, wanted: u64, moment: Moment) -> Option<Value> {
        let bytes = self.read(moment, address, wanted, DIRENT_BYTES);
        if bytes.is_empty() && wanted > 0 {
            return None;
        }
        // d_reclen stands behind an inode number and an offset, 64 bits wide in getdents64.
        let word = if self.row.name == "getdents64" { 8 } else { self.layout.word };
        let (mut entries, mut at) = (0, 0);
        while let Some(length) = bytes.get(at + 2 * word..at + 2 * word + 2) {
            let length = little_endian(length) as usize;
            if length < 2 * word + 2 {
                break;
            }
            entries += 1;
            at += length;
        }
        let more = if (bytes.len() as u64) < wanted { "at least " } else { "" };
        let remark = format!("{more}{entries} {}", if entries == 1 { "entry" } else { "entries" });
        Some(Value::Remark(Box::new(Value::Address(address)), remark))
    }

    /// What `poll` waits for, and at the exit what came of it.
    pub(crate) fn pollfds(&mut self, address: u64, count: u64, moment: Moment) -> Option<Value> {
        const SIZE: usize = 8;
        if count == 0 {
            return Some(Value::all(Vec::new()));
        }
        let shown = count.min(MAX_ELEMENTS).min(self.limits.string_bytes as u64) as usize;
        let bytes = self.read(moment, address, count.saturating_mul(SIZE as u64), shown * SIZE);
        let mut items = Vec::new();
        for poll in bytes.chunks_exact(SIZE) {
            let fd = Value::Fd(little_endian(&poll[..4]) as i32, moment);
            let names = |bytes: &[u8]| Value::name(crate::constants::POLL.joined(little_endian(bytes)));
            match moment {
                Moment::Entry if (little_endian(&poll[..4]) as i32) < 0 => {
                    items.push(Value::whole(vec![("fd", fd)]))
                }
                Moment::Entry => items.push(Value::whole(vec![("fd", fd), ("events", names(&poll[4..6]))])),
                Moment::Exit if poll[6..8] == [0, 0] => {}
                Moment::Exit => items.push(Value::whole(vec![("fd", fd), ("revents", names(&poll[6..8]))])),
            }
        }
        if bytes.len() < SIZE {
            return None;
        }
        let has_more = ((bytes.len() / SIZE) as u64) < count;
        Some(Value::Array { items, has_more })
    }

    /// What `epoll_wait` reports.
    pub(crate) fn epoll_events(&mut self, address: u64, count: u64, moment: Moment) -> Option<Value> {
        if count == 0 {
            return Some(Value::all(Vec::new()));
        }
        let size = self.epoll_event_bytes();
        let shown = count.min(MAX_ELEMENTS).min(self.limits.string_bytes as u64) as usize;
        let bytes = self.read(moment, address, count.saturating_mul(size as u64), shown * size);
        let items: Vec<Value> = bytes.chunks_exact(size).map(epoll_event).collect();
        Value::first_of(items, count)
    }

    /// `struct epoll_event` is packed on x86-64 (`EPOLL_PACKED`), and on i386 its alignment packs it.
    pub(crate) fn epoll_event_bytes(&self) -> usize {
        if self.layout.abi == Abi::Aarch64 { 16 } else { 12 }
    }

    /// A message of System V with its type.
    pub(crate) fn msgbuf(&mut self, address: u64, bytes: u64, moment: Moment) -> Option<Value> {
        let word = self.layout.word;
        let kind = self.number_at(ArgKind::Long, address, moment)?;
        let text_at = address.checked_add(word as u64)?;
        let text = self.bytes(text_at, bytes, moment).unwrap_or(Value::Address(text_at));
        Some(Value::whole(vec![("mtype", kind), ("mtext", text)]))
    }
}

/// One event; the union's first number and the whole.
pub(crate) fn epoll_event(bytes: &[u8]) -> Value {
    let data = little_endian(&bytes[bytes.len() - 8..]);
    let events = crate::constants::EPOLL_EVENTS.joined(little_endian(&bytes[..4]));
    let data =
        Value::whole(vec![("u32", Value::Unsigned(data & 0xffff_ffff)), ("u64", Value::Unsigned(data))]);
    Value::whole(vec![("events", Value::name(events)), ("data", data)])
}

/// The numbers of the bits that are set.
pub(crate) fn members(bytes: &[u8]) -> impl Iterator<Item = u32> {
    bytes.iter().enumerate().flat_map(|(at, byte)| {
        (0..8).filter(move |bit| byte >> bit & 1 != 0).map(move |bit| at as u32 * 8 + bit)
    })
}
