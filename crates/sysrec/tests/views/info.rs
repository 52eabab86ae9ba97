use crate::recording::Folder;
use crate::story::{folder, story, whole};
use crate::{json_of, stdout_of, sysrec};

#[test]
fn the_page_of_a_whole_trace() {
    let folder = Folder::new();
    folder.file("trace.bin", &whole(1_000));
    insta::assert_snapshot!(stdout_of(folder.path(), &["info"]));
}

#[test]
fn the_page_of_a_killed_recorder() {
    let folder = Folder::new();
    folder.file("trace.bin", &story().killed());
    let ran = sysrec(folder.path(), &["info"]);
    assert_eq!(ran.code, Some(0));
    assert!(ran.stdout.contains("complete   no: not closed"), "{}", ran.stdout);
    assert!(ran.stdout.contains("lost       an unknown number of calls: children made with CLONE_UNTRACED"));
    assert!(ran.stderr.contains("was not closed"), "{}", ran.stderr);
}

#[test]
fn the_fields_of_json() {
    let folder = Folder::new();
    let bytes = whole(1_000);
    folder.file("trace.bin", &bytes);
    let document = json_of(folder.path(), &["info", "--json"]);
    assert_eq!(document["schema"], "sysrec-info/1");
    assert_eq!(document["complete"], true);
    assert_eq!(document["completeness"], "complete");
    assert_eq!(document["backend"], "ptrace");
    assert_eq!((&document["calls"], &document["errors"]), (&1_000.into(), &0.into()));
    assert_eq!((&document["tasks"], &document["losses"]), (&1.into(), &0.into()));
    assert_eq!(document["bytes"], bytes.len());
    assert_eq!(document["overhead_ns_per_call"], 14_500);
    let per_call = document["bytes_per_call"].as_f64().unwrap();
    assert!((per_call - bytes.len() as f64 / 1_000.0).abs() < 0.01);
    assert_eq!(document["command"], serde_json::json!(["./server", "--port=80"]));
    assert_eq!(document["host"]["name"], "host");

    let folder = self::folder();
    let document: serde_json::Value =
        serde_json::from_str(&sysrec(folder.path(), &["info", "--json"]).stdout).unwrap();
    assert_eq!(document["complete"], false);
    assert_eq!(document["loss_reasons"][0]["counted"], false);
    assert_eq!(document["unfinished"], 3);
}

/// A trace of no calls has no bytes a call, rather than infinitely many.
#[test]
fn nothing_recorded() {
    let folder = Folder::new();
    folder.file("trace.bin", &crate::recording::Recording::new().finish());
    assert_eq!(json_of(folder.path(), &["info", "--json"])["bytes_per_call"], serde_json::Value::Null);
    for view in
        [&["info"][..], &["tree"], &["tree", "--json"], &["replay"], &["replay", "--by-task"], &["verify"]]
    {
        stdout_of(folder.path(), view);
    }
}
