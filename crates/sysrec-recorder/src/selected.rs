//! Which calls a filter selects, asked at every call.

use sysrec_format::event::Abi;
use sysrec_syscalls::filter::Filter;

/// A filter, and whether it selects everything: then it need not be asked.
#[derive(Clone, Copy)]
pub(crate) struct Selected<'a> {
    pub all: bool,
    pub filter: &'a Filter,
}

impl Selected<'_> {
    /// Whether it selects a call; all of an ABI that it does not know.
    #[inline]
    pub(crate) fn has(self, abi: Abi, nr: i32) -> bool {
        self.all || sysrec_syscalls::Abi::from_code(abi.0).is_none_or(|abi| self.filter.matches(abi, nr))
    }
}
