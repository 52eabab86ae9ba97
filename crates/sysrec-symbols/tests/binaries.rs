//! Real binaries, compared with what binutils says about them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use sysrec_symbols::{Address, Function, Problem, Search, Symbolizer};

const C: &str = r#"
#include <unistd.h>
#include <stdlib.h>
static volatile int sink;
static inline __attribute__((always_inline)) void innermost(int x) {
    sink = x;
    if (write(1, "x", 1) < 0) abort();
}
static inline __attribute__((always_inline)) void inner(int x) {
    sink += 1;
    innermost(x + 1);
}
__attribute__((noinline)) void log_line(int x) { inner(x); sink = 3; }
static __attribute__((noinline)) int hidden(int x) { log_line(x); return sink + getpid(); }
__attribute__((noinline)) int exported(int x) { return hidden(x) + 1; }
int main(int argc, char **argv) { (void)argv; return exported(argc); }
"#;

const CXX: &str = r#"
#include <stdexcept>
#include <string>
#include <vector>
namespace shop { template <class T> struct Cart {
    std::vector<T> items;
    __attribute__((noinline)) void add(const T &item) { if (items.size() > 3) throw std::runtime_error("full"); items.push_back(item); }
    T operator[](unsigned i) const { return items.at(i); }
}; }
int main(int argc, char **) {
    shop::Cart<std::string> cart;
    try { for (int i = 0; i < argc + 4; i++) cart.add(std::string(i, 'x')); } catch (const std::exception &) { return 1; }
    return cart[0].size();
}
"#;

struct Bench {
    folder: tempfile::TempDir,
}

impl Bench {
    /// `None` where there is no compiler, said on stderr.
    fn new() -> Option<Self> {
        for tool in ["cc", "c++", "objdump", "addr2line", "strip", "objcopy", "readelf"] {
            if Command::new(tool).arg("--version").output().is_err() {
                eprintln!("SKIP: {tool} is not installed");
                return None;
            }
        }
        Some(Self { folder: tempfile::tempdir().unwrap() })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn run(&self, program: &str, arguments: &[&str]) -> String {
        let output = Command::new(program).args(arguments).current_dir(self.folder.path()).output().unwrap();
        assert!(
            output.status.success(),
            "{program} {arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap()
    }

    fn c(&self, name: &str, options: &[&str]) -> PathBuf {
        std::fs::write(self.path("program.c"), C).unwrap();
        self.run("cc", &[&["program.c", "-o", name, "-Wl,--build-id"], options].concat());
        self.path(name)
    }

    fn cxx(&self, name: &str) -> PathBuf {
        std::fs::write(self.path("program.cc"), CXX).unwrap();
        self.run("c++", &["program.cc", "-o", name, "-g", "-O1", "-Wl,--build-id"]);
        self.path(name)
    }

    fn build_id(&self, path: &Path) -> Vec<u8> {
        let notes = self.run("readelf", &["-n", path.to_str().unwrap()]);
        let hex = notes.split("Build ID: ").nth(1).unwrap().split_whitespace().next().unwrap().to_owned();
        (0..hex.len() / 2).map(|i| u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).unwrap()).collect()
    }

    /// Address of every instruction of the functions that are the program's own, with the label that objdump gives.
    fn instructions(&self, path: &Path) -> Vec<(u64, String)> {
        let listing = self.run("objdump", &["-d", "-C", "--no-show-raw-insn", path.to_str().unwrap()]);
        let mut label = String::new();
        let mut all = Vec::new();
        for line in listing.lines() {
            if let Some((_, name)) = line.split_once(" <").filter(|_| line.ends_with(">:")) {
                label = name.trim_end_matches(">:").to_owned();
            } else if let Some((address, code)) = line.split_once(":\t") {
                // Padding behind a function belongs to none; binutils names it after the function.
                if code.contains("nop") || code.starts_with("xchg   %ax,%ax") {
                    continue;
                }
                all.push((u64::from_str_radix(address.trim(), 16).unwrap(), label.clone()));
            }
        }
        assert!(all.len() > 20, "{listing}");
        all
    }

    fn symbolizer(&self) -> Symbolizer {
        let (debug_folders, cache) = (vec![self.path("debug")], None);
        Symbolizer::new(Search { debug_folders, root: None, cache })
    }

    /// What binutils' addr2line says: for each address the functions, the innermost first, as (name, line).
    fn addr2line(&self, path: &Path, addresses: &[u64]) -> Vec<Vec<(String, Option<u32>)>> {
        let mut arguments = vec!["-aifC".to_owned(), "-e".into(), path.to_str().unwrap().into()];
        arguments.extend(addresses.iter().map(|address| format!("{address:#x}")));
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let text = self.run("addr2line", &arguments);
        let mut answers: Vec<Vec<(String, Option<u32>)>> = Vec::new();
        let mut lines = text.lines();
        while let Some(line) = lines.next() {
            if line.starts_with("0x") {
                answers.push(Vec::new());
                continue;
            }
            let place = lines.next().unwrap();
            let number = place.split_whitespace().next().unwrap().rsplit(':').next().unwrap();
            answers.last_mut().unwrap().push((line.to_owned(), number.parse().ok().filter(|line| *line > 0)));
        }
        assert_eq!(answers.len(), addresses.len());
        answers
    }
}

fn bytes(path: &Path) -> &[u8] {
    path.to_str().unwrap().as_bytes()
}

fn names(functions: &[Function]) -> Vec<&str> {
    functions.iter().map(|function| function.name.as_str()).collect()
}

fn compare_with_addr2line(bench: &Bench, path: &Path, wanted: impl Fn(&str) -> bool) {
    let build_id = bench.build_id(path);
    let all: Vec<u64> = bench
        .instructions(path)
        .into_iter()
        .filter(|(_, label)| wanted(label))
        .map(|(address, _)| address)
        .collect();
    assert!(all.len() > 20);
    let mut symbolizer = bench.symbolizer();
    let mut inlined = 0;
    // Start-up code has no lines.
    let expected = all.iter().zip(bench.addr2line(path, &all)).filter(|(_, list)| list[0].1.is_some());
    let mut compared = 0;
    for (address, expected) in expected {
        compared += 1;
        let found = symbolizer.functions(bytes(path), &build_id, Address::Virtual(*address));
        let innermost_first: Vec<(String, Option<u32>)> =
            found.iter().rev().map(|function| (function.name.clone(), function.line)).collect();
        // binutils leaves the arguments of C++ functions out where it takes names from debug information.
        let short =
            |name: &str| name.split('(').next().unwrap().split_whitespace().last().unwrap_or("").to_owned();
        let shorten = |list: &[(String, Option<u32>)]| -> Vec<(String, Option<u32>)> {
            list.iter().map(|(name, line)| (short(name), *line)).collect()
        };
        assert_eq!(shorten(&innermost_first), shorten(&expected), "at {address:#x}");
        assert!(found.iter().skip(1).all(|function| function.inlined) && !found[0].inlined);
        inlined += usize::from(found.len() > 1);
    }
    assert!(compared > 20 && inlined > 0, "nothing was inlined: the test shows nothing of it");
    assert_eq!(symbolizer.problems(), []);
}

#[test]
fn functions_and_lines_of_c_are_those_of_addr2line() {
    let Some(bench) = Bench::new() else { return };
    for options in
        [&["-g", "-O2"][..], &["-g", "-O2", "-gdwarf-4"], &["-g", "-O2", "-gz"], &["-g", "-O2", "-no-pie"]]
    {
        let path = bench.c("program", options);
        let own = ["log_line", "hidden", "exported", "main"];
        compare_with_addr2line(&bench, &path, |label| own.contains(&label));
    }
}

#[test]
fn functions_and_lines_of_cpp_are_those_of_addr2line() {
    let Some(bench) = Bench::new() else { return };
    let path = bench.cxx("program");
    compare_with_addr2line(&bench, &path, |label| label == "main" || label.starts_with("shop::Cart"));
    let mut symbolizer = bench.symbolizer();
    let build_id = bench.build_id(&path);
    let instructions = bench.instructions(&path);
    let (address, _) = instructions.iter().find(|(_, label)| label.starts_with("shop::Cart")).unwrap();
    let found = symbolizer.functions(bytes(&path), &build_id, Address::Virtual(*address));
    assert!(found[0].name.starts_with("shop::Cart<std::"), "{found:?}");
}

#[test]
fn symbols_and_stubs_are_those_of_objdump_where_there_is_no_debug_information() {
    let Some(bench) = Bench::new() else { return };
    for options in [&["-O2"][..], &["-O2", "-fcf-protection=full", "-Wl,-z,ibtplt"], &["-O2", "-Wl,-z,now"]] {
        let path = bench.c("program", options);
        let build_id = bench.build_id(&path);
        let mut symbolizer = bench.symbolizer();
        let mut stubs = 0;
        for (address, label) in bench.instructions(&path) {
            // The head of the table has no name of its own; objdump invents one.
            if label.contains("-0x") || label.contains("+0x") || label.starts_with('.') || label == "*ABS*" {
                continue;
            }
            let found = symbolizer.functions(bytes(&path), &build_id, Address::Virtual(address));
            // Padding behind a function is nobody's; objdump counts it to the function before it.
            let name = names(&found).first().map_or("", |name| name.split('+').next().unwrap()).to_owned();
            assert_eq!(name, label, "at {address:#x}, {options:?}");
            stubs += usize::from(label.ends_with("@plt"));
        }
        assert!(stubs > 0, "no stubs: {options:?}");
    }
}

#[test]
fn a_stripped_binary_is_named_by_what_it_exports_and_says_so() {
    let Some(bench) = Bench::new() else { return };
    let path = bench.c("library.so", &["-O2", "-shared", "-fPIC"]);
    let hidden: u64 = bench.instructions(&path).iter().find(|(_, label)| label == "hidden").unwrap().0;
    let exported: u64 = bench.instructions(&path).iter().find(|(_, label)| label == "exported").unwrap().0;
    bench.run("strip", &["library.so"]);
    let build_id = bench.build_id(&path);
    let mut symbolizer = bench.symbolizer();
    let mut name = |address| {
        let found = symbolizer.functions(bytes(&path), &build_id, Address::Virtual(address));
        names(&found).first().map(|name| (*name).to_owned())
    };
    assert_eq!(name(exported), Some("exported".to_owned()));
    let nearest = name(hidden).expect("a name before it");
    assert!(nearest.contains("+0x"), "{nearest}");
    assert_eq!(symbolizer.problems(), [(path, Problem::Stripped)]);
}

#[test]
fn debug_files_are_found_where_gdb_finds_them() {
    let Some(bench) = Bench::new() else { return };
    let whole = bench.c("whole", &["-g", "-O2"]);
    let build_id = bench.build_id(&whole);
    let hex: String = build_id.iter().map(|byte| format!("{byte:02x}")).collect();
    let (address, _) = bench.instructions(&whole).into_iter().find(|(_, label)| label == "hidden").unwrap();
    let by_build_id = format!("debug/.build-id/{}/{}.debug", &hex[..2], &hex[2..]);
    let below_path = format!("debug{}/program.debug", bench.folder.path().to_str().unwrap());
    for place in [by_build_id.as_str(), "program.debug", ".debug/program.debug", below_path.as_str()] {
        bench.run("objcopy", &["--only-keep-debug", "whole", "program.debug"]);
        bench.run("objcopy", &["--strip-all", "--add-gnu-debuglink=program.debug", "whole", "program"]);
        std::fs::rename(bench.path("program.debug"), bench.path("elsewhere")).unwrap();
        let path = bench.path("program");
        let look = || bench.symbolizer().functions(bytes(&path), &build_id, Address::Virtual(address));
        assert_ne!(names(&look()), ["hidden"], "without its debug file");
        std::fs::create_dir_all(bench.path(place).parent().unwrap()).unwrap();
        std::fs::rename(bench.path("elsewhere"), bench.path(place)).unwrap();
        let found = look();
        assert_eq!(names(&found), ["hidden"], "{place}");
        assert!(found[0].line.is_some());
        // The file itself can be gone, if its debug file is found without it.
        if place == by_build_id {
            std::fs::remove_file(&path).unwrap();
            assert_eq!(names(&look()), ["hidden"]);
        }
        std::fs::remove_file(bench.path(place)).unwrap();
    }
}

#[test]
fn another_build_is_not_used_and_named() {
    let Some(bench) = Bench::new() else { return };
    let path = bench.c("program", &["-g", "-O2"]);
    let recorded = bench.build_id(&path);
    let (address, _) = bench.instructions(&path).into_iter().find(|(_, label)| label == "hidden").unwrap();
    bench.c("program", &["-g", "-O1"]);
    let mut symbolizer = bench.symbolizer();
    assert_eq!(symbolizer.functions(bytes(&path), &recorded, Address::Virtual(address)), []);
    let problems = symbolizer.problems();
    assert!(
        matches!(problems.as_slice(), [(_, Problem::Changed { wanted, found })] if wanted != found),
        "{problems:?}"
    );
    // And without a recorded build-id it is used, and said.
    let mut symbolizer = bench.symbolizer();
    assert_ne!(symbolizer.functions(bytes(&path), &[], Address::Virtual(address)), []);
    assert_eq!(symbolizer.problems(), [(path.clone(), Problem::Unproven)]);
    std::fs::remove_file(&path).unwrap();
    let mut symbolizer = bench.symbolizer();
    assert_eq!(symbolizer.functions(bytes(&path), &recorded, Address::Virtual(address)), []);
    assert_eq!(symbolizer.problems(), [(path, Problem::Missing)]);
}

#[test]
fn bytes_of_the_file_become_addresses_by_its_segments() {
    let Some(bench) = Bench::new() else { return };
    let path = bench.c("program", &["-g", "-O2", "-no-pie"]);
    let (address, _) = bench.instructions(&path).into_iter().find(|(_, label)| label == "hidden").unwrap();
    // readelf: the segment that has the address, its offset in the file and its address.
    let segments = bench.run("readelf", &["-lW", "program"]);
    let number = |text: &str| u64::from_str_radix(text.trim_start_matches("0x"), 16).unwrap();
    let segment = segments.lines().filter(|line| line.contains("LOAD")).find_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let (offset, begin, size) = (number(fields[1]), number(fields[2]), number(fields[4]));
        (begin..begin + size).contains(&address).then_some((offset, begin))
    });
    let (offset, begin) = segment.unwrap();
    assert_ne!(offset, begin);
    let build_id = bench.build_id(&path);
    let found =
        bench.symbolizer().functions(bytes(&path), &build_id, Address::InFile(address - begin + offset));
    assert_eq!(names(&found), ["hidden"]);
}

/// Every byte of headers and debug sections may be wrong.
#[test]
fn damaged_files_are_survived() {
    let Some(bench) = Bench::new() else { return };
    let path = bench.c("program", &["-g", "-O2"]);
    let whole = std::fs::read(&path).unwrap();
    let addresses: Vec<u64> =
        bench.instructions(&path).iter().map(|(address, _)| *address).step_by(17).collect();
    let mut seed = 1_u64;
    for round in 0..400 {
        let mut damaged = whole.clone();
        for _ in 0..1 + round % 40 {
            seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            let at = (seed >> 33) as usize % damaged.len();
            damaged[at] = (seed >> 25) as u8;
        }
        // The section headers are at the end, and every field of them counts.
        let end = damaged.len();
        if round % 2 == 0 {
            let at = end - 1 - (seed >> 40) as usize % 2000;
            damaged[at] = 0xff;
        }
        if round % 7 == 0 {
            damaged.truncate((seed >> 20) as usize % end);
        }
        std::fs::write(&path, &damaged).unwrap();
        let mut symbolizer = bench.symbolizer();
        for address in &addresses {
            symbolizer.functions(bytes(&path), &[], Address::Virtual(*address));
            symbolizer.functions(bytes(&path), &[], Address::InFile(*address));
        }
    }
}

#[test]
fn a_debug_file_of_a_gibibyte_and_things_that_are_no_files_are_left() {
    let Some(bench) = Bench::new() else { return };
    let path = bench.c("program", &["-g", "-O2"]);
    // Its debug information is moved to a hole of a gibibyte behind its end.
    let mut elf = std::fs::read(&path).unwrap();
    let sections = bench.run("readelf", &["-SW", "program"]);
    let line = sections.lines().find(|line| line.contains(" .debug_info ")).unwrap();
    let number: usize =
        line.trim_start_matches([' ', '[']).split(']').next().unwrap().trim().parse().unwrap();
    let headers = u64::from_le_bytes(elf[0x28..0x30].try_into().unwrap()) as usize;
    let header = headers + 64 * number;
    let end = elf.len() as u64;
    elf[header + 0x18..header + 0x20].copy_from_slice(&end.to_le_bytes());
    elf[header + 0x20..header + 0x28].copy_from_slice(&(1_u64 << 30).to_le_bytes());
    std::fs::write(bench.path("large"), &elf).unwrap();
    let file = std::fs::File::options().write(true).open(bench.path("large")).unwrap();
    file.set_len(end + (1 << 30)).unwrap();
    let (address, _) = bench.instructions(&path).into_iter().find(|(_, label)| label == "hidden").unwrap();
    let large = bench.path("large");
    let mut symbolizer = bench.symbolizer();
    let found = symbolizer.functions(bytes(&large), &bench.build_id(&path), Address::Virtual(address));
    assert_eq!(names(&found), ["hidden"], "from the symbol table");
    let problems = symbolizer.problems();
    assert!(
        matches!(problems.as_slice(), [(_, Problem::TooLarge { bytes, .. })] if *bytes >= 1 << 30),
        "{problems:?}"
    );
    std::fs::remove_file(&large).unwrap();

    bench.run("mkfifo", &["pipe"]);
    let mut symbolizer = bench.symbolizer();
    for odd in [bench.path("pipe"), PathBuf::from("/dev/zero"), bench.path(""), "/proc/self/mem".into()] {
        assert_eq!(symbolizer.functions(bytes(&odd), &[], Address::InFile(0)), []);
    }
    for odd in [&b""[..], b"[vdso]", b"[jit]", b"\xff\xfe", b"relative", b"/\0"] {
        assert_eq!(symbolizer.functions(odd, b"x", Address::InFile(0)), []);
    }
}

#[test]
fn the_cache_is_used_while_the_files_are_the_same() {
    let Some(bench) = Bench::new() else { return };
    let path = bench.c("program", &["-g", "-O2"]);
    let build_id = bench.build_id(&path);
    let (address, _) = bench.instructions(&path).into_iter().find(|(_, label)| label == "hidden").unwrap();
    let look = || {
        let search = Search { debug_folders: Vec::new(), root: None, cache: Some(bench.path("cache")) };
        let found = Symbolizer::new(search).functions(bytes(&path), &build_id, Address::Virtual(address));
        names(&found).join(" ")
    };
    assert_eq!(look(), "hidden");
    let files: Vec<PathBuf> =
        std::fs::read_dir(bench.path("cache")).unwrap().map(|entry| entry.unwrap().path()).collect();
    let [file] = files.as_slice() else { panic!("one file a build: {files:?}") };
    let text = std::fs::read_to_string(file).unwrap();
    std::fs::write(file, text.replace("\thidden\t", "\tfrom the cache\t")).unwrap();
    assert_eq!(look(), "from the cache");
    // Garbage, and a cache of files that have changed since, are left.
    for garbage in
        [text.replace("\t0\t", "\t"), text.replace("sysrec-symbols/1", "sysrec-symbols/9"), "\u{0}".into()]
    {
        std::fs::write(file, garbage).unwrap();
        assert_eq!(look(), "hidden");
    }
    std::fs::write(file, text.replace("\thidden\t", "\tfrom the cache\t")).unwrap();
    let program = std::fs::read(&path).unwrap();
    std::fs::write(&path, [program.as_slice(), b"longer"].concat()).unwrap();
    assert_eq!(look(), "hidden");
}

#[test]
fn the_vdso_of_this_kernel_is_known_and_that_of_another_is_not() {
    use object::{Object, ObjectSymbol};
    use std::os::unix::fs::FileExt;
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
    let Some(line) = maps.lines().find(|line| line.ends_with("[vdso]")) else {
        eprintln!("SKIP: no vDSO here");
        return;
    };
    let (begin, end) = line.split_whitespace().next().unwrap().split_once('-').unwrap();
    let number = |text| u64::from_str_radix(text, 16).unwrap();
    let mut image = vec![0; (number(end) - number(begin)) as usize];
    std::fs::File::open("/proc/self/mem").unwrap().read_exact_at(&mut image, number(begin)).unwrap();
    let elf = object::File::parse(image.as_slice()).unwrap();
    let build_id = elf.build_id().unwrap().unwrap();
    let functions: BTreeMap<u64, String> = elf
        .dynamic_symbols()
        .filter(|symbol| symbol.size() > 0)
        .map(|symbol| (symbol.address(), symbol.name().unwrap().trim_start_matches("__vdso_").to_owned()))
        .collect();
    assert!(!functions.is_empty());
    let search = Search { debug_folders: Vec::new(), root: None, cache: None };
    let mut symbolizer = Symbolizer::new(search);
    for (address, name) in &functions {
        let found = symbolizer.functions(b"[vdso]", build_id, Address::Virtual(address + 1));
        assert_eq!(names(&found)[0].trim_start_matches("__vdso_"), name);
        assert_eq!(symbolizer.functions(b"[vdso]", b"another", Address::Virtual(address + 1)), []);
    }
}

#[test]
fn a_table_of_symbols_that_is_a_hole_is_not_read_and_a_damaged_debug_file_is_named() {
    let Some(bench) = Bench::new() else { return };
    let path = bench.c("program", &["-g", "-O2"]);
    let (address, _) = bench.instructions(&path).into_iter().find(|(_, label)| label == "hidden").unwrap();
    let build_id = bench.build_id(&path);
    let sections = bench.run("readelf", &["-SW", "program"]);
    let elf = std::fs::read(&path).unwrap();
    let headers = u64::from_le_bytes(elf[0x28..0x30].try_into().unwrap()) as usize;
    let with_hole = |name: &str, file: &str, bytes: u64| {
        let line = sections.lines().find(|line| line.contains(&format!(" {name} "))).unwrap();
        let number: usize =
            line.trim_start_matches([' ', '[']).split(']').next().unwrap().trim().parse().unwrap();
        let (mut elf, end) = (elf.clone(), elf.len() as u64);
        let header = headers + 64 * number;
        elf[header + 0x18..header + 0x20].copy_from_slice(&end.to_le_bytes());
        elf[header + 0x20..header + 0x28].copy_from_slice(&bytes.to_le_bytes());
        std::fs::write(bench.path(file), &elf).unwrap();
        let file = std::fs::File::options().write(true).open(bench.path(file)).unwrap();
        file.set_len(end + bytes).unwrap();
    };

    // More than any machine has memory for.
    with_hole(".symtab", "large", 24 << 36);
    let large = bench.path("large");
    let mut symbolizer = bench.symbolizer();
    assert_eq!(symbolizer.functions(bytes(&large), &build_id, Address::Virtual(address)), []);
    let problems = symbolizer.problems();
    assert!(matches!(problems.as_slice(), [(_, Problem::TooLarge { bytes, .. })] if *bytes == 24 << 36));
    std::fs::remove_file(&large).unwrap();

    // What is wrong with a debug file is said of the debug file.
    bench.run("objcopy", &["--only-keep-debug", "program", "program.debug"]);
    bench.run("objcopy", &["--strip-all", "--add-gnu-debuglink=program.debug", "program", "stripped"]);
    with_hole(".debug_info", "program.debug", 1 << 16);
    let mut symbolizer = bench.symbolizer();
    let found = symbolizer.functions(bytes(&bench.path("stripped")), &build_id, Address::Virtual(address));
    assert_eq!(names(&found), ["hidden"], "from the symbol table");
    let problems = symbolizer.problems();
    assert!(
        matches!(problems.as_slice(), [(path, Problem::Damaged(_))] if *path == bench.path("program.debug")),
        "{problems:?}"
    );
}
