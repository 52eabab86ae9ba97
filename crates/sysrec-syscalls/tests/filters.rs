//! Filter expressions: what they select beyond strace, what they refuse, and that no text breaks them.

use proptest::prelude::*;
use sysrec_syscalls::{Abi, Filter, FilterError, NUMBER_LIMIT, X32_BIT, by_name, calls};

fn parse(expression: &str) -> Filter {
    Filter::parse(expression).unwrap_or_else(|error| panic!("{expression}: {error}"))
}

fn error(expression: &str) -> String {
    Filter::parse(expression).expect_err(expression).to_string()
}

fn selects(filter: &Filter, abi: Abi, name: &str) -> bool {
    filter.matches(abi, by_name(abi, name).unwrap().number as i32)
}

#[test]
fn elements_add_and_remove_from_left_to_right() {
    let filter = parse("trace=%file,!stat");
    assert!(selects(&filter, Abi::X86_64, "openat") && !selects(&filter, Abi::X86_64, "stat"));
    assert!(!selects(&filter, Abi::X86_64, "getppid"));
    let filter = parse("%file,!%stat,stat@32");
    assert!(!selects(&filter, Abi::X86_64, "stat") && selects(&filter, Abi::I386, "stat"));
    assert!(!selects(&filter, Abi::I386, "stat64"));
}

#[test]
fn a_leading_mark_removes_every_element() {
    for expression in ["!open,close", "!open,!close", "trace=!open,!close"] {
        let filter = parse(expression);
        assert!(
            !selects(&filter, Abi::X86_64, "open") && !selects(&filter, Abi::X86_64, "close"),
            "{expression}"
        );
        assert!(selects(&filter, Abi::X86_64, "read"), "{expression}");
        assert_eq!(filter.to_string(), "!open,close");
    }
}

#[test]
fn calls_without_a_name_are_in_all_in_negations_and_under_their_number() {
    let unnamed = 999;
    for (expression, expected) in [
        ("all", true),
        ("!close", true),
        ("%file,all", true),
        ("999", true),
        ("syscall_0x3e7", true),
        ("none", false),
        ("%file", false),
        ("/.", false),
        ("!all@64,all@x32", false),
        ("!999", false),
    ] {
        let filter = parse(expression);
        assert_eq!(filter.matches(Abi::X86_64, unnamed), expected, "{expression}");
    }
    for (expression, expected) in [("all", true), ("!close", true), ("close", false), ("all@32", false)] {
        let filter = parse(expression);
        for nr in [-1, i32::MIN, i32::MAX, NUMBER_LIMIT as i32] {
            assert_eq!(filter.matches(Abi::X86_64, nr), expected, "{expression} {nr}");
        }
        assert_eq!(filter.unknown_selected(Abi::X86_64), expected, "{expression}");
    }
    assert!(parse("all@32").unknown_selected(Abi::I386));
}

#[test]
fn x32_is_told_by_its_bit() {
    let filter = parse("read@x32");
    assert!(filter.matches(Abi::X32, X32_BIT as i32));
    assert!(!filter.matches(Abi::X32, 0) && !filter.matches(Abi::X86_64, 0));
    assert_eq!(filter.numbers(Abi::X32).collect::<Vec<_>>(), [X32_BIT]);
    assert_eq!(filter.numbers(Abi::X86_64).count(), 0);
    let number = parse("512");
    assert!(number.matches(Abi::X32, (X32_BIT | 512) as i32));
    assert!(parse("syscall_0x40000200").matches(Abi::X32, (X32_BIT | 512) as i32));
}

#[test]
fn numbers_and_excluded_share_out_every_number() {
    for expression in ["all", "none", "%file,!stat", "!%network", "futex@32,470"] {
        let filter = parse(expression);
        for abi in Abi::ALL {
            let mut every: Vec<u32> = filter.numbers(abi).chain(filter.excluded(abi)).collect();
            every.sort_unstable();
            let bit = if abi == Abi::X32 { X32_BIT } else { 0 };
            assert_eq!(every, (bit..bit + NUMBER_LIMIT).collect::<Vec<_>>());
            assert!(filter.numbers(abi).all(|number| filter.matches(abi, number as i32)));
            assert!(!filter.excluded(abi).any(|number| filter.matches(abi, number as i32)));
        }
    }
    assert_eq!(parse("openat").numbers(Abi::Aarch64).collect::<Vec<_>>(), [56]);
}

#[test]
fn all_and_none_are_known() {
    assert!(parse("!none").is_all() && parse("trace=all").is_all() && Filter::default().is_all());
    assert!(parse("!all").is_none() && parse("none").is_none() && parse("?nosuch").is_none());
    assert!(!parse("!close").is_all() && !parse("close").is_none());
    assert!(Filter::parse_last([""; 0]).unwrap().is_all());
    assert!(Filter::parse_last(["nosuch", "close"]).is_err(), "an error in an expression that is replaced");
}

#[test]
fn the_last_of_several_expressions_counts() {
    let filter = Filter::parse_last(["close", "!getppid"]).unwrap();
    assert_eq!(filter, parse("!getppid"));
}

#[test]
fn display_is_canonical() {
    for (expression, canonical) in [
        ("trace=%net,file,%path", "%network,%file,%file"),
        ("t=close,,open,", "close,open"),
        (",close", "close"),
        (",!close", "!close"),
        ("!!close", "close"),
        ("%file,!stat", "%file,!stat"),
        ("042@32,syscall_0x2A", "42@32,42"),
        ("!none", "all"),
        ("?nosuch@x32,/^get", "?nosuch@x32,/^get"),
        ("%%stat", "%%stat"),
    ] {
        assert_eq!(parse(expression).to_string(), canonical, "{expression}");
    }
}

#[test]
fn errors_name_the_word_and_what_to_do() {
    assert_eq!(
        error("openta"),
        "no system call is named 'openta', did you mean 'openat'; '?openta' would ignore it"
    );
    assert_eq!(error("%fiel"), "no class of calls is named '%fiel', did you mean '%file'");
    assert_eq!(
        error("close,xyzzyplugh"),
        "no system call is named 'xyzzyplugh'; '?xyzzyplugh' would ignore it"
    );
    assert_eq!(error("stat64@64"), "'stat64' selects no call on x86-64 and aarch64");
    assert_eq!(error("close@16"), "'@16' in 'close@16' is no ABI; write '@64', '@32' or '@x32'");
    assert_eq!(error("signal=SIGINT"), "'signal=' is not a filter of calls; only 'trace=' is");
    assert_eq!(error("/zzz"), "'/zzz' matches the name of no system call");
    assert!(error("1024").contains("number 1024"));
    assert!(error("/(").starts_with("'/(' is not a regular expression: "), "{}", error("/("));
    assert!(!error("/(").contains('\n'));
    assert!(error("/((a{100}){100}){100}").contains("too large"), "{}", error("/((a{100}){100}){100}"));
    assert_eq!(Filter::parse(""), Err(FilterError::Empty));
    assert_eq!(Filter::parse("close,none"), Err(FilterError::NoneNotAlone));
    assert_eq!(error("?!close"), "in '?!close' the '!' must stand before the '?'");
}

/// Pieces that expressions are made of, so that random ones are often valid.
fn expression() -> impl Strategy<Value = String> {
    let names: Vec<String> = Abi::ALL.into_iter().flat_map(calls).map(|call| call.name.to_owned()).collect();
    let value = prop_oneof![
        prop::sample::select(names),
        (0..NUMBER_LIMIT + 2).prop_map(|number| number.to_string()),
        prop::sample::select(vec![
            "%file",
            "%net",
            "%%stat",
            "%pure",
            "%",
            "file",
            "signal",
            "all",
            "none",
            "nosuch",
            "/^get",
            "/",
            "/(",
            "syscall_0x12",
            "syscall_0x",
            "",
            "=",
            "trace=",
        ])
        .prop_map(str::to_owned),
    ];
    let mark = prop::sample::select(vec!["", "", "", "!", "?", "!?", "?!", "!!"]);
    let suffix = prop::sample::select(vec!["", "", "", "@64", "@32", "@x32", "@", "@@64"]);
    let element = (mark, value, suffix).prop_map(|(mark, value, suffix)| format!("{mark}{value}{suffix}"));
    let qualifier = prop::sample::select(vec!["", "", "trace=", "t=", "!", ",", "x="]);
    (qualifier, prop::collection::vec(element, 0..5))
        .prop_map(|(start, elements)| start.to_owned() + &elements.join(","))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_a_filter_or_an_error(text in ".{0,60}") {
        if let Err(error) = Filter::parse(&text) {
            prop_assert!(!error.to_string().is_empty());
        }
    }

    #[test]
    fn what_is_displayed_parses_to_the_same_filter(text in expression()) {
        if let Ok(filter) = Filter::parse(&text) {
            let shown = filter.to_string();
            prop_assert_eq!(Filter::parse(&shown), Ok(filter), "{} became {}", text, shown);
        }
    }

    #[test]
    fn a_leading_mark_selects_the_rest(text in expression()) {
        let text = text.replace(['!', '='], "");
        if let (Ok(filter), Ok(negated)) = (Filter::parse(&text), Filter::parse(&format!("!{text}"))) {
            for abi in Abi::ALL {
                for number in (0..NUMBER_LIMIT as i32).chain([-1, i32::MAX]) {
                    prop_assert_ne!(filter.matches(abi, number), negated.matches(abi, number));
                }
            }
        }
    }
}
