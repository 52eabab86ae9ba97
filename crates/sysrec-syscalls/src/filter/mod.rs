//! Which calls to record or show: the expressions of `-e`, as in strace.
//!
//! # Grammar
//!
//! ```text
//! expression = [ "trace=" | "t=" ] ( "all" | "none" | elements )
//! elements   = { "!" } element { "," [ "!" ] element }
//! element    = [ "?" ] value [ "@" ( "64" | "32" | "x32" ) ]
//! value      = name | number | "/" regex | "%" class | "all"
//!            | "file" | "desc" | "process" | "network" | "signal" | "ipc" | "memory"
//! ```
//!
//! - Elements add calls, from left to right; one with `!` removes them: `%file,!stat`.
//! - An expression that begins with `!` starts from all calls and only removes: `!open,close` is everything but the
//!   two. This is strace's rule for a set; the `!` of later elements, which strace refuses, changes nothing there.
//!   Two leading `!` cancel each other.
//! - `?` says that it is no error if the value selects nothing on any ABI.
//! - `@64` keeps x86-64 and aarch64, `@32` i386, `@x32` x32.
//! - A name stands for that call on every ABI that has it. A number, below 1024 and on x32 without its bit, stands
//!   for that number on every ABI, named or not; so does `syscall_0x1d6`, the name of a call that has none.
//! - A regular expression is matched against names, anywhere in them, by the rules of the `regex` crate; it
//!   cannot contain a comma.
//! - The words without `%` are classes even where an ABI has a call of that name: `signal` is `%signal`. For the call
//!   write `/^signal$`.
//! - Empty elements are skipped.
//!
//! # Several expressions
//!
//! In strace each `-e trace=` replaces the one before; [`Filter::parse_last`] does the same.
//!
//! # Calls without a name
//!
//! Numbers that the tables do not know are selected by `all`, by any expression that begins with `!`, and by their
//! number; never by a name, class or regular expression. So calls newer than the tables are not lost by default.
//! strace 6.1 shows them whatever the expression, which would let `-e close` print calls nobody asked for.

use std::fmt;

use crate::Abi;

mod parse;
mod set;

use set::CallSet;

/// A set of calls, made from an expression. See the [module](self) for its grammar.
///
/// [`Display`](fmt::Display) gives the expression in canonical form, without `trace=`: parsed again, it
/// gives an equal filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    set: CallSet,
    text: String,
}

/// Why an expression is not a filter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FilterError {
    /// Nothing to select: no elements.
    #[error("the filter names no calls; write 'all', 'none', or names such as 'openat,%network'")]
    Empty,
    /// A `key=` other than `trace=`.
    #[error("'{0}=' is not a filter of calls; only 'trace=' is")]
    UnknownQualifier(String),
    /// A name that no ABI has.
    #[error("no system call is named '{word}'{}; '?{word}' would ignore it", suggest(.suggestion))]
    UnknownName {
        /// The word as given.
        word: String,
        /// The nearest name there is, if one is near.
        suggestion: Option<String>,
    },
    /// A `%class` that does not exist.
    #[error("no class of calls is named '%{word}'{}", suggest(.suggestion))]
    UnknownClass {
        /// The word as given, without `%`.
        word: String,
        /// The nearest class there is, with `%`, if one is near.
        suggestion: Option<String>,
    },
    /// The value exists, but not on the ABIs that its suffix leaves.
    #[error("'{word}' selects no call on {abis}")]
    NotOnAbi {
        /// The value as given, without its suffix.
        word: String,
        /// The names of the ABIs that the suffix leaves.
        abis: String,
    },
    /// A suffix other than `@64`, `@32` and `@x32`.
    #[error("'@{suffix}' in '{word}' is no ABI; write '@64', '@32' or '@x32'")]
    UnknownAbi {
        /// The element as given.
        word: String,
        /// What follows the `@`.
        suffix: String,
    },
    /// A number that no kernel uses.
    #[error(
        "no system call has the number {0}; numbers end at 1023, and those of x32 are written without their bit"
    )]
    NumberTooLarge(String),
    /// A regular expression that is malformed or too large.
    #[error("'/{pattern}' is not a regular expression: {reason}")]
    BadRegex {
        /// The pattern as given.
        pattern: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A regular expression that matches no name.
    #[error("'/{0}' matches the name of no system call")]
    RegexMatchesNothing(String),
    /// `none` beside other elements.
    #[error("'none' stands alone")]
    NoneNotAlone,
    /// A `!` after the `?`.
    #[error("in '{0}' the '!' must stand before the '?'")]
    NegationAfterQuestion(String),
}

fn suggest(suggestion: &Option<String>) -> String {
    match suggestion {
        Some(nearest) => format!(", did you mean '{nearest}'"),
        None => String::new(),
    }
}

impl Filter {
    /// Every call, those without a name too.
    pub fn all() -> Filter {
        Filter { set: CallSet::FULL, text: "all".to_owned() }
    }

    /// No call.
    pub fn none() -> Filter {
        Filter { set: CallSet::EMPTY, text: "none".to_owned() }
    }

    /// The filter of one expression.
    ///
    /// # Errors
    ///
    /// The word that is wrong and, for a name, the nearest one that exists.
    pub fn parse(expression: &str) -> Result<Filter, FilterError> {
        let (set, text) = parse::parse(expression)?;
        Ok(Filter { set, text })
    }

    /// The filter of several `-e` options: the last one, as in strace; all calls if there is none.
    ///
    /// # Errors
    ///
    /// As [`parse`](Filter::parse), for the first bad expression, be it the last or not.
    pub fn parse_last<I>(expressions: I) -> Result<Filter, FilterError>
    where
        I: IntoIterator,
        I::Item: AsRef<str>,
    {
        expressions.into_iter().try_fold(Filter::all(), |_, expression| Filter::parse(expression.as_ref()))
    }

    /// Whether the filter selects the call that the kernel ran as `nr`, on x32 with its bit. Takes constant time.
    pub fn matches(&self, abi: Abi, nr: i32) -> bool {
        self.set.contains(abi, nr)
    }

    /// Whether every call is selected, so that nothing needs to be filtered.
    pub fn is_all(&self) -> bool {
        self.set == CallSet::FULL
    }

    /// Whether no call is selected.
    pub fn is_none(&self) -> bool {
        self.set.is_empty()
    }

    /// The selected numbers of the ABI below [`NUMBER_LIMIT`](crate::NUMBER_LIMIT), in order, as the kernel sees
    /// them: on x32 with its bit. All of them, named or not, count.
    ///
    /// With [`unknown_selected`](Filter::unknown_selected) and [`excluded`](Filter::excluded) this is all that a
    /// seccomp program needs: the shorter list of the two, and what to do with everything else.
    pub fn numbers(&self, abi: Abi) -> impl Iterator<Item = u32> + '_ {
        self.set.numbers(abi, true)
    }

    /// The numbers of the ABI below [`NUMBER_LIMIT`](crate::NUMBER_LIMIT) that are not selected, in the same form.
    pub fn excluded(&self, abi: Abi) -> impl Iterator<Item = u32> + '_ {
        self.set.numbers(abi, false)
    }

    /// Whether the ABI's numbers outside [`numbers`](Filter::numbers) and [`excluded`](Filter::excluded) are
    /// selected: negative ones, those from [`NUMBER_LIMIT`](crate::NUMBER_LIMIT), and on x32 those without its bit.
    pub fn unknown_selected(&self, abi: Abi) -> bool {
        self.set.has_beyond(abi)
    }
}

impl Default for Filter {
    fn default() -> Filter {
        Filter::all()
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::str::FromStr for Filter {
    type Err = FilterError;

    fn from_str(expression: &str) -> Result<Filter, FilterError> {
        Filter::parse(expression)
    }
}
