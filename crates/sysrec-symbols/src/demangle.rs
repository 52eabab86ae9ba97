//! Names as their programmers wrote them.

use std::fmt::Write;

use crate::NAME_BYTES_MAX;

/// A symbol's name as people write it: C++ and Rust names demangled (Rust's without its hash), others as they are, not
/// UTF-8 replaced, cut to [`NAME_BYTES_MAX`].
pub fn demangle(name: &[u8]) -> String {
    let text = String::from_utf8_lossy(&name[..name.len().min(NAME_BYTES_MAX)]);
    // glibc and others mark versions: `memcpy@@GLIBC_2.14`.
    let text = text.split_once('@').map_or(text.as_ref(), |(name, _)| name);
    let mut out = Bounded(String::new());
    if is_rust(text)
        && let Ok(rust) = rustc_demangle::try_demangle(text)
        && write!(out, "{rust:#}").is_ok()
    {
        return out.0;
    }
    if text.starts_with("_Z")
        && let Ok(symbol) = cpp_demangle::BorrowedSymbol::new(text.as_bytes())
        && let Ok(cpp) = symbol.demangle()
    {
        out.0.clear();
        _ = out.write_str(&cpp);
        return out.0;
    }
    text.to_owned()
}

/// Rust's older names look like C++'s, but for a hash at their end: `17h` and 16 hexadecimal digits.
fn is_rust(name: &str) -> bool {
    let end = name.strip_suffix('E').unwrap_or(name).as_bytes();
    name.starts_with("_R")
        || end.len() > 19
            && end[end.len() - 19..].starts_with(b"17h")
            && end[end.len() - 16..].iter().all(u8::is_ascii_hexdigit)
}

/// Text that ends with an error where it gets too long: mangled names can stand for exponentially long ones.
struct Bounded(String);

impl Write for Bounded {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        let room = NAME_BYTES_MAX.saturating_sub(self.0.len());
        if text.len() <= room {
            self.0.push_str(text);
            return Ok(());
        }
        let end = (0..=room).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
        self.0.push_str(&text[..end]);
        Err(std::fmt::Error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_cpp_rust_and_c() {
        assert_eq!(demangle(b"_ZN3foo3barEi"), "foo::bar(int)");
        assert_eq!(
            demangle(b"_ZN4core3fmt5Write9write_fmt17h0123456789abcdefE"),
            "core::fmt::Write::write_fmt"
        );
        assert_eq!(demangle(b"_RNvCs4fqI2P2rA04_7mycrate3foo"), "mycrate::foo");
        assert_eq!(demangle(b"log_line"), "log_line");
        assert_eq!(demangle(b"memcpy@@GLIBC_2.14"), "memcpy");
        assert_eq!(demangle(b"_Z\xff"), "_Z\u{fffd}");
        assert_eq!(demangle(b""), "");
    }

    #[test]
    fn no_name_grows_without_bound() {
        // Each substitution doubles what is before it.
        let mut name = b"_Z1fSt4pairIS_I".to_vec();
        name.extend(b"St4pairIS_IS_".repeat(2000));
        assert!(demangle(&name).len() <= 3 * NAME_BYTES_MAX);
        let mut name = String::from("_Z1f1X");
        (0..40).for_each(|i| name.push_str(&format!("1AIS{}_S{}_E", i, i)));
        assert!(demangle(name.as_bytes()).len() <= NAME_BYTES_MAX);
    }
}
