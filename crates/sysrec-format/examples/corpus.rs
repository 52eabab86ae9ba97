//! Writes the conformance corpus in `format-spec/corpus`, or with `--check` compares it.
//!
//! `cargo run -p sysrec-format --example corpus [-- --check]`

#[path = "../tests/corpus_files/mod.rs"]
mod corpus_files;

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let check = std::env::args().any(|argument| argument == "--check");
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../format-spec/corpus");
    let mut different = 0;
    for (name, content) in corpus_files::files() {
        let path = corpus.join(&name);
        if check {
            if std::fs::read(&path).ok().as_deref() != Some(&content) {
                println!("{name} is not what the generator writes");
                different += 1;
            }
        } else {
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder for the corpus");
            std::fs::write(&path, &content).expect("a file of the corpus");
        }
    }
    if different > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
