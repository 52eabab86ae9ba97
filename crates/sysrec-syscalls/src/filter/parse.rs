//! From an expression to a set and its canonical text.

use std::borrow::Cow;

use regex::RegexBuilder;

use super::FilterError;
use super::set::CallSet;
use crate::{Abi, Classes, NUMBER_LIMIT, Syscall, X32_BIT, by_name, calls};

/// Compiled size of a regular expression in bytes; the `regex` crate's own limit, ten times this, lets one
/// option take seconds.
const REGEX_BYTES_MAX: usize = 1 << 20;

/// Words longer than this are no misspelt names; suggestions cost time in the product of the lengths.
const SUGGEST_LENGTH_MAX: usize = 48;

/// The class names that strace also takes without `%`.
const BARE_CLASSES: [&str; 7] = ["file", "desc", "process", "network", "signal", "ipc", "memory"];

pub(super) fn parse(expression: &str) -> Result<(CallSet, String), FilterError> {
    let elements = strip_qualifier(expression)?;
    let body = elements.trim_start_matches(['!', ',']);
    let marks = &elements[..elements.len() - body.len()];
    let negated = marks.bytes().filter(|byte| *byte == b'!').count() % 2 == 1;
    if body == "none" || body == "all" {
        return Ok(if (body == "all") == negated {
            (CallSet::EMPTY, "none".to_owned())
        } else {
            (CallSet::FULL, "all".to_owned())
        });
    }

    let mut set = if negated { CallSet::FULL } else { CallSet::EMPTY };
    let mut text = String::new();
    for word in body.split(',').filter(|word| !word.is_empty()) {
        let (removes, word) = match word.strip_prefix('!') {
            Some(rest) => (true, rest),
            None => (negated, word),
        };
        let element = Element::parse(word)?;
        let selected = element.select()?;
        if removes {
            set.remove(&selected)
        } else {
            set.add(&selected)
        }
        let is_first = text.is_empty();
        if !is_first {
            text.push(',');
        }
        // After a leading '!' the others need none.
        if removes && (is_first || !negated) {
            text.push('!');
        }
        element.write(&mut text);
    }
    if text.is_empty() { Err(FilterError::Empty) } else { Ok((set, text)) }
}

/// The expression without `trace=` or `t=`; a regular expression may contain `=`, so only a word before it counts.
fn strip_qualifier(expression: &str) -> Result<&str, FilterError> {
    match expression.split_once('=') {
        Some(("trace" | "t", elements)) => Ok(elements),
        Some((key, _))
            if !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-') =>
        {
            Err(FilterError::UnknownQualifier(key.to_owned()))
        }
        _ => Ok(expression),
    }
}

/// One value with its marks.
struct Element<'a> {
    /// `?`: selecting nothing is no error.
    lenient: bool,
    value: &'a str,
    /// The `64`, `32` or `x32` after `@`.
    suffix: Option<&'a str>,
    abis: &'static [Abi],
}

impl<'a> Element<'a> {
    fn parse(word: &'a str) -> Result<Element<'a>, FilterError> {
        let (lenient, rest) = match word.strip_prefix('?') {
            Some(rest) => (true, rest),
            None => (false, word),
        };
        if lenient && rest.starts_with('!') {
            return Err(FilterError::NegationAfterQuestion(word.to_owned()));
        }
        let (value, suffix) = match rest.rsplit_once('@') {
            Some((value, suffix)) => (value, Some(suffix)),
            None => (rest, None),
        };
        let abis: &[Abi] = match suffix {
            None => &Abi::ALL,
            Some("64") => &[Abi::X86_64, Abi::Aarch64],
            Some("32") => &[Abi::I386],
            Some("x32") => &[Abi::X32],
            Some(other) => {
                return Err(FilterError::UnknownAbi { word: word.to_owned(), suffix: other.to_owned() });
            }
        };
        Ok(Element { lenient, value, suffix, abis })
    }

    /// The calls that the value stands for, on the ABIs that the suffix leaves.
    fn select(&self) -> Result<CallSet, FilterError> {
        let mut set = CallSet::EMPTY;
        let found = if let Some(pattern) = self.value.strip_prefix('/') {
            self.select_regex(pattern, &mut set)
        } else if let Some(classes) = self.classes() {
            classes.map(|classes| self.select_where(&mut set, |call| call.classes.intersects(classes)))
        } else if let Some(number) = parse_number(self.value) {
            number.map(|number| self.abis.iter().for_each(|abi| set.insert(*abi, number)))
        } else if self.value == "all" {
            self.abis.iter().for_each(|abi| set.insert_abi(*abi));
            Ok(())
        } else if self.value == "none" {
            return Err(FilterError::NoneNotAlone);
        } else {
            self.select_name(&mut set)
        };
        match found {
            Ok(()) if set.is_empty() && !self.lenient => Err(FilterError::NotOnAbi {
                word: self.value.to_owned(),
                abis: self.abis.iter().map(|abi| abi.name()).collect::<Vec<_>>().join(" and "),
            }),
            Ok(()) => Ok(set),
            Err(FilterError::UnknownName { .. } | FilterError::UnknownClass { .. }) if self.lenient => {
                Ok(set)
            }
            Err(FilterError::NumberTooLarge(_) | FilterError::RegexMatchesNothing(_)) if self.lenient => {
                Ok(set)
            }
            Err(error) => Err(error),
        }
    }

    /// The classes that the value names; `None` if it is no class.
    fn classes(&self) -> Option<Result<Classes, FilterError>> {
        match self.value.strip_prefix('%') {
            Some(word) => {
                Some(
                    Classes::from_word(word).ok_or_else(|| FilterError::UnknownClass {
                        word: word.to_owned(),
                        suggestion: nearest(word, Classes::words().map(|(known, _)| known))
                            .map(|near| format!("%{near}")),
                    }),
                )
            }
            None if BARE_CLASSES.contains(&self.value) => Classes::from_word(self.value).map(Ok),
            None => None,
        }
    }

    fn select_where(&self, set: &mut CallSet, wanted: impl Fn(&Syscall) -> bool) {
        for abi in self.abis {
            for call in calls(*abi).iter().filter(|call| wanted(call)) {
                set.insert(*abi, call.number & !X32_BIT);
            }
        }
    }

    fn select_name(&self, set: &mut CallSet) -> Result<(), FilterError> {
        if !Abi::ALL.into_iter().any(|abi| by_name(abi, self.value).is_some()) {
            let names = Abi::ALL.into_iter().flat_map(calls).map(|call| call.name);
            return Err(FilterError::UnknownName {
                word: self.value.to_owned(),
                suggestion: nearest(self.value, names).map(str::to_owned),
            });
        }
        self.select_where(set, |call| call.name == self.value);
        Ok(())
    }

    fn select_regex(&self, pattern: &str, set: &mut CallSet) -> Result<(), FilterError> {
        let regex = RegexBuilder::new(pattern).size_limit(REGEX_BYTES_MAX).build().map_err(|error| {
            let reason = match error {
                regex::Error::CompiledTooBig(_) => "it is too large".to_owned(),
                // The last line of the multi-line picture says what is wrong.
                error => error
                    .to_string()
                    .lines()
                    .last()
                    .unwrap_or_default()
                    .trim_start_matches("error: ")
                    .to_owned(),
            };
            FilterError::BadRegex { pattern: pattern.to_owned(), reason }
        })?;
        if !Abi::ALL.into_iter().flat_map(calls).any(|call| regex.is_match(call.name)) {
            return Err(FilterError::RegexMatchesNothing(pattern.to_owned()));
        }
        self.select_where(set, |call| regex.is_match(call.name));
        Ok(())
    }

    /// Appends the element in canonical spelling.
    fn write(&self, text: &mut String) {
        if self.lenient {
            text.push('?');
        }
        text.push_str(&self.canonical_value());
        if let Some(suffix) = self.suffix {
            text.push('@');
            text.push_str(suffix);
        }
    }

    fn canonical_value(&self) -> Cow<'a, str> {
        if let Some(Ok(classes)) = self.classes() {
            let word = Classes::words().find(|(_, known)| *known == classes).map(|(word, _)| word);
            return word.map_or(Cow::Borrowed(self.value), |word| Cow::Owned(format!("%{word}")));
        }
        match parse_number(self.value) {
            Some(Ok(number)) => Cow::Owned(number.to_string()),
            _ => Cow::Borrowed(self.value),
        }
    }
}

/// The number in `42`, or in `syscall_0x1d6` as [`name`](crate::name) writes it; `None` if it is neither.
fn parse_number(value: &str) -> Option<Result<u32, FilterError>> {
    let parsed = match value.strip_prefix("syscall_0x") {
        Some(hex) if !hex.is_empty() && hex.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
            u32::from_str_radix(hex, 16).map(|number| number & !X32_BIT)
        }
        Some(_) => return None,
        None if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) => value.parse(),
        None => return None,
    };
    Some(match parsed {
        Ok(number) if number < NUMBER_LIMIT => Ok(number),
        _ => Err(FilterError::NumberTooLarge(value.to_owned())),
    })
}

/// The known word that takes the fewest edits to reach, if those are few for the word's length.
fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    if word.len() > SUGGEST_LENGTH_MAX {
        return None;
    }
    known
        .map(|candidate| (strsim::damerau_levenshtein(word, candidate), candidate))
        .filter(|(edits, candidate)| *edits <= (candidate.len().max(word.len()) / 3).max(1))
        .min()
        .map(|(_, candidate)| candidate)
}
