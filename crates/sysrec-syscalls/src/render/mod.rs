//! From meaning to text, in the notation that strace's users know.
//!
//! Nothing that is written moves a cursor, changes a colour or breaks a line, whatever bytes the program had: strings
//! hold ASCII alone, everything else is escaped as in C.

mod escape;

use std::borrow::Cow;
use std::fmt::Write as _;

use crate::decode::{Decoded, Outcome};
use crate::value::Value;
use crate::{Moment, errno};
use escape::{quote, quote_binary, write_name};

/// What descriptors stand for, as somebody knows who followed the process.
pub trait DescriptorNames {
    /// The file, socket or other object behind the descriptor at that end of the call: a path, `pipe:[123]`,
    /// `TCP:[127.0.0.1:80->127.0.0.1:4567]`. `None` where nobody knows.
    fn descriptor(&self, fd: i32, moment: Moment) -> Option<Cow<'_, [u8]>>;
    /// The directory that relative paths start from.
    fn working_directory(&self) -> Option<Cow<'_, [u8]>>;
}

/// Nothing is known of any descriptor.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct NoNames;

impl DescriptorNames for NoNames {
    fn descriptor(&self, _fd: i32, _moment: Moment) -> Option<Cow<'_, [u8]>> {
        None
    }

    fn working_directory(&self) -> Option<Cow<'_, [u8]>> {
        None
    }
}

/// Whether arguments are written with their names.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ArgNames {
    /// Values alone: `close(3)`.
    #[default]
    Hidden,
    /// Each with its name: `close(fd=3)`.
    Shown,
}

impl Decoded {
    /// Appends the call without its result: `openat(AT_FDCWD, "/etc/passwd", O_RDONLY)`.
    pub fn write_call(&self, text: &mut String, arg_names: ArgNames, names: &dyn DescriptorNames) {
        text.push_str(&self.name);
        text.push('(');
        for (position, arg) in self.args.iter().enumerate() {
            if position > 0 {
                text.push_str(", ");
            }
            if !arg.name.is_empty() && (arg.is_named || arg_names == ArgNames::Shown) {
                _ = write!(text, "{}=", arg.name);
            }
            write(text, &arg.value, names);
        }
        text.push(')');
    }

    /// Appends the result: `3</etc/passwd>`, `-1 ENOENT (No such file or directory)`, `?`.
    ///
    /// An error that stands for an interrupted call has no number that a program ever saw: `? ERESTARTSYS`.
    pub fn write_result(&self, text: &mut String, names: &dyn DescriptorNames) {
        match &self.outcome {
            Outcome::None => text.push('?'),
            Outcome::Failed(error) if errno::is_restart(*error) => {
                _ = write!(text, "? {}{}", errno::name(*error).unwrap_or("ERESTART"), restart(*error));
            }
            Outcome::Failed(error) => {
                match (errno::name(*error), errno::text(*error)) {
                    (Some(name), Some(meaning)) => _ = write!(text, "-1 {name} ({meaning})"),
                    (Some(name), None) => _ = write!(text, "-1 {name}"),
                    (None, _) => _ = write!(text, "-1 (errno {error})"),
                };
            }
            Outcome::Returned(value) => {
                write(text, value, names);
                self.write_remarks(text);
            }
        }
    }

    fn write_remarks(&self, text: &mut String) {
        for (position, (label, value)) in self.remarks.iter().enumerate() {
            text.push_str(if position == 0 { " (" } else { ", " });
            if !label.is_empty() {
                text.push_str(label);
                text.push(' ');
            }
            // The call has named these descriptors already.
            write(text, value, &NoNames);
        }
        if !self.remarks.is_empty() {
            text.push(')');
        }
    }
}

/// What becomes of a call that a signal interrupted (`arch/x86/kernel/signal.c`, `handle_signal` and
/// `arch_do_signal_or_restart` of Linux 6.x).
fn restart(error: u32) -> &'static str {
    match error {
        512 => " (restarts, unless a handler without SA_RESTART runs)",
        513 => " (restarts)",
        514 => " (restarts, unless a handler runs)",
        516 => " (goes on as restart_syscall, unless a handler runs)",
        _ => "",
    }
}

impl Value {
    /// Appends the value in the notation of a line.
    pub fn write(&self, text: &mut String, names: &dyn DescriptorNames) {
        write(text, self, names);
    }
}

fn write(text: &mut String, value: &Value, names: &dyn DescriptorNames) {
    match value {
        Value::Signed(number) => _ = write!(text, "{number}"),
        Value::Unsigned(number) => _ = write!(text, "{number}"),
        Value::Hex(0) => text.push('0'),
        Value::Hex(number) => _ = write!(text, "{number:#x}"),
        Value::Octal(mode) => text.push_str(&crate::decode::octal(*mode)),
        Value::Name(name) => text.push_str(name),
        Value::Fd(fd, moment) => {
            _ = write!(text, "{fd}");
            if let Some(name) = names.descriptor(*fd, *moment) {
                write_name(text, &name);
            }
        }
        // AT_FDCWD (include/uapi/linux/fcntl.h)
        Value::DirFd(-100) => {
            text.push_str("AT_FDCWD");
            if let Some(name) = names.working_directory() {
                write_name(text, &name);
            }
        }
        Value::DirFd(fd) => write(text, &Value::Fd(*fd, Moment::Entry), names),
        Value::Address(0) => text.push_str("NULL"),
        Value::Address(address) => _ = write!(text, "{address:#x}"),
        Value::Text { bytes, is_cut, is_binary } => {
            if *is_binary {
                quote_binary(text, bytes)
            } else {
                quote(text, bytes)
            }
            if *is_cut {
                text.push_str("...");
            }
        }
        Value::Struct { fields, has_more } => write_struct(text, fields, *has_more, names),
        Value::Array { items, has_more } => {
            text.push('[');
            write_items(text, items, ", ", names);
            if *has_more {
                text.push_str(if items.is_empty() { "..." } else { ", ..." });
            }
            text.push(']');
        }
        Value::Set { items, is_inverted } => {
            text.push_str(if *is_inverted { "~[" } else { "[" });
            write_items(text, items, " ", names);
            text.push(']');
        }
        Value::Change(before, after) => {
            write(text, before, names);
            text.push_str(" => ");
            write(text, after, names);
        }
        Value::Remark(value, remark) => {
            write(text, value, names);
            _ = write!(text, " /* {remark} */");
        }
    }
}

fn write_items(text: &mut String, items: &[Value], between: &str, names: &dyn DescriptorNames) {
    for (position, item) in items.iter().enumerate() {
        if position > 0 {
            text.push_str(between);
        }
        write(text, item, names);
    }
}

fn write_struct(text: &mut String, fields: &[(&str, Value)], has_more: bool, names: &dyn DescriptorNames) {
    text.push('{');
    for (position, (name, value)) in fields.iter().enumerate() {
        if position > 0 {
            text.push_str(", ");
        }
        if !name.is_empty() {
            _ = write!(text, "{name}=");
        }
        match value {
            // An abstract name of unix(7).
            Value::Text { bytes, .. } if *name == "sun_path" && bytes.first() == Some(&0) => {
                text.push('@');
                quote(text, &bytes[1..]);
            }
            value => write(text, value, names),
        }
    }
    if has_more {
        text.push_str(if fields.is_empty() { "..." } else { ", ..." });
    }
    text.push('}');
}
