//! Command lines of traced programs, as a shell would take them and a terminal cannot be driven by.

use std::fmt::Write as _;

use crate::text::printable;

/// Arguments as a shell reads them: `sh -c 'echo $HOME'`.
pub(crate) fn command_line<A: AsRef<[u8]>>(argv: &[A]) -> String {
    let mut text = String::new();
    for argument in argv {
        if !text.is_empty() {
            text.push(' ');
        }
        quote(&mut text, argument.as_ref());
    }
    text
}

/// One argument: plain, in single quotes, or as `$'...'` where it holds what must not be printed.
fn quote(text: &mut String, argument: &[u8]) {
    let safe = printable(argument);
    if safe.as_bytes() != argument {
        return quote_escaped(text, argument);
    }
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"%+,-./:=@_^".contains(&byte) || byte >= 0x80;
    if !safe.is_empty() && safe.bytes().all(is_plain) {
        text.push_str(&safe);
    } else {
        _ = write!(text, "'{}'", safe.replace('\'', "'\\''"));
    }
}

/// Escapes as bash, ksh and zsh know them.
fn quote_escaped(text: &mut String, argument: &[u8]) {
    text.push_str("$'");
    for chunk in argument.utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                '\'' | '\\' => text.extend(['\\', character]),
                '\n' => text.push_str("\\n"),
                '\t' => text.push_str("\\t"),
                character if is_printable(character) => text.push(character),
                character if character.is_ascii() => _ = write!(text, "\\x{:02x}", u32::from(character)),
                character => _ = write!(text, "\\U{:08x}", u32::from(character)),
            }
        }
        chunk.invalid().iter().for_each(|byte| _ = write!(text, "\\x{byte:02x}"));
    }
    text.push('\'');
}

fn is_printable(character: char) -> bool {
    let mut buffer = [0; 4];
    let encoded: &str = character.encode_utf8(&mut buffer);
    printable(encoded.as_bytes()) == encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_stand_only_where_they_are_needed() {
        assert_eq!(command_line(&["gcc", "-O2", "-Dx=1", "./größe.c"]), "gcc -O2 -Dx=1 ./größe.c");
        assert_eq!(command_line(&["sh", "-c", "it's $HOME", ""]), "sh -c 'it'\\''s $HOME' ''");
        assert_eq!(command_line(&[b"\x1b[2J\xff'\\".as_slice()]), "$'\\x1b[2J\\xff\\'\\\\'");
    }

    /// bash is asked what it makes of our quotes.
    #[test]
    fn a_command_line_means_the_same_arguments_to_a_shell() {
        let argv: [&[u8]; 9] = [
            b"ls",
            b"",
            b"a b",
            b"it's",
            b"$HOME `id` \"x\" * ~ #",
            b"tab\tnew\nline\\ 'q' \x1b[0m",
            b"back\\slash",
            "\u{202e}rtl {x} \u{9b}".as_bytes(),
            b"\xff\xfebytes\\U{12}\x01",
        ];
        let script = format!("printf '%s\\0' {}", command_line(&argv));
        assert!(!script.chars().any(char::is_control), "{script}");
        let Ok(output) =
            std::process::Command::new("bash").env("LC_ALL", "C.UTF-8").args(["-c", &script]).output()
        else {
            println!("SKIP: bash is not here");
            return;
        };
        let expected: Vec<u8> =
            argv.iter().flat_map(|argument| [argument, b"\0".as_slice()].concat()).collect();
        assert_eq!(output.stdout.escape_ascii().to_string(), expected.escape_ascii().to_string(), "{script}");
    }
}
