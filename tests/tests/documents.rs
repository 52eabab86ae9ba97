//! The tests and benchmarks that the documents tell a reader to run are there.

use sysrec_tests::root;

/// The words behind each `flag` in `text`.
fn named<'a>(text: &'a str, flag: &'a str) -> impl Iterator<Item = &'a str> {
    let is_end = |c: char| !(c.is_ascii_alphanumeric() || "_-".contains(c));
    text.split(flag).skip(1).map(move |rest| rest.split(is_end).next().unwrap_or(rest))
}

#[test]
fn what_documents_name_is_there() {
    let mut names = 0;
    for document in ["README.md", "CONTRIBUTING.md", "ARCHITECTURE.md", "benches/README.md"] {
        let text = std::fs::read_to_string(root().join(document)).expect("the document");
        for (flag, folder) in [("--test ", "tests/tests"), ("--bin ", "benches/src/bin")] {
            for name in named(&text, flag) {
                let file = root().join(folder).join(name).with_extension("rs");
                assert!(file.is_file(), "{document} says {flag}{name}, and there is no {}", file.display());
                names += 1;
            }
        }
    }
    assert!(names > 10, "{names} names found");
}
