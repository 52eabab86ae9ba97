//! Numbers, in registers and in memory, and what a call returns.

use std::net::Ipv4Addr;

use super::{Decoder, Layout, Outcome};
use crate::call::{ArgKind, Width};
use crate::constants as sets;
use crate::value::Value;
use crate::{Abi, Moment, by_name, errno, signal};

impl Width {
    /// Bytes of a number that wide.
    pub(crate) fn bytes(self, layout: Layout) -> usize {
        match self {
            Width::One => 1,
            Width::Two => 2,
            Width::Four => 4,
            Width::Eight => 8,
            Width::Word => layout.word,
        }
    }
}

/// How many bytes a number of this kind has in memory.
pub(crate) fn bytes_of(kind: ArgKind, layout: Layout) -> usize {
    match kind {
        ArgKind::U8 => 1,
        ArgKind::U16 | ArgKind::S16 | ArgKind::FileMode16 | ArgKind::Port | ArgKind::Id16 => 2,
        ArgKind::EtherType => 2,
        ArgKind::Int
        | ArgKind::Uint
        | ArgKind::Fd
        | ArgKind::DirFd
        | ArgKind::Pid
        | ArgKind::Id
        | ArgKind::Signal
        | ArgKind::Mode
        | ArgKind::FileMode
        | ArgKind::Dev
        | ArgKind::Key
        | ArgKind::Serial
        | ArgKind::Ioprio
        | ArgKind::QuotaCommand
        | ArgKind::InAddr
        | ArgKind::ModeFlags(_)
        | ArgKind::Hex32 => 4,
        ArgKind::Off
        | ArgKind::U64
        | ArgKind::S64
        | ArgKind::Hex64
        | ArgKind::Dev64
        | ArgKind::Limit64
        | ArgKind::LowHigh
        | ArgKind::HighLow => 8,
        ArgKind::Time => layout.time,
        ArgKind::Flags(width, _) | ArgKind::Enum(width, _) => width.bytes(layout),
        _ => layout.word,
    }
}

impl Decoder<'_, '_> {
    /// A number of that kind, from a register or zero-extended from memory.
    pub(crate) fn number(&self, kind: ArgKind, raw: u64) -> Value {
        let kind = self.narrowed(kind);
        let bytes = bytes_of(kind, self.layout);
        let bits = bytes as u32 * 8;
        let value = raw & (u64::MAX >> (64 - bits));
        // Sign-extended from its width.
        let signed = (value << (64 - bits)) as i64 >> (64 - bits);
        match kind {
            ArgKind::Int | ArgKind::Long | ArgKind::Off | ArgKind::S16 | ArgKind::S64 => {
                Value::Signed(signed)
            }
            ArgKind::Pid | ArgKind::Time | ArgKind::LowHigh | ArgKind::HighLow => Value::Signed(signed),
            ArgKind::Uint | ArgKind::Ulong | ArgKind::Size | ArgKind::U8 | ArgKind::U16 | ArgKind::U64 => {
                Value::Unsigned(value)
            }
            ArgKind::Fd => Value::Fd(signed as i32, Moment::Entry),
            ArgKind::DirFd => Value::DirFd(signed as i32),
            // Octal with a leading zero, as in C, chmod(1) and strace.
            ArgKind::Mode => Value::Octal(value & 0xffff),
            ArgKind::FileMode | ArgKind::FileMode16 => file_mode(value),
            ArgKind::Id | ArgKind::Id16 if signed == -1 => Value::Signed(-1),
            ArgKind::Id | ArgKind::Id16 => Value::Unsigned(value),
            ArgKind::Signal => signal_name(signed),
            ArgKind::Hex | ArgKind::Hex32 | ArgKind::Hex64 => Value::Hex(value),
            ArgKind::Pages => Value::Hex(value << 12),
            ArgKind::Dev | ArgKind::Dev64 => device(value),
            ArgKind::Limit | ArgKind::Limit64 => limit(value, bits),
            ArgKind::Key if value == 0 => Value::name("IPC_PRIVATE"),
            ArgKind::Key => Value::Hex(value),
            ArgKind::ModeFlags(_) if value & !0o777 == 0 => Value::Octal(value),
            ArgKind::ModeFlags(set) => {
                Value::name(format!("{}|{}", set.joined(value & !0o777), octal(value & 0o777)))
            }
            ArgKind::Handler => handler(value),
            ArgKind::Port => Value::name(format!("htons({})", (value as u16).swap_bytes())),
            ArgKind::InAddr => {
                let address = Ipv4Addr::from((value as u32).to_le_bytes());
                Value::name(format!("inet_addr(\"{address}\")"))
            }
            ArgKind::EtherType => ether_type((value as u16).swap_bytes()),
            ArgKind::Serial => match sets::KEYRING.name_of(value, bits) {
                Some(name) => Value::name(name),
                None => Value::Signed(signed),
            },
            ArgKind::Ioprio => ioprio(value),
            ArgKind::QuotaCommand => Value::name(format!(
                "QCMD({}, {})",
                sets::QUOTA_CMD.one(value >> 8, 32),
                sets::QUOTA_TYPE.one(value & 0xff, 32)
            )),
            ArgKind::Flags(_, set) if set.name == "map" && value & HUGE_PAGES != 0 => {
                let shift = (value & HUGE_PAGES) >> 26;
                Value::name(format!("{}|{shift}<<MAP_HUGE_SHIFT", set.joined(value & !HUGE_PAGES)))
            }
            ArgKind::Flags(_, set) => Value::name(self.set(set).joined(value)),
            ArgKind::Enum(_, set) if set.name == "ioctl" && set.name_of(value, bits).is_none() => {
                Value::name(unknown_ioctl(value as u32))
            }
            ArgKind::Enum(_, set) => Value::name(set.one(value, bits)),
            _ => Value::Address(value),
        }
    }

    /// The flags of `open` have other numbers on Arm.
    fn set(&self, set: &'static crate::Set) -> &'static crate::Set {
        match self.layout.abi {
            Abi::Aarch64 if set.name == "open" => &crate::constants::OPEN_AARCH64,
            _ => set,
        }
    }

    /// The oldest calls of i386 have identifiers of 16 bits; each has a successor with 32 in its name.
    fn narrowed(&self, kind: ArgKind) -> ArgKind {
        let is_old = || by_name(Abi::I386, &format!("{}32", self.row.name)).is_some();
        match kind {
            ArgKind::Id if self.layout.abi == Abi::I386 && is_old() => ArgKind::Id16,
            kind => kind,
        }
    }

    /// How wide a number of this kind is in the memory of this call.
    pub(crate) fn width(&self, kind: ArgKind) -> usize {
        bytes_of(self.narrowed(kind), self.layout)
    }

    /// What the call returned.
    pub(crate) fn outcome(&mut self) -> Outcome {
        let Some(ret) = self.ret else { return Outcome::None };
        if matches!(self.row.name, "rt_sigreturn" | "sigreturn") {
            return Outcome::None;
        }
        if let Some(error) = errno::from_return(ret) {
            return Outcome::Failed(error);
        }
        let kind = match self.row.returns {
            ArgKind::By(choice) => self.chosen_result(choice),
            kind => kind,
        };
        let waits = ["poll", "ppoll", "select", "_newselect", "pselect6"];
        if ret == 0 && waits.iter().any(|name| self.row.name.trim_end_matches("_time64") == *name) {
            self.remarks = vec![("", Value::name("Timeout"))];
        }
        Outcome::Returned(match kind {
            ArgKind::Long => return plain_outcome(ret),
            ArgKind::Fd => Value::Fd(ret as i32, Moment::Exit),
            ArgKind::Signal => {
                self.remarks.push(("", signal_name(ret)));
                Value::Signed(ret)
            }
            kind => self.number(kind, ret as u64),
        })
    }
}

/// A number that is nothing but a number; in hexadecimal where it is too large to be a count.
pub(crate) fn plain_outcome(ret: i64) -> Outcome {
    match errno::from_return(ret) {
        Some(error) => Outcome::Failed(error),
        None if ret < 0 || ret > i64::from(u32::MAX) => Outcome::Returned(Value::Hex(ret as u64)),
        None => Outcome::Returned(Value::Signed(ret)),
    }
}

/// `S_IFREG|0644`.
pub(crate) fn file_mode(mode: u64) -> Value {
    const KIND: u64 = 0o170_000;
    let special = [(0o4000, "S_ISUID"), (0o2000, "S_ISGID"), (0o1000, "S_ISVTX")];
    let mut text = match crate::constants::FILE_TYPE.name_of(mode & KIND, 32) {
        Some(name) => name.to_owned(),
        None if mode & KIND == 0 => String::new(),
        None => format!("{:#o}", mode & KIND).replacen("0o", "0", 1),
    };
    let mut rest = mode & !KIND;
    for (bit, name) in special {
        if rest & bit != 0 {
            rest &= !bit;
            if !text.is_empty() {
                text.push('|');
            }
            text.push_str(name);
        }
    }
    if !text.is_empty() {
        text.push('|');
    }
    // The leading zero of octal, three digits behind it as in chmod(1).
    text.push_str(&octal(rest));
    Value::name(text)
}

/// Octal as in C: `0644`, `022`, `000`.
pub(crate) fn octal(mode: u64) -> String {
    match mode {
        0..0o100 => format!("{mode:03o}"),
        _ => format!("0{mode:o}"),
    }
}

/// `makedev(0x8, 0x1)`, taken apart as `new_decode_dev` does (include/linux/kdev_t.h) for what programs see.
pub(crate) fn device(device: u64) -> Value {
    let major = device >> 8 & 0xfff | device >> 32 & !0xfff & 0xffff_ffff;
    let minor = device & 0xff | device >> 12 & 0xffff_ff00;
    let hexadecimal = |number: u64| if number == 0 { "0".to_owned() } else { format!("{number:#x}") };
    Value::name(format!("makedev({}, {})", hexadecimal(major), hexadecimal(minor)))
}

/// Limits are mostly a round number of kibibytes, and the largest is none.
fn limit(value: u64, bits: u32) -> Value {
    match value {
        _ if value == u64::MAX >> (64 - bits) => {
            Value::name(if bits == 64 { "RLIM64_INFINITY" } else { "RLIM_INFINITY" })
        }
        value if value > 1024 && value.is_multiple_of(1024) => Value::name(format!("{}*1024", value / 1024)),
        value => Value::Unsigned(value),
    }
}

/// A request that has no name here by its parts (`include/uapi/asm-generic/ioctl.h`): direction, type, number, size.
fn unknown_ioctl(request: u32) -> String {
    let direction =
        ["_IOC_NONE", "_IOC_WRITE", "_IOC_READ", "_IOC_READ|_IOC_WRITE"][(request >> 30) as usize];
    let hexadecimal = |number: u32| if number == 0 { "0".to_owned() } else { format!("{number:#x}") };
    format!(
        "_IOC({direction}, {}, {}, {})",
        hexadecimal(request >> 8 & 0xff),
        hexadecimal(request & 0xff),
        hexadecimal(request >> 16 & 0x3fff)
    )
}

/// The size of huge pages in `mmap`'s flags (`MAP_HUGE_MASK`, include/uapi/asm-generic/hugetlb_encode.h).
const HUGE_PAGES: u64 = 0x3f << 26;

/// Class and level in one number (`include/uapi/linux/ioprio.h`).
pub(crate) fn ioprio(value: u64) -> Value {
    let class = sets::IOPRIO_CLASS.one(value >> 13, 32);
    Value::name(format!("IOPRIO_PRIO_VALUE({class}, {})", value & 0x1fff))
}

/// A protocol of Ethernet (`include/uapi/linux/if_ether.h`).
pub(crate) fn ether_type(number: u16) -> Value {
    Value::name(match sets::ETHER_TYPE.name_of(number.into(), 16) {
        Some(name) => format!("htons({name})"),
        None => format!("htons({number:#x})"),
    })
}

/// `SIG_DFL`, `SIG_IGN`, or where the handler is.
pub(crate) fn handler(address: u64) -> Value {
    match address {
        0 => Value::name("SIG_DFL"),
        1 => Value::name("SIG_IGN"),
        address => Value::Address(address),
    }
}

/// `SIGINT`; 0 and what is no signal stay numbers.
pub(crate) fn signal_name(number: i64) -> Value {
    match i32::try_from(number) {
        Ok(number @ 1..=64) => Value::name(signal::kernel_name(number)),
        _ => Value::Signed(number),
    }
}
