//! The rules between the crates that ARCHITECTURE.md states.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use sysrec_tests::root;

/// The third column of the table of crates: crate to the crates that it may depend on.
fn stated() -> BTreeMap<String, BTreeSet<String>> {
    let text = std::fs::read_to_string(root().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md");
    let mut rows = BTreeMap::new();
    for line in text.lines() {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let [_, folder, _, depends, _] = cells[..] else { continue };
        let Some(name) = folder.strip_prefix("`crates/").and_then(|name| name.strip_suffix('`')) else {
            continue;
        };
        let on = match depends {
            "no sysrec crate" => BTreeSet::new(),
            "all" => ["format", "syscalls", "recorder", "analyzer", "symbols"]
                .map(|name| format!("sysrec-{name}"))
                .into(),
            some => some.split(", ").map(|name| format!("sysrec-{name}")).collect(),
        };
        rows.insert(name.to_owned(), on);
    }
    rows
}

/// What each crate's manifest says, development dependencies aside.
fn actual() -> BTreeMap<String, BTreeSet<String>> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["metadata", "--no-deps", "--format-version", "1"]).current_dir(root());
    let output = command.output().expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let text = |value: &serde_json::Value| value.as_str().expect("a text").to_owned();
    let packages = metadata["packages"].as_array().expect("packages");
    let in_crates = |package: &&serde_json::Value| {
        Path::new(&text(&package["manifest_path"])).starts_with(root().join("crates"))
    };
    let dependencies = |package: &serde_json::Value| {
        let all = package["dependencies"].as_array().expect("dependencies").iter();
        let ours = all.filter(|on| on["kind"] != "dev").map(|on| text(&on["name"]));
        ours.filter(|name| name.starts_with("sysrec")).collect()
    };
    packages.iter().filter(in_crates).map(|package| (text(&package["name"]), dependencies(package))).collect()
}

#[test]
fn crates_depend_on_what_the_architecture_says_and_nothing_else() {
    let (stated, actual) = (stated(), actual());
    assert!(stated.len() >= 5, "the table of crates was not found: {stated:?}");
    assert_eq!(stated.keys().collect::<Vec<_>>(), actual.keys().collect::<Vec<_>>());
    for (name, on) in &actual {
        let forbidden: Vec<_> = on.difference(&stated[name]).collect();
        assert!(
            forbidden.is_empty(),
            "{name} depends on {forbidden:?}, which ARCHITECTURE.md does not allow"
        );
    }
}

fn sources(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// Whether a line of code, its comment and its texts aside, has the word.
fn says_unsafe(line: &str) -> bool {
    let code = line.split("//").next().unwrap_or_default();
    let outside_of_texts = code.split('"').step_by(2);
    outside_of_texts
        .flat_map(|part| part.split(|c: char| !c.is_alphanumeric() && c != '_'))
        .any(|word| word == "unsafe")
}

#[test]
fn unsafe_code_stands_in_the_recorders_sys_modules_alone() {
    let crates = root().join("crates");
    let fence = crates.join("sysrec-recorder/src/sys");
    let mut files = Vec::new();
    sources(&crates, &mut files);
    assert!(files.iter().any(|file| file.starts_with(&fence)), "the fence has moved");
    let mut inside = 0;
    for file in files {
        let text = std::fs::read_to_string(&file).expect("a source");
        let lines = text.lines().enumerate().filter(|(_, line)| says_unsafe(line));
        let places: Vec<String> =
            lines.map(|(number, _)| format!("{}:{}", file.display(), number + 1)).collect();
        if file.starts_with(&fence) {
            inside += places.len();
        } else {
            assert!(places.is_empty(), "unsafe code outside of {}: {}", fence.display(), places.join(", "));
        }
    }
    assert!(inside > 10, "the search finds {inside} places where there are many");
}

#[test]
fn the_search_for_unsafe_reads_code_alone() {
    assert!(says_unsafe("    unsafe { call() }") && says_unsafe("pub unsafe fn f() {}"));
    assert!(
        !says_unsafe("// unsafe")
            && !says_unsafe("let text = \"unsafe\";")
            && !says_unsafe("#![deny(unsafe_code)]")
    );
}
