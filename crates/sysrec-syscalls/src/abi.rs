//! The kernel's call tables, each with its own numbers.

/// One of the call tables that an x86-64 or aarch64 kernel dispatches from.
///
/// One process can use several: 64-bit code may execute `int 0x80`, which runs the i386 table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Abi {
    /// 64-bit x86, through `syscall`.
    X86_64,
    /// 32-bit pointers in 64-bit mode, through `syscall`; every number carries [`X32_BIT`](crate::X32_BIT).
    X32,
    /// 32-bit x86, through `int 0x80`, `sysenter` or the compat `syscall`.
    I386,
    /// 64-bit Arm, through `svc #0`.
    Aarch64,
}

impl Abi {
    /// Every ABI, in the order of their codes.
    pub const ALL: [Abi; 4] = [Abi::X86_64, Abi::X32, Abi::I386, Abi::Aarch64];

    /// The name that reports and options use: `x86-64`, `x32`, `i386` or `aarch64`.
    pub const fn name(self) -> &'static str {
        match self {
            Abi::X86_64 => "x86-64",
            Abi::X32 => "x32",
            Abi::I386 => "i386",
            Abi::Aarch64 => "aarch64",
        }
    }

    /// The ABI of that [`name`](Abi::name).
    pub fn from_name(name: &str) -> Option<Abi> {
        Abi::ALL.into_iter().find(|abi| abi.name() == name)
    }

    /// A stable number for storage: 1 x86-64, 2 x32, 3 i386, 4 aarch64. Zero is never an ABI.
    pub const fn code(self) -> u8 {
        match self {
            Abi::X86_64 => 1,
            Abi::X32 => 2,
            Abi::I386 => 3,
            Abi::Aarch64 => 4,
        }
    }

    /// The ABI of that [`code`](Abi::code); `None` for one that a later version may have added.
    pub const fn from_code(code: u8) -> Option<Abi> {
        match code {
            1 => Some(Abi::X86_64),
            2 => Some(Abi::X32),
            3 => Some(Abi::I386),
            4 => Some(Abi::Aarch64),
            _ => None,
        }
    }

    /// Position in arrays that hold one value an ABI.
    pub(crate) const fn index(self) -> usize {
        self as usize
    }
}

impl std::fmt::Display for Abi {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_codes_lead_back_to_their_abi() {
        for (position, abi) in Abi::ALL.into_iter().enumerate() {
            assert_eq!(Abi::from_name(abi.name()), Some(abi));
            assert_eq!(Abi::from_code(abi.code()), Some(abi));
            assert_eq!(usize::from(abi.code()), position + 1);
            assert_eq!(abi.index(), position);
        }
        assert_eq!(Abi::from_name("x86_64"), None);
        assert_eq!(Abi::from_code(0), None);
        assert_eq!(Abi::from_code(5), None);
    }
}
