//! Numbers and names as people read and write them.

use std::time::Duration;

/// A duration in three digits: `842 ns`, `17.3 µs`, `1.24 ms`, `10.0 s`, `2 min 05 s`, `3 h 07 min`.
pub(crate) fn duration(ns: u64) -> String {
    const UNITS: [(u64, &str); 4] = [(1, "ns"), (1_000, "µs"), (1_000_000, "ms"), (1_000_000_000, "s")];
    if ns >= 120_000_000_000 {
        let seconds = ns / 1_000_000_000;
        return match seconds {
            0..3600 => format!("{} min {:02} s", seconds / 60, seconds % 60),
            _ => format!("{} h {:02} min", seconds / 3600, seconds / 60 % 60),
        };
    }
    for (index, (unit, name)) in UNITS.into_iter().enumerate() {
        let last = index == UNITS.len() - 1;
        let value = ns as f64 / unit as f64;
        // Rounded first, so that 999.6 µs is 1.00 ms and not 1000 µs.
        let decimals = match value {
            _ if unit == 1 => 0,
            value if value < 9.995 => 2,
            value if value < 99.95 => 1,
            _ => 0,
        };
        if value < 999.5 || last {
            return format!("{value:.decimals$} {name}");
        }
    }
    unreachable!("the last unit takes everything")
}

/// A number with its thousands apart: `12,345`.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number with the word for what is counted: `1 call`, `12,345 calls`.
pub(crate) fn counted(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(number), if number == 1 { one } else { many })
}

/// A size: `512 B`, `64.0 KiB`, `1.21 MiB`.
#[allow(dead_code, reason = "for the subcommand that records")]
pub(crate) fn bytes(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["KiB", "MiB", "GiB", "TiB", "PiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let mut value = bytes as f64 / 1024.0;
    let mut unit = 0;
    while value >= 999.5 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    let decimals = if value < 9.995 { 2 } else { usize::from(value < 99.95) };
    format!("{value:.decimals$} {}", UNITS[unit])
}

/// A share of a whole: `83.1%`, `<0.1%` for what is more than nothing.
pub(crate) fn share(part: f64, whole: f64) -> String {
    match if whole > 0.0 { part / whole * 100.0 } else { 0.0 } {
        percent if percent > 0.0 && percent < 0.05 => "<0.1%".to_owned(),
        percent => format!("{percent:.1}%"),
    }
}

/// Bytes of a traced program as text that cannot move the cursor, change colours or break a line: UTF-8 as it is,
/// control characters, and characters that turn the direction of writing, as escapes.
pub(crate) fn printable(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                '\u{200e}'
                | '\u{200f}'
                | '\u{202a}'..='\u{202e}'
                | '\u{2066}'..='\u{2069}'
                | '\u{2028}'
                | '\u{2029}' => {
                    text.extend(character.escape_unicode());
                }
                character if character.is_control() => text.extend(character.escape_default()),
                character => text.push(character),
            }
        }
        chunk.invalid().iter().for_each(|byte| text.push_str(&format!("\\x{byte:02x}")));
    }
    text
}

/// A span of time: `1.5s`, `200ms`, `2m`, `1h30m`; a number without a unit is seconds.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn parse_duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("'{text}' is not a time; write it as 1.5s, 200ms, 50us, 2m or 1h30m");
    let mut rest = text.trim();
    let mut ns = 0.0;
    if rest.is_empty() {
        return Err(wrong());
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (number, behind) = rest.split_at(digits);
        let unit_len = behind.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(behind.len());
        let (unit, behind) = behind.split_at(unit_len);
        let unit_ns = match unit.trim() {
            "ns" => 1.0,
            "us" | "µs" | "μs" => 1e3,
            "ms" => 1e6,
            "s" | "sec" => 1e9,
            "" if behind.is_empty() && ns == 0.0 => 1e9,
            "m" | "min" => 60e9,
            "h" => 3600e9,
            _ => return Err(wrong()),
        };
        ns += number.parse::<f64>().map_err(|_| wrong())? * unit_ns;
        rest = behind;
    }
    if ns >= u64::MAX as f64 { Err(wrong()) } else { Ok(Duration::from_nanos(ns.round() as u64)) }
}

/// A number: `5000`, `10k`, `2M`, `1G` (thousands).
///
/// # Errors
/// What is wrong with it.
pub(crate) fn parse_count(text: &str) -> Result<u64, String> {
    let factors = [("k", 1_000), ("K", 1_000), ("M", 1_000_000), ("G", 1_000_000_000)];
    scaled(text, &factors).ok_or_else(|| format!("'{text}' is not a number; write it as 5000, 10k or 2M"))
}

/// A size: `4096`, `500k`, `2M`, `10G` (powers of 1024; `KiB` and the like too).
///
/// # Errors
/// What is wrong with it.
#[allow(dead_code, reason = "for the subcommand that records")]
pub(crate) fn parse_bytes(text: &str) -> Result<u64, String> {
    let short = text.trim_end_matches("iB").trim_end_matches('B');
    let factors = [("k", 1 << 10), ("K", 1 << 10), ("M", 1 << 20), ("G", 1 << 30), ("T", 1 << 40)];
    scaled(short, &factors)
        .ok_or_else(|| format!("'{text}' is not a size; write it as 4096, 500k, 2M or 10G"))
}

fn scaled(text: &str, factors: &[(&str, u64)]) -> Option<u64> {
    let found = factors.iter().find_map(|(suffix, factor)| Some((text.strip_suffix(suffix)?, *factor)));
    let (number, factor) = found.unwrap_or((text, 1));
    number.trim().replace([',', '_'], "").parse::<u64>().ok()?.checked_mul(factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_three_digits() {
        let expected = [
            (0, "0 ns"),
            (999, "999 ns"),
            (1_000, "1.00 µs"),
            (9_994, "9.99 µs"),
            (9_995, "10.0 µs"),
            (17_340, "17.3 µs"),
            (99_950, "100 µs"),
            (999_499, "999 µs"),
            (999_500, "1.00 ms"),
            (1_240_000, "1.24 ms"),
            (10_000_000_000, "10.0 s"),
            (119_000_000_000, "119 s"),
            (125_000_000_000, "2 min 05 s"),
            (11_220_000_000_000, "3 h 07 min"),
        ];
        for (ns, text) in expected {
            assert_eq!(duration(ns), text);
        }
    }

    #[test]
    fn counts_sizes_and_shares() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(count), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!([1, 1023, 1024, 1_268_000].map(bytes), ["1 B", "1023 B", "1.00 KiB", "1.21 MiB"]);
        assert_eq!(bytes(1024 * 1024 - 1), "1.00 MiB");
        assert_eq!(share(0.0, 0.0), "0.0%");
        assert_eq!(share(1.0, 1e9), "<0.1%");
        assert_eq!(share(831.0, 1000.0), "83.1%");
        assert_eq!(counted(1, "call", "calls"), "1 call");
    }

    #[test]
    fn names_cannot_drive_the_terminal() {
        assert_eq!(printable(b"plain \xc3\xa4"), "plain ä");
        assert_eq!(printable(b"\x1b[31mred\x07\n\xff\x7f"), "\\u{1b}[31mred\\u{7}\\n\\xff\\u{7f}");
        assert_eq!(printable("\u{9b}31m \u{202e}x".as_bytes()), "\\u{9b}31m \\u{202e}x");
    }

    #[test]
    fn times_are_read_as_people_write_them() {
        let ns = |text| parse_duration(text).map(|time| time.as_nanos() as u64);
        assert_eq!(ns("1.5s"), Ok(1_500_000_000));
        assert_eq!(ns("200ms"), Ok(200_000_000));
        assert_eq!(ns("50us"), Ok(50_000));
        assert_eq!(ns("50µs"), Ok(50_000));
        assert_eq!(ns("3"), Ok(3_000_000_000));
        assert_eq!(ns("1h30m"), Ok(5_400_000_000_000));
        for wrong in ["", "s", "1x", "-1s", "1.2.3s", "1s5", "1e9h", "99999999999999h"] {
            assert!(ns(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn numbers_and_sizes_are_read_as_people_write_them() {
        assert_eq!(parse_count("10k"), Ok(10_000));
        assert_eq!(parse_count("1,000"), Ok(1_000));
        assert_eq!(parse_bytes("2M"), Ok(2 << 20));
        assert_eq!(parse_bytes("64KiB"), Ok(64 << 10));
        assert_eq!(parse_bytes("512"), Ok(512));
        for wrong in ["", "x", "-1", "1.5k", "99999999999G"] {
            assert!(parse_count(wrong).is_err() && parse_bytes(wrong).is_err(), "{wrong}");
        }
    }
}
