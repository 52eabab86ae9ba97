//! What is not a trace: a message that names it and says what to do, exit code 1, at once.

use std::os::unix::net::UnixListener;
use std::process::Command;

use crate::recording::Folder;
use crate::story::whole;
use crate::sysrec;

const VIEWS: [&str; 4] = ["tree", "replay", "info", "verify"];

fn refused(folder: &Folder, path: &str, message: &str) {
    for view in VIEWS {
        let ran = sysrec(folder.path(), &[view, path]);
        assert_eq!(ran.code, Some(1), "{view} {path}");
        assert_eq!(ran.stdout, "", "{view} {path}");
        let named = ran.stderr.starts_with("sysrec: ")
            && ran.stderr.contains(path)
            && ran.stderr.matches(message).count() == 1;
        assert!(named && ran.stderr.lines().count() == 1, "{view} {path}: {}", ran.stderr);
    }
}

#[test]
fn what_is_no_file() {
    let folder = Folder::new();
    refused(&folder, "missing.bin", "no such file; 'sysrec record");
    refused(&folder, "/", "is a directory");
    refused(&folder, "/dev/null", "is a device");
    let _listener = UnixListener::bind(folder.path().join("socket")).unwrap();
    refused(&folder, "socket", "pipe or socket");
    // A FIFO that nobody writes to would be waited for for ever.
    let made = Command::new("mkfifo").arg(folder.path().join("fifo")).status();
    if made.is_ok_and(|status| status.success()) {
        refused(&folder, "fifo", "save it to a file first");
    } else {
        println!("SKIP: mkfifo is not here");
    }
}

#[test]
fn what_is_no_trace() {
    let folder = Folder::new();
    folder.file("empty.bin", b"");
    refused(&folder, "empty.bin", "is empty");
    folder.file("perf.data", b"PERFILE2 and much more behind it");
    refused(&folder, "perf.data", "not a sysrec trace");
    folder.file("short.bin", &whole(1)[..40]);
    refused(&folder, "short.bin", "expected");
    let mut newer = whole(1);
    newer[8] = 9;
    let crc = crc32fast::hash(&newer[..60]);
    newer[60..64].copy_from_slice(&crc.to_le_bytes());
    folder.file("newer.bin", &newer);
    refused(&folder, "newer.bin", "use a newer sysrec");
}

#[test]
fn wrong_usage_is_2() {
    let folder = Folder::new();
    folder.file("trace.bin", &whole(1));
    for wrong in [
        &["tree", "--by", "colour"][..],
        &["tree", "--top", "0"],
        &["replay", "-e", "no_such_call"],
        &["replay", "--names", "--raw"],
        &["replay", "--since", "soon"],
        &["info", "a", "b"],
        &["completions", "cmd.exe"],
    ] {
        let ran = sysrec(folder.path(), wrong);
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""), "{wrong:?}");
        assert!(ran.stderr.contains("error: "), "{wrong:?}: {}", ran.stderr);
    }
}

/// The name of a file is as foreign as what is in it.
#[test]
fn a_file_name_cannot_drive_the_terminal() {
    let folder = Folder::new();
    for view in VIEWS {
        let ran = sysrec(folder.path(), &[view, "\x1b[2Jx.bin"]);
        assert_eq!(ran.code, Some(1));
        assert!(!ran.stderr.contains('\x1b'), "{view}: {:?}", ran.stderr);
    }
}
