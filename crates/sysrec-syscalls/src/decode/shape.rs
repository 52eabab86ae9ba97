//! What stands at an address: structs by their fields, arrays, strings, and the shapes that have their own module.

use super::{Decoder, MAX_ELEMENTS};
use crate::call::{ArgKind, Count, Shape};
use crate::structs::{self, Field, FieldKind, Shown, Struct};
use crate::value::Value;
use crate::{Abi, Moment};

/// Bytes of a directory's entries that are looked at to count them.
const DIRENT_BYTES: usize = 4096;
/// Pointers of an environment that are counted.
const MAX_VARIABLES: usize = 512;

impl Decoder<'_, '_> {
    /// What stands there at that moment; `None` where that is not known.
    pub(crate) fn shape(&mut self, shape: Shape, address: u64, moment: Moment) -> Option<Value> {
        match shape {
            Shape::Number(kind) => {
                let value = self.number_at(*kind, address, moment)?;
                Some(Value::all(vec![value]))
            }
            Shape::Struct(layout) | Shape::Remaining(layout) => self.structure(layout, address, moment),
            Shape::Array(element, count) => self.array(*element, count, address, moment),
            Shape::Bytes(count) => {
                let wanted = self.count(count, moment);
                self.bytes(address, wanted, moment)
            }
            Shape::PathBytes(count) => {
                let wanted = self.count(count, moment);
                let bytes = self.read(moment, address, wanted, self.limits.path_bytes);
                let end = bytes.iter().position(|byte| *byte == 0)?;
                Some(Value::text(&bytes[..end]))
            }
            Shape::CStr => self.string_at(moment, address, self.limits.string_bytes.saturating_add(1)),
            Shape::Stat | Shape::Stat64 => self.stat(shape, address, moment),
            Shape::Iovec(count) => {
                let vectors = self.count(count, moment);
                let limit = self.transferred();
                self.iovec(address, vectors, limit, moment)
            }
            Shape::IovecRemote(count) => {
                let vectors = self.count(count, moment);
                self.iovec(address, vectors, Some(0), moment)
            }
            Shape::Msghdr => self.msghdr(address, moment),
            Shape::Mmsghdr(count) => {
                let messages = self.count(count, moment);
                self.mmsghdr(address, messages, moment)
            }
            Shape::Sockaddr(count) => {
                let bytes = self.count(count, moment);
                self.sockaddr(address, bytes, moment)
            }
            Shape::FdSet(count) => {
                let descriptors = self.count(count, moment);
                self.fd_set(address, descriptors, moment)
            }
            Shape::Sigset(count) => {
                let bytes = self.count(count, moment);
                self.sigset(address, bytes, moment)
            }
            Shape::SigsetArg => self.sigset_arg(address, moment),
            Shape::Sigaction(count) => {
                let bytes = self.count(count, moment);
                self.sigaction(address, bytes, moment)
            }
            Shape::OldSigaction => self.old_sigaction(address, moment),
            Shape::Siginfo => self.siginfo(address, moment),
            Shape::Sigevent => self.sigevent(address, moment),
            Shape::WaitStatus => self.wait_status(address, moment),
            Shape::Strings => self.strings(address, moment),
            Shape::Environment => self.environment(address, moment),
            Shape::Mask(count) => {
                let bytes = self.count(count, moment);
                self.mask(address, bytes, moment)
            }
            Shape::MaskBits(count) => {
                let bits = self.count(count, moment);
                self.mask(address, bits.div_ceil(8), moment)
            }
            Shape::Dirents(count) => {
                let bytes = self.count(count, moment);
                self.dirents(address, bytes, moment)
            }
            Shape::Pollfds(count) => {
                let count = self.count(count, moment);
                self.pollfds(address, count, moment)
            }
            Shape::EpollEvents(count) => {
                let count = self.count(count, moment);
                self.epoll_events(address, count, moment)
            }
            Shape::EpollEvent => self.one_epoll_event(address),
            Shape::OptionValue(count) => {
                let bytes = self.count(count, moment);
                self.option_value(address, bytes, moment)
            }
            Shape::CloneArgs(count) => {
                let bytes = self.count(count, moment);
                self.clone_args(address, bytes, moment)
            }
            Shape::Msgbuf(count) => {
                let bytes = self.count(count, moment);
                self.msgbuf(address, bytes, moment)
            }
        }
    }

    /// Both ends of what a call changes. What strace users look for behind the result goes to the remarks.
    pub(crate) fn change(
        &mut self,
        shape: Shape,
        address: u64,
        before: Option<Value>,
        after: Option<Value>,
    ) -> Value {
        let Some(before) = before else { return after.unwrap_or(Value::Address(address)) };
        let Some(after) = after else { return before };
        match shape {
            Shape::FdSet(_) => {
                let is_empty = matches!(&after, Value::Set { items, .. } if items.is_empty());
                if self.ret.is_some_and(|ret| ret > 0) && !is_empty {
                    self.remarks.push((self.set_label(address), after));
                }
                before
            }
            Shape::Pollfds(_) => {
                if self.ret.is_some_and(|ret| ret > 0) {
                    self.remarks.push(("", after));
                }
                before
            }
            Shape::Struct(layout) if layout.name.starts_with("TIME") && !layout.name.starts_with("TIMEX") => {
                if self.ret.is_some_and(|ret| ret > 0) {
                    self.remarks.push(("left", after));
                }
                before
            }
            _ if before == after => before,
            Shape::Number(ArgKind::Int | ArgKind::Uint) => match (before, after) {
                (Value::Array { items: mut first, .. }, Value::Array { items: mut second, .. }) => {
                    match (first.pop(), second.pop()) {
                        (Some(first), Some(second)) => {
                            Value::all(vec![Value::Change(Box::new(first), Box::new(second))])
                        }
                        _ => Value::Address(address),
                    }
                }
                (_, after) => after,
            },
            _ => Value::Change(Box::new(before), Box::new(after)),
        }
    }

    /// Which of `select`'s sets stands at the address.
    fn set_label(&self, address: u64) -> &'static str {
        let at = (1..4).find(|at| self.word(self.args[*at]) == address);
        at.map_or("", |at| ["in", "out", "except"][at - 1])
    }

    /// A number in memory.
    pub(crate) fn number_at(&mut self, kind: ArgKind, address: u64, moment: Moment) -> Option<Value> {
        let width = self.width(kind);
        let bytes = self.read(moment, address, width as u64, width);
        let value = self.field_number(kind, &bytes, moment)?;
        Some(value)
    }

    /// A number out of bytes that were read; a string or struct that it points at is not looked at.
    fn field_number(&self, kind: ArgKind, bytes: &[u8], moment: Moment) -> Option<Value> {
        let raw = little_endian(bytes.get(..self.width(kind))?);
        Some(match self.number(kind, raw) {
            Value::Fd(fd, _) => Value::Fd(fd, moment),
            value => value,
        })
    }

    /// A pointer in memory.
    pub(crate) fn pointer_in(&self, bytes: &[u8], offset: usize) -> Option<u64> {
        Some(little_endian(bytes.get(offset..offset.checked_add(self.layout.word)?)?))
    }

    /// Bytes as a string.
    pub(crate) fn bytes(&mut self, address: u64, wanted: u64, moment: Moment) -> Option<Value> {
        if wanted == 0 {
            return Some(Value::text(&[]));
        }
        let bytes = self.read(moment, address, wanted, self.limits.string_bytes);
        if bytes.is_empty() {
            return None;
        }
        let is_cut = (bytes.len() as u64) < wanted;
        Some(Value::Text { bytes, is_cut, is_binary: self.is_binary })
    }

    /// A struct by its fields.
    pub(crate) fn structure(
        &mut self,
        layout: &'static Struct,
        address: u64,
        moment: Moment,
    ) -> Option<Value> {
        let (size, _) = self.measure(layout);
        let bytes = self.read(moment, address, size as u64, size);
        self.structure_in(layout, &bytes, moment)
    }

    /// A struct out of bytes that were read; what a shorter one lacks is left out.
    pub(crate) fn structure_in(
        &self,
        layout: &'static Struct,
        bytes: &[u8],
        moment: Moment,
    ) -> Option<Value> {
        if layout.name.starts_with("UTIMESPEC") {
            return self.wished_time(layout, bytes, moment);
        }
        let (mut fields, mut has_more) = (Vec::new(), false);
        let mut offset = 0;
        for field in layout.fields {
            let (size, alignment) = self.measure_field(field);
            offset = usize::next_multiple_of(offset, alignment);
            let Some(bytes) = bytes.get(offset..offset + size) else { break };
            offset += size;
            match field.shown {
                Shown::No => {}
                Shown::More => has_more = true,
                Shown::NotZero if bytes.iter().all(|byte| *byte == 0) => {}
                Shown::NotZero | Shown::Yes => fields.push((field.name, self.field(field, bytes, moment)?)),
            }
        }
        if fields.is_empty() { None } else { Some(Value::Struct { fields, has_more }) }
    }

    fn field(&self, field: &'static Field, bytes: &[u8], moment: Moment) -> Option<Value> {
        match &field.kind {
            FieldKind::Number(kind) => self.field_number(*kind, bytes, moment),
            FieldKind::Struct(layout) => self.structure_in(layout, bytes, moment),
            FieldKind::Numbers(_, kind) => {
                let width = self.width(*kind);
                let items = bytes.chunks_exact(width).map(|bytes| self.field_number(*kind, bytes, moment));
                Some(Value::all(items.collect::<Option<_>>()?))
            }
            FieldKind::Text(_) => {
                let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
                Some(Value::text(&bytes[..end]))
            }
            FieldKind::Bytes(_) => {
                Some(Value::Text { bytes: bytes.to_vec(), is_cut: false, is_binary: true })
            }
        }
    }

    /// Size and alignment, bytes.
    pub(crate) fn measure(&self, layout: &Struct) -> (usize, usize) {
        let (mut offset, mut largest) = (0, 1);
        for field in layout.fields {
            let (size, alignment) = self.measure_field(field);
            offset = usize::next_multiple_of(offset, alignment) + size;
            largest = largest.max(alignment);
        }
        (offset.next_multiple_of(largest), largest)
    }

    fn measure_field(&self, field: &Field) -> (usize, usize) {
        match &field.kind {
            FieldKind::Number(kind) => {
                let width = self.width(*kind);
                (width, self.layout.alignment(width))
            }
            FieldKind::Numbers(count, kind) => {
                let width = self.width(*kind);
                (width * usize::from(*count), self.layout.alignment(width))
            }
            FieldKind::Struct(layout) => self.measure(layout),
            FieldKind::Text(bytes) | FieldKind::Bytes(bytes) => (usize::from(*bytes), 1),
        }
    }

    /// As many elements as `count` says, read at once and up to the limit.
    fn array(&mut self, element: Shape, count: Count, address: u64, moment: Moment) -> Option<Value> {
        let wanted = self.count(count, moment);
        self.elements(element, wanted, address, moment)
    }

    pub(crate) fn elements(
        &mut self,
        element: Shape,
        wanted: u64,
        address: u64,
        moment: Moment,
    ) -> Option<Value> {
        if wanted == 0 {
            return Some(Value::all(Vec::new()));
        }
        let size = match element {
            Shape::Number(kind) => self.width(*kind),
            Shape::Struct(layout) => self.measure(layout).0,
            _ => return None,
        };
        let shown = wanted.min(MAX_ELEMENTS).min(self.limits.string_bytes as u64) as usize;
        let bytes = self.read(moment, address, wanted.saturating_mul(size as u64), shown * size);
        let items: Option<Vec<Value>> = bytes
            .chunks_exact(size)
            .map(|bytes| match element {
                Shape::Number(kind) => self.field_number(*kind, bytes, moment),
                Shape::Struct(layout) => self.structure_in(layout, bytes, moment),
                _ => None,
            })
            .collect();
        let items = items.filter(|items| !items.is_empty())?;
        let has_more = (items.len() as u64) < wanted;
        Some(Value::Array { items, has_more })
    }

    /// `utimensat`'s times, whose nanoseconds may stand for a wish (`UTIME_NOW`, include/linux/stat.h).
    fn wished_time(&self, layout: &'static Struct, bytes: &[u8], moment: Moment) -> Option<Value> {
        let (size, _) = self.measure(layout);
        let nanoseconds = little_endian(bytes.get(size / 2..size)?);
        match nanoseconds & 0xffff_ffff {
            0x3fff_ffff => Some(Value::name("UTIME_NOW")),
            0x3fff_fffe => Some(Value::name("UTIME_OMIT")),
            _ => {
                let plain =
                    if layout.name == "UTIMESPEC" { &structs::TIMESPEC } else { &structs::TIMESPEC64 };
                self.structure_in(plain, bytes, moment)
            }
        }
    }

    /// A file's type, permissions and size; for devices which they are instead.
    fn stat(&mut self, shape: Shape, address: u64, moment: Moment) -> Option<Value> {
        let layout = match (self.layout.abi, shape) {
            (Abi::I386, Shape::Stat64) => &structs::STAT64_I386,
            (Abi::I386, _) => &structs::STAT_I386,
            (Abi::Aarch64, _) => &structs::STAT_AARCH64,
            _ => &structs::STAT_X86_64,
        };
        let (size, _) = self.measure(layout);
        let bytes = self.read(moment, address, size as u64, size);
        if bytes.len() < size {
            return None;
        }
        let Value::Struct { fields, .. } = self.structure_in(layout, &bytes, moment)? else { return None };
        let find = |name: &str| fields.iter().find(|(known, _)| *known == name).cloned();
        let mode = find("st_mode")?;
        let is_device = matches!(&mode.1, Value::Name(name) if name.starts_with("S_IFCHR") || name.starts_with("S_IFBLK"));
        let second = find(if is_device { "st_rdev" } else { "st_size" })?;
        Some(Value::Struct { fields: vec![mode, second], has_more: true })
    }

    /// The arguments of a program.
    fn strings(&mut self, address: u64, moment: Moment) -> Option<Value> {
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
    fn environment(&mut self, address: u64, moment: Moment) -> Option<Value> {
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
    fn fd_set(&mut self, address: u64, descriptors: u64, moment: Moment) -> Option<Value> {
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
    fn mask(&mut self, address: u64, bytes: u64, moment: Moment) -> Option<Value> {
        let bytes = self.read(moment, address, bytes, 1024);
        if bytes.is_empty() {
            return None;
        }
        let items = members(&bytes).map(|member| Value::Unsigned(u64::from(member)));
        Some(Value::Set { items: items.collect(), is_inverted: false })
    }

    /// How many entries of a directory there are.
    fn dirents(&mut self, address: u64, wanted: u64, moment: Moment) -> Option<Value> {
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
    fn pollfds(&mut self, address: u64, count: u64, moment: Moment) -> Option<Value> {
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
    fn epoll_events(&mut self, address: u64, count: u64, moment: Moment) -> Option<Value> {
        if count == 0 {
            return Some(Value::all(Vec::new()));
        }
        let size = self.epoll_event_bytes();
        let shown = count.min(MAX_ELEMENTS).min(self.limits.string_bytes as u64) as usize;
        let bytes = self.read(moment, address, count.saturating_mul(size as u64), shown * size);
        let items: Vec<Value> = bytes.chunks_exact(size).map(epoll_event).collect();
        if items.is_empty() {
            return None;
        }
        let has_more = (items.len() as u64) < count;
        Some(Value::Array { items, has_more })
    }

    /// `struct epoll_event` is packed on x86-64 (`EPOLL_PACKED`), and on i386 its alignment packs it.
    pub(crate) fn epoll_event_bytes(&self) -> usize {
        if self.layout.abi == Abi::Aarch64 { 16 } else { 12 }
    }

    /// A message of System V with its type.
    fn msgbuf(&mut self, address: u64, bytes: u64, moment: Moment) -> Option<Value> {
        let word = self.layout.word;
        let kind = self.number_at(ArgKind::Long, address, moment)?;
        let text_at = address.checked_add(word as u64)?;
        let text = self.bytes(text_at, bytes, moment).unwrap_or(Value::Address(text_at));
        Some(Value::whole(vec![("mtype", kind), ("mtext", text)]))
    }

    /// How many bytes a call moved through its buffers; `None` for what it was asked to write.
    fn transferred(&self) -> Option<u64> {
        let writes = self.row.args.iter().any(|arg| matches!(arg.kind, ArgKind::In(Shape::Iovec(_))));
        if writes { None } else { Some(self.ret.map_or(0, |ret| u64::try_from(ret).unwrap_or(0))) }
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

/// A number of up to eight bytes.
pub(crate) fn little_endian(bytes: &[u8]) -> u64 {
    bytes.iter().take(8).rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// The numbers of the bits that are set.
pub(crate) fn members(bytes: &[u8]) -> impl Iterator<Item = u32> {
    bytes.iter().enumerate().flat_map(|(at, byte)| {
        (0..8).filter(move |bit| byte >> bit & 1 != 0).map(move |bit| at as u32 * 8 + bit)
    })
}
