//! What stands at an address: structs by their fields, arrays, strings, and the shapes that have their own module.

use super::{Decoder, MAX_ELEMENTS};
use crate::call::{ArgKind, Count, Shape};
use crate::structs::{self, Field, FieldKind, Shown, Struct};
use crate::value::Value;
use crate::{Abi, Moment};

impl Decoder<'_, '_> {
    /// What stands there at that moment; `None` where that is not known.
    pub(crate) fn shape(&mut self, shape: Shape, address: u64, moment: Moment) -> Option<Value> {
        match shape {
            Shape::Number(kind) => {
                let value = self.number_at(*kind, address, moment)?;
                Some(Value::all(vec![value]))
            }
            Shape::Struct(layout) | Shape::Remaining(layout) => self.structure(layout, address, moment),
            Shape::InnerArguments(count) => {
                let wanted = self.count(count, moment);
                self.elements(Shape::Number(&ArgKind::Hex), wanted, address, moment)
            }
            Shape::Array(_, count) | Shape::Bytes(count) if self.is_none_there(count) => None,
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
            Shape::Sized(layout, count) => {
                let wanted = self.count(count, moment);
                let size = self.measure(layout).0;
                let bytes = self.read(moment, address, wanted.min(size as u64), size);
                self.structure_in(layout, &bytes, moment)
            }
            Shape::Ifreq(field, kind) => self.ifreq(field, *kind, address, moment),
            Shape::CapData => self.cap_data(address, moment),
            Shape::FileHandle => self.file_handle(address, moment),
            Shape::Msgbuf(count) => {
                let bytes = self.count(count, moment);
                self.msgbuf(address, bytes, moment)
            }
        }
    }

    /// Whether a length says that nothing stands there: a negative one, which the kernel takes for an error, or none
    /// for what the call then only measured.
    fn is_none_there(&self, count: Count) -> bool {
        let register = |at: u8| self.args.get(usize::from(at)).copied().unwrap_or(0);
        match count {
            Count::Arg(at) => {
                let kind = self.row.args.get(usize::from(at)).map(|arg| arg.kind);
                kind == Some(ArgKind::Int) && (register(at) as i32) < 0
            }
            // recvfrom takes a message without any bytes.
            Count::ReturnedAtMost(at) => register(at) == 0 && self.row.name != "recvfrom",
            _ => false,
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
            // What was asked for stands in it, too.
            Shape::Ifreq(..) => after,
            Shape::Struct(layout) if layout.name == "IO_URING_PARAMS" => after,
            Shape::FileHandle => grown_handle(before, after),
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
                Shown::NotZero | Shown::Yes => {
                    let name = field.name.strip_prefix("r#").unwrap_or(field.name);
                    fields.push((name, self.field(field, bytes, moment)?));
                }
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
        Value::first_of(items?, wanted)
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

    /// How many bytes a call moved through its buffers; `None` for what it was asked to write.
    fn transferred(&self) -> Option<u64> {
        let writes = self.row.args.iter().any(|arg| matches!(arg.kind, ArgKind::In(Shape::Iovec(_))));
        if writes { None } else { Some(self.ret.map_or(0, |ret| u64::try_from(ret).unwrap_or(0))) }
    }
}

/// `{handle_bytes=128 => 8, handle_type=1, ...}`.
fn grown_handle(before: Value, after: Value) -> Value {
    let (Value::Struct { fields: mut old, .. }, Value::Struct { fields: mut new, has_more }) =
        (before, after)
    else {
        return Value::whole(Vec::new());
    };
    if let (Some((_, was)), Some((_, is))) = (old.pop(), new.first_mut())
        && was != *is
    {
        *is = Value::Change(Box::new(was), Box::new(is.clone()));
    }
    Value::Struct { fields: new, has_more }
}

/// A number of up to eight bytes.
pub(crate) fn little_endian(bytes: &[u8]) -> u64 {
    bytes.iter().take(8).rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
}
