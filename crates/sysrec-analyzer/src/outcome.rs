//! Which return values are errors.

use sysrec_format::event::Abi;
use sysrec_syscalls::errno;

/// The error that a call returned: `Some(2)` for -2 (`ENOENT`), `None` for a result.
///
/// `rt_sigreturn` and `sigreturn` never fail: they bring back the registers of the moment that a signal
/// interrupted, and what stands in the return register is that moment's, be it -4 (sigreturn(2)).
pub fn error_of(abi: Abi, nr: i32, ret: i64) -> Option<u32> {
    if returns_no_result(abi, nr) { None } else { errno::from_return(ret) }
}

/// Whether the call returned an error; see [`error_of`].
pub fn is_error(abi: Abi, nr: i32, ret: i64) -> bool {
    error_of(abi, nr, ret).is_some()
}

/// Whether the return register after this call is not its own result.
pub fn returns_no_result(abi: Abi, nr: i32) -> bool {
    sysrec_syscalls::Abi::from_code(abi.0)
        .and_then(|abi| sysrec_syscalls::lookup(abi, nr))
        .is_some_and(|call| matches!(call.name, "rt_sigreturn" | "sigreturn"))
}

/// A call's name for people: as [`sysrec_syscalls::name`]; for an ABI that this version does not know the
/// number alone, `syscall_0x27`.
pub fn call_name(abi: Abi, nr: i32) -> std::borrow::Cow<'static, str> {
    match sysrec_syscalls::Abi::from_code(abi.0) {
        Some(abi) => sysrec_syscalls::name(abi, nr),
        None => format!("syscall_{nr:#x}").into(),
    }
}

/// An ABI's name for people: `x86-64`; `abi-9` for one that this version does not know.
pub fn abi_name(abi: Abi) -> std::borrow::Cow<'static, str> {
    match sysrec_syscalls::Abi::from_code(abi.0) {
        Some(abi) => abi.name().into(),
        None => format!("abi-{}", abi.0).into(),
    }
}

/// An error's name: `ENOENT`; `errno 4000` for a number without one.
pub fn errno_name(errno: u32) -> std::borrow::Cow<'static, str> {
    errno::name(errno).map_or_else(|| format!("errno {errno}").into(), Into::into)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sigreturn_never_fails() {
        assert_eq!(error_of(Abi::X86_64, 0, -4), Some(4));
        assert_eq!(error_of(Abi::X86_64, 15, -4), None);
        assert_eq!(error_of(Abi::I386, 119, -4), None);
        assert_eq!(error_of(Abi::I386, 173, -4), None);
        assert_eq!(error_of(Abi::I386, 15, -1), Some(1), "chmod of the i386 table");
    }

    #[test]
    fn the_range_of_errors_is_the_kernels() {
        assert_eq!(error_of(Abi::X86_64, 9, -4095), Some(4095));
        assert_eq!(error_of(Abi::X86_64, 9, -4096), None);
        assert_eq!(error_of(Abi::X86_64, 9, 0), None);
        assert_eq!(error_of(Abi::I386, 90, 0xf7d0_0000), None, "an address of mmap, zero-extended");
    }
}
