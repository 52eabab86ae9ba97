//! Bytes of a program as text that a terminal takes as nothing but text.

use std::fmt::Write as _;

/// A string as in C: printable ASCII as it is, everything else escaped, in octal as short as it can be.
pub(super) fn quote(text: &mut String, bytes: &[u8]) {
    text.push('"');
    escape(text, bytes, b"\"");
    text.push('"');
}

/// What is no text: every byte in hexadecimal.
pub(super) fn quote_binary(text: &mut String, bytes: &[u8]) {
    text.push('"');
    bytes.iter().for_each(|byte| _ = write!(text, "\\x{byte:02x}"));
    text.push('"');
}

/// `</etc/passwd>`; a file that is gone already as `</tmp/gone>(deleted)`.
pub(super) fn write_name(text: &mut String, name: &[u8]) {
    let (name, is_deleted) = match name.strip_suffix(b" (deleted)") {
        Some(name) => (name, true),
        None => (name, false),
    };
    text.push('<');
    // The arrow between the ends of a connection is no part of a file's name.
    escape(text, name, if name.starts_with(b"/") { b"<>" } else { b"" });
    text.push('>');
    if is_deleted {
        text.push_str("(deleted)");
    }
}

/// `special`: bytes that would end the string.
fn escape(text: &mut String, bytes: &[u8], special: &[u8]) {
    for (position, byte) in bytes.iter().enumerate() {
        match byte {
            b'"' if special.contains(byte) => text.push_str("\\\""),
            b'\\' => text.push_str("\\\\"),
            b'\n' => text.push_str("\\n"),
            b'\r' => text.push_str("\\r"),
            b'\t' => text.push_str("\\t"),
            0x0b => text.push_str("\\v"),
            0x0c => text.push_str("\\f"),
            0x20..=0x7e if !special.contains(byte) => text.push(char::from(*byte)),
            byte => {
                // Three digits where the next byte would be taken for one, which 8 and 9 are not.
                let is_followed = matches!(bytes.get(position + 1), Some(b'0'..=b'7'));
                _ = if is_followed { write!(text, "\\{byte:03o}") } else { write!(text, "\\{byte:o}") };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quoted(bytes: &[u8]) -> String {
        let mut text = String::new();
        quote(&mut text, bytes);
        text
    }

    #[test]
    fn strings_are_escaped_as_in_c_and_hold_nothing_but_ascii() {
        assert_eq!(quoted(b"a\n\x1b[31m\0\xff1b"), r#""a\n\33[31m\0\3771b""#);
        assert_eq!(quoted(b"\"\\\r\t\x0b\x0c\x7f\0"), r#""\"\\\r\t\v\f\177\0""#);
        assert_eq!(quoted(b"\x017\x018"), r#""\0017\18""#, "a digit that follows is no part of the number");
        let all: Vec<u8> = (0..=255).collect();
        assert!(quoted(&all).bytes().all(|byte| (0x20..0x7f).contains(&byte)));
        let mut text = String::new();
        write_name(&mut text, b"/a<b>\x1b (deleted)");
        assert_eq!(text, r"</a\74b\76\33>(deleted)");
        text.clear();
        write_name(&mut text, b"TCP:[127.0.0.1:1->127.0.0.1:2]");
        assert_eq!(text, "<TCP:[127.0.0.1:1->127.0.0.1:2]>");
    }
}
