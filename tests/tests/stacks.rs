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
const INLINE: [&str; 2] = ["--backend", "inline"];

/// With each backend that there is.
fn on_each(check: impl Fn(&[&str]) -> Result<(), Skip>) -> Result<(), Skip> {
    check(&PTRACE)?;
    if sysrec::offers("inline").is_ok() { check(&INLINE) } else { Ok(()) }
}

fn c_guest(flags: &[&str], options: &[&str]) {
    or_skip((|| {
        if options.contains(&"inline") {
            sysrec::offers("inline")?;
        }
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
    c_guest(&["-O2", "-fomit-frame-pointer"], &INLINE);
}

#[test]
fn c_with_frame_pointers_has_the_stacks_that_gdb_sees() {
    c_guest(&["-O1", "-fno-omit-frame-pointer"], &PTRACE);
    c_guest(&["-O1", "-fno-omit-frame-pointer"], &INLINE);
}

#[test]
fn a_static_program_has_the_stacks_that_gdb_sees() {
    c_guest(&["-O2", "-static"], &PTRACE);
    c_guest(&["-O2", "-static"], &INLINE);
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

/// The functions of the guest and where they are, by nm.
fn functions(program: &Path) -> Result<Vec<(u64, u64, String)>, Skip> {
    let output = Command::new("nm").arg("-S").arg(program).output();
    let output = output.map_err(|error| Skip(format!("nm cannot be run: {error}")))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let of_line = |line: &str| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let [start, bytes, _, name] = fields[..] else { return None };
        let number = |text: &str| u64::from_str_radix(text, 16).ok();
        let start = number(start)?;
        Some((start, start + number(bytes)?, name.to_owned()))
    };
    Ok(text.lines().filter_map(of_line).collect())
}

/// Each call says itself which functions it came through; what tasks find in their lists, with and without signals and
/// other threads, is that, call by call.
#[test]
fn a_stack_that_a_task_knows_again_is_that_of_its_call() {
    or_skip((|| {
        sysrec::offers("inline")?;
        let dir = tempfile::tempdir().expect("a temporary folder");
        let guest = compiled(dir.path(), "cc", &["-O2", "-pthread", "-fno-pie", "-no-pie"], "stack_paths.c")?;
        let functions = functions(&guest)?;
        let base = 0x40_0000;
        let name = |frame: &RecordedFrame| {
            let at = frame.place.offset + base - 1;
            let found = functions.iter().find(|(start, end, _)| (*start..*end).contains(&at));
            found.map_or("?", |(_, _, name)| name.as_str())
        };
        for arguments in [&["1", "4000"][..], &["3", "2000"], &["1", "20000", "signals"]] {
            let trace = recorded(dir.path(), &guest, arguments, &["--backend", "inline"]);
            let calls = trace.calls.iter().filter(|call| call.entry.nr == GETPPID);
            let mut number = 0;
            for call in calls {
                let stack = trace.frames(call.entry.stack.expect("a stack"));
                let names: Vec<&str> =
                    stack.iter().filter(|frame| frame.place.module == "guest").map(name).collect();
                let mut expected = vec!["leaf".to_owned()];
                let mut path = call.entry.args[0];
                while path != 0 {
                    expected.extend(["step".to_owned(), format!("step_{}", path & 3)]);
                    path >>= 2;
                }
                expected.extend(["step".to_owned(), "work".to_owned()]);
                assert_eq!(names, expected, "{}", shown(&stack));
                number += 1;
            }
            let [threads, each] = [0, 1].map(|at| arguments[at].parse::<u64>().expect("a number"));
            assert_eq!(number, threads * each);
        }
        Ok(())
    })());
}

/// A library that comes to where another one was has the same addresses, and the stack is the same word by word: whose
/// code it is, is another matter.
#[test]
fn a_library_in_the_place_of_another_one_is_seen() {
    or_skip((|| {
        const GETUID: i32 = 102;
        sysrec::offers("inline")?;
        let dir = tempfile::tempdir().expect("a temporary folder");
        let guest = compiled(dir.path(), "cc", &["-O1", "-D_GNU_SOURCE"], "library_reused.c")?;
        let library = |name: &str| -> Result<PathBuf, Skip> {
            let path = dir.path().join(name).with_extension("so");
            let source = guests_dir().join(name).with_extension("c");
            run(Command::new("cc").args(["-O1", "-shared", "-fPIC"]).arg(source).arg("-o").arg(&path))?;
            Ok(path)
        };
        let trace = dir.path().join("trace.bin");
        let output = sysrec::record(&trace, &["--backend", "inline", "-q", "--stacks"])
            .env("GUEST_LIBRARY_ONE", library("library_one")?)
            .env("GUEST_LIBRARY_TWO", library("library_two")?)
            .arg("--")
            .arg(&guest)
            .output()
            .expect("sysrec runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let trace = RecordedStacks::read(&trace).expect("a trace");
        let mut calls = 0;
        for call in trace.calls.iter().filter(|call| [GETPPID, GETUID].contains(&call.entry.nr)) {
            let stack = trace.frames(call.entry.stack.expect("a stack"));
            let module = stack[0].place.module.as_str();
            if module != "libc.so.6" {
                let expected = if call.entry.nr == GETPPID { "library_one.so" } else { "library_two.so" };
                assert_eq!(module, expected, "{}", shown(&stack));
                calls += 1;
            }
        }
        assert_eq!(calls, 60 * 15);
        Ok(())
    })());
}

/// The same without a call between that would be walked anew.
#[test]
fn code_that_is_mapped_over_other_code_is_seen() {
    or_skip((|| {
        sysrec::offers("inline")?;
        let dir = tempfile::tempdir().expect("a temporary folder");
        let guest = compiled(dir.path(), "cc", &["-O1"], "code_swapped.c")?;
        let folder = dir.path().to_str().expect("a path in UTF-8");
        let trace = recorded(dir.path(), &guest, &[folder], &["--backend", "inline"]);
        let calls: Vec<_> = trace.calls.iter().filter(|call| call.entry.nr == GETPPID).collect();
        for call in &calls {
            let stack = trace.frames(call.entry.stack.expect("a stack"));
            let expected = ["first", "second"][call.entry.args[0] as usize - 1];
            assert_eq!(stack[0].place.module, expected, "{}", shown(&stack));
            assert_eq!(stack[1].place.module, "guest", "{}", shown(&stack));
        }
        assert_eq!(calls.len(), 200);
        Ok(())
    })());
}

#[test]
fn cpp_has_the_stacks_that_gdb_sees_also_while_an_exception_passes() {
    or_skip((|| {
        let folder = tempfile::tempdir()?;
        let program = compiled(folder.path(), "c++", &["-O2", "-g"], "stacks.cc")?;
        on_each(|options| {
            assert!(compare(folder.path(), &program, &[], options)? >= 8);
            Ok(())
        })
    })());
}

#[test]
fn rust_has_the_stacks_that_gdb_sees() {
    or_skip((|| {
        let folder = tempfile::tempdir()?;
        let program = compiled(folder.path(), "rustc", &["--edition=2024", "-O", "-g"], "stacks.rs")?;
        on_each(|options| {
            assert!(compare(folder.path(), &program, &[], options)? >= 6);
            Ok(())
        })
    })());
}

#[test]
fn static_go_has_the_stacks_that_gdb_sees() {
    or_skip((|| {
        let folder = tempfile::tempdir()?;
        let program = folder.path().join("guest");
        let source = guests_dir().join("stacks_go/main.go");
        run(Command::new("go").args(["build", "-o"]).arg(&program).arg(source).env("GOFLAGS", "-mod=mod"))?;
        on_each(|options| {
            assert!(compare(folder.path(), &program, &[], options)? >= 2);
            Ok(())
        })
    })());
}

#[test]
fn a_program_that_another_one_becomes_has_its_own_stacks() {
    or_skip((|| {
        let folder = tempfile::tempdir()?;
        let program = compiled(folder.path(), "cc", &[&C[..], &["-O2"]].concat(), "stacks.c")?;
        let theirs = by_gdb(&program, &["callback"], &NAMES)?;
        let line = format!("getpid; exec {} callback", program.display());
        let trace = recorded(folder.path(), Path::new("/bin/sh"), &["-c", &line], &PTRACE);
        let theirs: Vec<Vec<Place>> =
            theirs.into_iter().map(|stack| stack.into_iter().map(|(place, _)| place).collect()).collect();
        let ours: Vec<Vec<Place>> = trace
            .stacks_of(&CALLS)
            .into_iter()
            .map(|stack| stack.into_iter().map(|frame| frame.place).collect::<Vec<_>>())
            .filter(|stack| stack.iter().any(|place| place.module == "guest"))
            .collect();
        assert!(!ours.is_empty());
        assert_eq!(ours, theirs);
        Ok(())
    })());
}

/// A recording of the guest whose stacks nobody can follow.
fn hostile(kind: &str, options: &[&str]) -> Result<RecordedStacks, Skip> {
    let folder = tempfile::tempdir()?;
    let program = compiled(folder.path(), "cc", &[&C[..], &["-O1"]].concat(), "stacks_hostile.c")?;
    Ok(recorded(folder.path(), &program, &[kind], options))
}

fn hostile_stacks(kind: &str, options: &[&str]) -> Result<Vec<Vec<RecordedFrame>>, Skip> {
    Ok(hostile(kind, options)?.stacks_of(&[GETPPID]))
}

/// How many frames lie in the guest itself.
fn of_guest(stack: &[RecordedFrame]) -> usize {
    stack.iter().filter(|frame| frame.place.module == "guest").count()
}

#[test]
fn stack_pointers_of_garbage_give_the_site_and_say_that_it_is_not_all() {
    or_skip(on_each(|options| {
        let stacks = hostile_stacks("garbage", options)?;
        assert_eq!(stacks.len(), 100);
        for stack in stacks {
            assert_eq!(of_guest(&stack), 1, "{}", shown(&stack));
            assert_eq!((stack.len(), stack[0].flags), (1, FrameFlags::CUT), "{}", shown(&stack));
        }
        Ok(())
    }));
}

#[test]
fn chains_of_frame_pointers_that_do_not_end_are_followed_to_the_limit() {
    or_skip((|| {
        for (depth, frames) in [("128", 128), ("1", 1), ("1024", 1024)] {
            let stacks = hostile_stacks("chains", &["--backend", "ptrace", "--stacks-depth", depth])?;
            let [long, circle] = stacks.as_slice() else { panic!("{} calls", stacks.len()) };
            assert_eq!((long.len(), of_guest(long)), (frames, frames));
            assert_eq!(long[frames - 1].flags, FrameFlags::DEEP);
            assert_eq!(circle.len(), 2.min(frames), "{}", shown(circle));
            let end = if frames == 1 { FrameFlags::DEEP } else { FrameFlags::CUT };
            assert_eq!(circle.last().expect("a frame").flags, end);
        }
        Ok(())
    })());
}

#[test]
fn code_made_at_run_time_is_followed_and_has_its_name() {
    or_skip(on_each(|options| {
        let stacks = hostile_stacks("jit", options)?;
        let [stack] = stacks.as_slice() else { panic!("{} calls", stacks.len()) };
        let modules: Vec<&str> = stack.iter().map(|frame| frame.place.module.as_str()).collect();
        assert_eq!(modules[..4], ["libc.so.6", "guest", "", "guest"], "{}", shown(stack));
        assert_eq!(modules.last(), Some(&"guest"), "up to _start: {}", shown(stack));
        assert_eq!(stack[2].name, b"made at run time");
        assert!(stack.iter().all(|frame| frame.flags == FrameFlags::default()));
        Ok(())
    }));
}

#[test]
fn a_return_into_memory_that_was_unmapped_ends_the_stack_and_says_so() {
    or_skip(on_each(|options| {
        let stacks = hostile_stacks("unmapped", options)?;
        let [stack] = stacks.as_slice() else { panic!("{} calls", stacks.len()) };
        assert_eq!((stack.len(), of_guest(stack)), (3, 2), "{}", shown(stack));
        assert_eq!(stack[2].flags, FrameFlags::CUT);
        Ok(())
    }));
}

#[test]
fn only_slow_calls_have_a_stack_where_that_is_asked_for() {
    or_skip((|| {
        const CLOCK_NANOSLEEP: i32 = 230;
        let backends: &[&str] =
            if sysrec::offers("inline").is_ok() { &["ptrace", "inline"] } else { &["ptrace"] };
        for backend in backends {
            let trace = hostile("nap", &["--backend", backend, "--stacks-min-duration", "20ms"])?;
            let slow: Vec<_> = trace.calls.iter().filter(|call| call.entry.stack.is_some()).collect();
            assert!(slow.iter().all(|call| call.duration_ns >= 20_000_000));
            let nap = slow.iter().find(|call| call.entry.nr == CLOCK_NANOSLEEP).expect("the nap has a stack");
            let stack = trace.frames(nap.entry.stack.expect("a stack"));
            // nap, main and _start.
            assert_eq!(of_guest(&stack), 3, "{}", shown(&stack));
            assert!(stack.iter().all(|frame| frame.flags == FrameFlags::default()));
            assert_eq!(trace.calls.iter().filter(|call| call.entry.nr == GETPPID).count(), 2);
        }
        Ok(())
    })());
}

#[test]
fn a_child_has_the_stacks_of_the_same_code_as_its_parent() {
    or_skip(on_each(|options| {
        let stacks = hostile_stacks("forked", options)?;
        assert_eq!(stacks.len(), 6);
        for stack in &stacks {
            // mark, main and _start.
            assert_eq!(of_guest(stack), 3, "{}", shown(stack));
            assert_eq!(stack.last(), stacks[0].last());
        }
        Ok(())
    }));
}

#[test]
fn tables_of_garbage_harm_nothing() {
    or_skip((|| {
        let folder = tempfile::tempdir()?;
        let good = compiled(folder.path(), "cc", &[&C[..], &["-O2"]].concat(), "stacks.c")?;
        let sections = Command::new("readelf").arg("-SW").arg(&good).output()?;
        let sections = String::from_utf8_lossy(&sections.stdout).into_owned();
        let line = sections.lines().find(|line| line.contains(" .eh_frame ")).expect("unwind tables");
        let fields: Vec<&str> = line.split(']').nth(1).expect("fields").split_whitespace().collect();
        let number = |at: usize| usize::from_str_radix(fields[at], 16).expect("a number");
        let range = number(3)..number(3) + number(4);
        let bytes = std::fs::read(&good)?;
        let mut state = 3_u64;
        for round in 0..6 {
            let mut bytes = bytes.clone();
            for byte in &mut bytes[range.clone()] {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                // Some rounds change all of it, some little: then most of it parses.
                if round % 2 == 0 || state >> 60 == 0 {
                    *byte = (state >> 40) as u8;
                }
            }
            std::fs::write(&good, &bytes)?;
            let trace = recorded(folder.path(), &good, &["callback"], &PTRACE);
            let stacks = trace.stacks_of(&[GETPPID]);
            assert_eq!(stacks.len(), 1);
            assert!((1..=128).contains(&stacks[0].len()));
        }
        Ok(())
    })());
}

#[test]
fn of_32_bit_code_there_is_the_site() {
    let build = sysrec_tests::compile::Build::Freestanding32;
    let program = match sysrec_tests::compile::compile("i386_int80", build) {
        Ok(program) => program,
        Err(skip) => return println!("{skip}"),
    };
    let folder = tempfile::tempdir().expect("a folder");
    let trace = folder.path().join("trace.bin");
    sysrec::record(&trace, &["--backend", "ptrace"])
        .args(["-q", "-k", "--"])
        .arg(program)
        .stdin(Stdio::null())
        .output()
        .expect("sysrec runs");
    let trace = RecordedStacks::read(&trace).expect("a trace");
    let calls: Vec<_> = trace.calls.iter().filter(|call| call.entry.abi.0 == 3).collect();
    assert!(calls.len() > 3);
    for call in calls {
        let frames = trace.frames(call.entry.stack.expect("a stack"));
        assert_eq!((frames.len(), frames[0].flags), (1, FrameFlags::CUT));
    }
}
