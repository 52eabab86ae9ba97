//! Names of numbers: flags that can be joined, and enumerations.
//!
//! The sets are written by `tools/generate.rs` from `tools/constants.txt`.

use std::fmt::Write as _;

/// Turns a set's names, values and masks into a constant.
macro_rules! set {
    ($set:ident $label:literal $prefix:literal $($name:ident $value:literal $mask:literal)*) => {
        pub(crate) static $set: super::Set = super::Set {
            name: $label,
            prefix: $prefix,
            names: &[
                $(super::Name { name: stringify!($name), value: $value, mask: $mask }),*
            ],
        };
    };
}

mod sets;
pub(crate) use sets::*;

/// Names of numbers that belong together.
#[derive(PartialEq, Eq)]
pub struct Set {
    /// What the set is called in the tables' source: `open`.
    pub name: &'static str,
    /// What its names begin with: `O_`.
    pub prefix: &'static str,
    /// The names in the order in which they are shown.
    pub names: &'static [Name],
}

/// One name.
#[derive(Debug, PartialEq, Eq)]
pub struct Name {
    /// As the headers have it.
    pub name: &'static str,
    /// The number, sign-extended where it is negative.
    pub value: u64,
    /// The bits that have to be those of [`value`](Self::value); the value itself for a plain flag.
    pub mask: u64,
}

impl std::fmt::Debug for Set {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

impl Set {
    /// Every set, in the order of their source.
    pub fn all() -> &'static [&'static Set] {
        sets::ALL
    }

    /// The name of a number that is one of an enumeration's. `bits` is how wide the number is: -1 of 32 bits is the
    /// same as 4294967295.
    pub fn name_of(&self, value: u64, bits: u32) -> Option<&'static str> {
        let wide = u64::MAX >> (64 - bits.clamp(1, 64));
        self.names.iter().find(|name| name.value & wide == value & wide).map(|name| name.name)
    }

    /// One name, or the number with what its names begin with: `0x63 /* PR_??? */`.
    pub fn one(&self, value: u64, bits: u32) -> String {
        match self.name_of(value, bits) {
            Some(name) => name.to_owned(),
            None => self.nameless(value),
        }
    }

    /// The names whose bits are there, joined by `|`, and what remains as a number: `O_RDWR|O_CREAT|0x40000000`.
    pub fn joined(&self, value: u64) -> String {
        let mut text = String::new();
        let mut rest = value;
        for name in self.names {
            let (bits, mask) = (name.value, name.mask);
            // A zero without a mask is the name of nothing at all.
            let is_there = if mask == 0 { value == 0 } else { value & mask == bits };
            // What a longer name has said already is not said again.
            if is_there && (mask == 0 || rest & mask != 0 || bits == 0) {
                if !text.is_empty() {
                    text.push('|');
                }
                text.push_str(name.name);
                rest &= !mask;
            }
        }
        if text.is_empty() {
            return if value == 0 { "0".to_owned() } else { self.nameless(value) };
        }
        if rest != 0 {
            _ = write!(text, "|{rest:#x}");
        }
        text
    }

    fn nameless(&self, value: u64) -> String {
        format!("{value:#x} /* {}??? */", self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_joined_and_leave_a_rest() {
        assert_eq!(OPEN.joined(0), "O_RDONLY");
        assert_eq!(OPEN.joined(0x8_0241), "O_WRONLY|O_CREAT|O_TRUNC|O_CLOEXEC");
        assert_eq!(OPEN.joined(0x10_1002), "O_RDWR|O_SYNC", "O_DSYNC is a part of it");
        assert_eq!(OPEN.joined(0x1002), "O_RDWR|O_DSYNC");
        assert_eq!(OPEN.joined(1 << 40), "O_RDONLY|0x10000000000");
        assert_eq!(PROT.joined(0), "PROT_NONE");
        assert_eq!(PROT.joined(3), "PROT_READ|PROT_WRITE");
        assert_eq!(MSG.joined(0), "0");
        assert_eq!(EPOLL_CREATE.joined(1), "0x1 /* EPOLL_??? */");
        assert_eq!(MAP.joined(0x22), "MAP_PRIVATE|MAP_ANONYMOUS");
    }

    #[test]
    fn enumerations_know_negative_names_at_every_width() {
        assert_eq!(RUSAGE.one(u64::from(u32::MAX), 32), "RUSAGE_CHILDREN");
        assert_eq!(RUSAGE.one(u64::MAX, 64), "RUSAGE_CHILDREN");
        assert_eq!(WHENCE.one(9, 32), "0x9 /* SEEK_??? */");
    }
}
