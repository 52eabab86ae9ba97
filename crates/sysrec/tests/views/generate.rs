use std::process::Command;

use crate::recording::Folder;
use crate::{stdout_of, sysrec};

#[test]
fn completions_know_every_subcommand_and_the_shell_takes_them() {
    let folder = Folder::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = stdout_of(folder.path(), &["completions", shell]);
        for word in ["replay", "verify", "by-task"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
    }
    let script = folder.file("sysrec.bash", stdout_of(folder.path(), &["completions", "bash"]).as_bytes());
    match Command::new("bash").arg("-n").arg(script).output() {
        Ok(output) => assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr)),
        Err(_) => println!("SKIP: bash is not here"),
    }
}

#[test]
fn a_manual_page_for_every_subcommand() {
    let folder = Folder::new();
    assert!(stdout_of(folder.path(), &["man"]).contains(".TH sysrec 1"));
    stdout_of(folder.path(), &["man", "pages"]);
    let page = std::fs::read_to_string(folder.path().join("pages/sysrec-replay.1")).unwrap();
    assert!(page.contains("\\-\\-by\\-task") && page.contains(".TH"), "{page}");
    folder.file("file", b"");
    let ran = sysrec(folder.path(), &["man", "file/pages"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.stderr.contains("file/pages: manual pages cannot be written there"), "{}", ran.stderr);
}
