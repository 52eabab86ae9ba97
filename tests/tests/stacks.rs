//! The stacks of calls are those that gdb sees, function by function; and nothing that a program does to its stack, its
//! code or its files stops the recording.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use sysrec_format::event::FrameFlags;
use sysrec_tests::Skip;
use sysrec_tests::compile::guests_dir;
use sysrec_tests::stacks::{Place, RecordedFrame, RecordedStacks, by_gdb};
use sysrec_tests::sysrec;

const GETPPID: i32 = 110;
const CLOCK_GETTIME: i32 = 228;
const CALLS: [i32; 2] = [GETPPID, CLOCK_GETTIME];
const NAMES: [&str; 2] = ["getppid", "clock_gettime"];

fn run(command: &mut Command) -> Result<(), Skip> {
    let name = command.get_program().to_owned();
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| Skip(format!("{} cannot be run: {error}", name.display())))?;
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}:\n{words}");
    Ok(())
}

/// Compiles a guest of this test, in its own folder.
fn compiled(folder: &Path, compiler: &str, flags: &[&str], source: &str) -> Result<PathBuf, Skip> {
    let program = folder.join("guest");
    run(Command::new(compiler).args(flags).arg(guests_dir().join(source)).arg("-o").arg(&program))?;
    Ok(program)
}

fn recorded(folder: &Path, program: &Path, arguments: &[&str], options: &[&str]) -> RecordedStacks {
    let trace = folder.join("trace.bin");
    let output = sysrec::record(&trace, options)
        .args(["-q", "--stacks", "--"])
        .arg(program)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .expect("sysrec runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    RecordedStacks::read(&trace).expect("a trace")
}

fn shown(frames: &[RecordedFrame]) -> String {
    let line = |frame: &RecordedFrame| {
        format!("    {:#x} {} {:?}\n", frame.place.offset, frame.place.module, frame.flags)
    };
    frames.iter().map(line).collect()
}

/// Compares the stacks of the marking calls with gdb's, frame by frame. How many there were.
fn compare(folder: &Path, program: &Path, arguments: &[&str], options: &[&str]) -> Result<usize, Skip> {
    let theirs = by_gdb(program, arguments, &NAMES)?;
    let trace = recorded(folder, program, arguments, options);
    let ours = trace.stacks_of(&CALLS);
    assert_eq!(ours.len(), theirs.len(), "calls of {} {arguments:?}", program.display());
    for (ours, theirs) in ours.iter().zip(&theirs) {
        let list = |places: &[(Place, String)]| -> String {
            places
                .iter()
                .map(|(place, name)| format!("    {:#x} {} {name}\n", place.offset, place.module))
                .collect()
        };
        let places: Vec<&Place> = theirs.iter().map(|(place, _)| place).collect();
        let mut same: Vec<&Place> = ours.iter().map(|frame| &frame.place).collect();
        if ours.last().is_some_and(|frame| frame.flags.has(FrameFlags::DEEP)) {
            assert!(same.len() == 128 && places.len() > 128);
            same.extend(&places[128..]);
        }
        assert_eq!(same, places, "ours:\n{}gdb's:\n{}", shown(ours), list(theirs));
        assert!(ours.iter().all(|frame| !frame.flags.has(FrameFlags::CUT)), "{}", shown(ours));
    }
    Ok(theirs.len())
}

fn or_skip(result: Result<(), Skip>) {
    if let Err(skip) = result {
        println!("{skip}");
    }
}

const C: [&str; 4] = ["-D_GNU_SOURCE", "-g", "-pthread", "-Wall"];
const PTRACE: [&str; 2] = ["--backend", "ptrace"];

fn c_guest(flags: &[&str], options: &[&str]) {
    or_skip((|| {
        let folder = tempfile::tempdir()?;
        let program = compiled(folder.path(), "cc", &[&C[..], flags].concat(), "stacks.c")?;
        let calls = compare(folder.path(), &program, &["all"], options)?;
        assert!(calls >= 12, "{calls} calls were compared");
        Ok(())
    })());
}

#[test]
fn c_without_frame_pointers_has_the_stacks_that_gdb_sees() {
    c_guest(&["-O2", "-fomit-frame-pointer"], &PTRACE);
}

#[test]
fn c_with_frame_pointers_has_the_stacks_that_gdb_sees() {
    c_guest(&["-O1", "-fno-omit-frame-pointer"], &PTRACE);
}

#[test]
fn a_static_program_has_the_stacks_that_gdb_sees() {
    c_guest(&["-O2", "-static"], &PTRACE);
}

#[test]
fn unwind_tables_of_debug_information_do_as_well() {
    c_guest(&["-O2", "-fno-asynchronous-unwind-tables", "-fno-exceptions", "-fno-unwind-tables"], &PTRACE);
}

#[test]
fn under_the_net_and_inline_the_stacks_are_the_same() {
    c_guest(&["-O2"], &["--backend", "ptrace", "-e", "getppid,clock_gettime"]);
    if let Err(skip) = sysrec::offers("inline") {
        return println!("{skip}");
    }
    c_guest(&["-O2"], &["--backend", "inline", "--stacks-filter", "getppid,clock_gettime"]);
}

#[test]
fn cpp_has_the_stacks_that_gdb_sees_also_while_an_exception_passes() {
    or_skip((|| {
        let folder = tempfile::tempdir()?;
        let program = compiled(folder.path(), "c++", &["-O2", "-g"], "stacks.cc")?;
        assert!(compare(folder.path(), &program, &[], &PTRACE)? >= 8);
        Ok(())
    })());
}

#[test]
fn rust_has_the_stacks_that_gdb_sees() {
    or_skip((|| {
        let folder = tempfile::tempdir()?;
        let program = compiled(folder.path(), "rustc", &["--edition=2024", "-O", "-g"], "stacks.rs")?;
        assert!(compare(folder.path(), &program, &[], &PTRACE)? >= 6);
        Ok(())
    })());
}

#[test]
fn static_go_has_the_stacks_that_gdb_sees() {
    or_skip((|| {
        let folder = tempfile::tempdir()?;
        let program = folder.path().join("guest");
        let source = guests_dir().join("stacks_go/main.go");
        run(Command::new("go").args(["build", "-o"]).arg(&program).arg(source).env("GOFLAGS", "-mod=mod"))?;
        assert!(compare(folder.path(), &program, &[], &PTRACE)? >= 2);
        Ok(())
    })());
}
