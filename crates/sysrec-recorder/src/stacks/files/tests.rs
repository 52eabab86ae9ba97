//! Real files, files of garbage, and files that are enormous.

use std::io::Write;

use super::*;

fn own_program() -> File {
    File::open("/proc/self/exe").expect("our own program")
}

fn row_of(rules: &mut Rules, address: u64) -> super::super::rules::Rule {
    rules.rule(address, &mut gimli::UnwindContext::new(), || false)
}

/// Addresses and sections of our own program are those of the tool that everybody uses.
#[test]
fn our_own_program_has_the_tables_that_readelf_sees() {
    let headers = Headers::read(&|offset, bytes| own_program().at(offset, bytes)).expect("an ELF file");
    let found = sections(&headers, &own_program());
    let Ok(output) = std::process::Command::new("readelf").args(["-SW", "/proc/self/exe"]).output() else {
        println!("SKIP: no readelf to compare with");
        return;
    };
    // readelf's own /proc/self/exe is readelf; ours is named by our pid.
    drop(output);
    let exe = std::fs::read_link("/proc/self/exe").expect("our path");
    let output = std::process::Command::new("readelf").arg("-SW").arg(exe).output().expect("readelf");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let row = |name: &str| {
        let line = text.lines().find(|line| line.contains(&format!(" {name} "))).expect("the section");
        let fields: Vec<&str> = line.split(']').nth(1).expect("fields").split_whitespace().collect();
        let hex = |at: usize| u64::from_str_radix(fields[at], 16).expect("a number");
        (hex(2), hex(4))
    };
    for (name, section) in [(".eh_frame", &found.eh_frame), (".eh_frame_hdr", &found.eh_frame_hdr)] {
        let section = section.as_ref().expect("the section");
        assert_eq!((section.address, section.bytes.len() as u64), row(name));
    }
    assert_eq!(found.text, row(".text").0);
}

#[test]
fn tables_found_by_segment_say_the_same_as_those_found_by_name() {
    let headers = Headers::read(&|offset, bytes| own_program().at(offset, bytes)).expect("an ELF file");
    let by_name = sections(&headers, &own_program());
    let mut others = Sections::default();
    by_segment(&headers, &own_program(), &mut others).expect("a segment of unwind tables");
    // Without its index a table is indexed here.
    let without_index = Sections { eh_frame_hdr: None, ..by_name.clone() };
    let text = headers.segments.iter().find(|segment| segment.executable).expect("code");
    let (mut first, mut second, mut third) =
        (Rules::new(by_name), Rules::new(others), Rules::new(without_index));
    let mut rows = 0;
    for address in (text.address..text.address + text.bytes).step_by(997) {
        let row = row_of(&mut first, address);
        assert_eq!(row, row_of(&mut second, address), "{address:#x}");
        assert_eq!(row, row_of(&mut third, address), "{address:#x}");
        rows += usize::from(row != super::super::rules::Rule::Unknown);
    }
    assert!(rows > 100, "{rows} rows");
}

#[test]
fn the_vdso_is_read_from_memory() {
    let pid = std::process::id() as i32;
    let maps = crate::procfs::mappings(pid);
    let vdso = maps.iter().find(|mapping| mapping.path == b"[vdso]").expect("a vDSO");
    let mut files = Files::default();
    let place = files.loaded(b"[vdso]", Loaded { pid, address: vdso.address });
    assert_eq!(files.loaded(b"[vdso]", Loaded { pid, address: vdso.address }), place, "read once");
    let file = &mut files.list[place];
    assert_eq!(file.build_id.len(), 20);
    let rules = file.rules.as_mut().expect("tables");
    let known =
        (0..vdso.length).filter(|&at| row_of(rules, at) != super::super::rules::Rule::Unknown).count();
    assert!(known > 100, "{known} addresses with a row");
}

#[test]
fn garbage_has_no_tables_and_does_no_harm() {
    let mut program = Vec::new();
    std::io::Read::read_to_end(&mut own_program(), &mut program).expect("our own program");
    let headers = Headers::read(&|offset, bytes| own_program().at(offset, bytes)).expect("an ELF file");
    let frame = headers.segments.iter().find(|segment| segment.kind == PT_GNU_EH_FRAME).expect("tables");
    let mut state = 1_u64;
    let mut next = move || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        state >> 33
    };
    program.truncate(4 << 20);
    for round in 0..60 {
        let mut bytes = program.clone();
        let tables = frame.offset as usize..(frame.offset + 200_000) as usize;
        let range = if round % 2 == 0 {
            0..4096
        } else {
            tables.start.min(bytes.len() - 1)..tables.end.min(bytes.len())
        };
        for _ in 0..200 {
            let at = range.start + next() as usize % range.len();
            bytes[at] = next() as u8;
        }
        bytes[..4].copy_from_slice(b"\x7fELF");
        let mut file = tempfile::tempfile().expect("a file");
        file.write_all(&bytes).expect("room");
        let mut files = Files::default();
        let place = files.add(b"/garbage", &file);
        if let Some(rules) = &mut files.list[place].rules {
            (0..400).for_each(|_| drop(row_of(rules, next() % (8 << 20))));
        }
        files.list[place].bias(next(), next(), next());
    }
}

#[test]
fn an_enormous_file_costs_only_its_tables_and_a_changed_one_is_another() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("program");
    std::fs::copy("/proc/self/exe", &path).expect("a copy");
    let file = File::options().write(true).open(&path).expect("the copy");
    // As of debug information behind the rest: the file is a gigabyte, and nearly all of it holes.
    file.set_len(1 << 30).expect("a long file");
    let (pid, bytes) = (std::process::id() as i32, path.as_os_str().as_bytes());
    let mut files = Files::default();
    let inode = file.metadata().expect("its inode").ino();
    let place = files.mapped(pid, bytes, inode, (0, 0), None);
    assert!(files.bytes > 0 && files.bytes < 64 << 20, "{} bytes are kept", files.bytes);
    assert_eq!(files.mapped(pid, bytes, inode, (0, 0), None), place);
    // Cut in the middle of its tables, while we know it.
    file.set_len(5000).expect("a short file");
    assert_ne!(files.mapped(pid, bytes, inode, (0, 0), None), place);
    // What the kernel has mapped is another file than what has its path now.
    let other = files.mapped(pid, bytes, inode + 1, (0, 0), None);
    assert!(files.list[other].build_id.is_empty());
}
