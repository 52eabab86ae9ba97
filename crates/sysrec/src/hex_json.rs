//! Registers and addresses in JSON: text, since many readers keep numbers as doubles and lose digits above 2^53.

use serde::{Serialize, Serializer};

/// `"0x7f1234567000"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Hex(pub(crate) u64);

impl Serialize for Hex {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{:#x}", self.0))
    }
}
