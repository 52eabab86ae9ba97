//! The corpus, read by a reader that shares no code with this crate: `format-spec/check`.

use std::path::Path;
use std::process::Command;

#[test]
fn the_kaitai_description_reads_the_corpus() {
    let check = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../format-spec/check");
    let output = match Command::new(&check).output() {
        Ok(output) => output,
        Err(error) => return println!("SKIP: {} cannot be run: {error}", check.display()),
    };
    let said = String::from_utf8_lossy(&output.stdout);
    print!("{said}");
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.starts_with("SKIP: ") || said.contains(" traces, 0 read differently"), "{said}");
}
