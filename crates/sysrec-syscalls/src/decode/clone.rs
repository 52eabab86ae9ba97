//! Making tasks: `clone`, whose arguments stand in another order on every ABI, and `clone3`.

use super::{DecodedArg, Decoder};
use crate::call::{ArgKind, Shape};
use crate::constants as sets;
use crate::value::Value;
use crate::{Level, Moment, signal};

const CLONE_PIDFD: u64 = 0x1000;
const CLONE_SETTLS: u64 = 0x8_0000;
const CLONE_PARENT_SETTID: u64 = 0x10_0000;
const CLONE_CHILD_CLEARTID: u64 = 0x20_0000;
const CLONE_CHILD_SETTID: u64 = 0x100_0000;

impl Decoder<'_, '_> {
    /// The arguments of `clone` by name, those left out that the flags do not ask for.
    pub(crate) fn clone_arguments(&mut self) -> Vec<DecodedArg> {
        let find = |name: &str| {
            self.row.args.iter().position(|arg| arg.name == name).map_or(0, |at| self.word(self.args[at]))
        };
        let flags = find("clone_flags");
        let (stack, parent, child, tls) =
            (find("newsp"), find("parent_tidptr"), find("child_tidptr"), find("tls"));
        let mut args = Vec::new();
        let mut push = |name, value| args.push(DecodedArg { name, value, is_named: true });
        push("child_stack", Value::Address(stack));
        push("flags", clone_flags(flags));
        if flags & (CLONE_PARENT_SETTID | CLONE_PIDFD) != 0 {
            let kind = if flags & CLONE_PIDFD != 0 { &ArgKind::Fd } else { &ArgKind::Int };
            let name = if flags & CLONE_PIDFD != 0 { "pidfd" } else { "parent_tid" };
            push(name, self.register(ArgKind::Out(Shape::Number(kind)), parent));
        }
        if flags & CLONE_SETTLS != 0 {
            push("tls", Value::Address(tls));
        }
        if flags & (CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID) != 0 {
            push("child_tidptr", Value::Address(child));
        }
        args
    }

    /// `struct clone_args`; at the exit only what the kernel wrote.
    pub(crate) fn clone_args(&mut self, address: u64, bytes: u64, moment: Moment) -> Option<Value> {
        const KNOWN_BYTES: usize = 88;
        let read = self.read(moment, address, bytes, KNOWN_BYTES);
        let field = |at: usize| read.get(at * 8..at * 8 + 8).map(super::shape::little_endian);
        let (flags, pidfd, child, parent) = (field(0)?, field(1)?, field(2)?, field(3)?);
        if moment == Moment::Exit {
            let mut fields = Vec::new();
            let mut push = |decoder: &mut Self, name, kind, at: u64| {
                if let Some(value) = decoder.number_at(kind, at, moment) {
                    fields.push((name, Value::all(vec![value])));
                }
            };
            if flags & CLONE_PIDFD != 0 {
                push(self, "pidfd", ArgKind::Fd, pidfd);
            }
            if flags & CLONE_PARENT_SETTID != 0 && self.level >= Level::All {
                push(self, "parent_tid", ArgKind::Int, parent);
            }
            return Some(Value::whole(fields));
        }
        let mut fields = vec![("flags", Value::name(sets::CLONE3.joined(flags)))];
        if flags & CLONE_PIDFD != 0 {
            fields.push(("pidfd", Value::Address(pidfd)));
        }
        if flags & (CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID) != 0 {
            fields.push(("child_tid", Value::Address(child)));
        }
        if flags & CLONE_PARENT_SETTID != 0 {
            fields.push(("parent_tid", Value::Address(parent)));
        }
        fields.push(("exit_signal", super::number::signal_name(field(4)? as i64)));
        fields.push(("stack", Value::Address(field(5)?)));
        fields.push(("stack_size", Value::Hex(field(6)?)));
        if flags & CLONE_SETTLS != 0 {
            fields.push(("tls", Value::Address(field(7)?)));
        }
        if let Some(count) = field(9).filter(|count| *count > 0) {
            fields.push(("set_tid", Value::Address(field(8)?)));
            fields.push(("set_tid_size", Value::Unsigned(count)));
        }
        if let Some(cgroup) = field(10).filter(|cgroup| *cgroup > 0) {
            fields.push(("cgroup", Value::Unsigned(cgroup)));
        }
        Some(Value::whole(fields))
    }
}

/// The flags of `clone`, whose lowest byte is the signal that the child's end sends.
fn clone_flags(flags: u64) -> Value {
    let (names, number) = (flags & !0xff, (flags & 0xff) as i32);
    let signal = match number {
        0 => None,
        number @ 1..=64 => Some(signal::kernel_name(number).into_owned()),
        number => Some(number.to_string()),
    };
    Value::name(match (names, signal) {
        (0, None) => "0".to_owned(),
        (0, Some(signal)) => signal,
        (names, None) => sets::CLONE.joined(names),
        (names, Some(signal)) => format!("{}|{signal}", sets::CLONE.joined(names)),
    })
}
