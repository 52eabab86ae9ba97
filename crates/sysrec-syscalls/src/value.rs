//! What arguments and memory mean, as values: between decoding and text.

use std::borrow::Cow;

/// The meaning of an argument, or of a field behind one.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Value {
    /// A signed number.
    Signed(i64),
    /// An unsigned number.
    Unsigned(u64),
    /// Bits without names.
    Hex(u64),
    /// Permission bits.
    Octal(u64),
    /// Names of numbers, or an expression such as `8192*1024` or `htons(80)`: safe to print as it is.
    Name(Cow<'static, str>),
    /// A descriptor, as it was at that end of the call.
    Fd(i32, crate::Moment),
    /// A descriptor that a relative path starts from.
    DirFd(i32),
    /// An address whose memory is not known, cannot be read, or means nothing; 0 is `NULL`.
    Address(u64),
    /// A string of the program: any bytes.
    Text {
        /// Its bytes, without a terminating NUL.
        bytes: Vec<u8>,
        /// Whether more stood there than these.
        is_cut: bool,
        /// Whether it is no text in all likelihood (random numbers, addresses).
        is_binary: bool,
    },
    /// Fields with their names.
    Struct {
        /// Those that are shown.
        fields: Vec<(&'static str, Value)>,
        /// Whether there are others.
        has_more: bool,
    },
    /// Values in a row.
    Array {
        /// Those that are known.
        items: Vec<Value>,
        /// Whether there are others.
        has_more: bool,
    },
    /// Members of a set: signals, descriptors, processors.
    Set {
        /// The members, or where [`is_inverted`](Value::Set::is_inverted) those that are missing.
        items: Vec<Value>,
        /// Whether everything but these is in it.
        is_inverted: bool,
    },
    /// Before and after the call.
    Change(Box<Value>, Box<Value>),
    /// A value with a remark about it.
    Remark(Box<Value>, String),
}

impl Value {
    /// A name or an expression.
    pub(crate) fn name(text: impl Into<Cow<'static, str>>) -> Value {
        Value::Name(text.into())
    }

    /// A whole string.
    pub(crate) fn text(bytes: &[u8]) -> Value {
        Value::Text { bytes: bytes.to_vec(), is_cut: false, is_binary: false }
    }

    /// All fields of a struct.
    pub(crate) fn whole(fields: Vec<(&'static str, Value)>) -> Value {
        Value::Struct { fields, has_more: false }
    }

    /// All values of an array.
    pub(crate) fn all(items: Vec<Value>) -> Value {
        Value::Array { items, has_more: false }
    }

    /// Those values of an array that are known, the first ones, of so many; `None` where none is.
    pub(crate) fn first_of(items: Vec<Value>, wanted: u64) -> Option<Value> {
        let has_more = (items.len() as u64) < wanted;
        (!items.is_empty()).then_some(Value::Array { items, has_more })
    }
}
