//! The format document says what the code does: its numbers, its limits, its offsets, its worked example; and the
//! corpus is what the generator writes.

mod corpus_files;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use sysrec_format::block::EndReason;
use sysrec_format::calls::ColumnId;
use sysrec_format::event::*;
use sysrec_format::events::{EndCause, EventKind};
use sysrec_format::frame::ChunkKind;
use sysrec_format::header::{Clock, Phase};
use sysrec_format::journal::RowKind;
use sysrec_format::layout::Layout;
use sysrec_format::limits;

fn spec() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../format-spec")
}

fn read(name: &str) -> String {
    std::fs::read_to_string(spec().join(name)).expect("the format document")
}

/// The cells of the rows of the first table behind `heading`, header rows left out.
fn table(text: &str, heading: &str) -> Vec<Vec<String>> {
    let start = text.find(&format!("{heading}\n")).unwrap_or_else(|| panic!("{heading} in the document"));
    text[start..]
        .lines()
        .skip_while(|line| !line.starts_with('|'))
        .take_while(|line| line.starts_with('|'))
        .skip(2)
        .map(|line| line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect())
        .collect()
}

/// Number by name, as the registry has it.
fn registered(heading: &str) -> BTreeMap<String, u64> {
    table(&read("registry.md"), heading)
        .into_iter()
        .map(|cells| (cells[1].clone(), cells[0].parse().expect("a number")))
        .collect()
}

fn number(value: &str) -> u64 {
    match value.strip_prefix("0x") {
        Some(hex) => u64::from_str_radix(hex, 16).expect("a hexadecimal number"),
        None => value.replace('_', "").parse().expect("a number"),
    }
}

/// Number by name, as the source of the code has it: the lines `pub const NAME: Type = Type(number);`. Read from the
/// source, so that a constant that nobody thought of here is compared, too.
fn in_source(file: &str, of_type: &str) -> BTreeMap<String, u64> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(file);
    let source = std::fs::read_to_string(path).expect("a source file");
    let middle = format!(": {of_type} = {of_type}(");
    source
        .lines()
        .filter_map(|line| line.trim().strip_prefix("pub const ")?.split_once(&middle))
        .map(|(name, value)| (name.to_owned(), number(value.trim_end_matches(");"))))
        .collect()
}

#[test]
fn the_registry_has_the_numbers_of_the_code() {
    for (heading, file, of_type) in [
        ("## Chunk kinds", "frame.rs", "ChunkKind"),
        ("## Event kinds", "events.rs", "EventKind"),
        ("## Row kinds", "journal.rs", "RowKind"),
        ("## Phases", "header.rs", "Phase"),
        ("## Clocks", "header.rs", "Clock"),
        ("## ABIs", "event.rs", "Abi"),
        ("## Task origins", "event.rs", "Origin"),
        ("## Causes of a task's end", "events.rs", "EndCause"),
        ("## Reasons for an unfinished call", "event.rs", "UnfinishedReason"),
        ("## Reasons for a loss", "event.rs", "LossReason"),
        ("## Why a capture is cut", "event.rs", "CaptureCut"),
        ("## End reasons", "block.rs", "EndReason"),
        ("## Flags of a frame of a stack", "event.rs", "FrameFlags"),
        ("## Columns of CALLS", "calls.rs", "ColumnId"),
    ] {
        let constants = in_source(file, of_type);
        assert!(!constants.is_empty(), "{of_type} in {file}");
        assert_eq!(registered(heading), constants, "{heading}");
    }
    // The source was read as the compiler reads it.
    assert_eq!(registered("## Chunk kinds")["INDEX"], u64::from(ChunkKind::INDEX.0));
    assert_eq!(registered("## Event kinds")["RECORDER_CALL"], u64::from(EventKind::RECORDER_CALL.0));
    assert_eq!(registered("## Row kinds")["VOID"], u64::from(RowKind::VOID.0));
    assert_eq!(registered("## Phases")["COMPLETE"], u64::from(Phase::COMPLETE.0));
    assert_eq!(registered("## Clocks")["MONOTONIC_NS"], u64::from(Clock::MONOTONIC_NS.0));
    assert_eq!(registered("## ABIs")["I386"], u64::from(Abi::I386.0));
    assert_eq!(registered("## Task origins")["CLONE"], u64::from(Origin::CLONE.0));
    assert_eq!(registered("## Causes of a task's end")["KILLED"], u64::from(EndCause::KILLED.0));
    assert_eq!(registered("## Reasons for a loss")["STORAGE_FULL"], u64::from(LossReason::STORAGE_FULL.0));
    assert_eq!(registered("## End reasons")["LIMIT"], u64::from(EndReason::LIMIT.0));
    assert_eq!(registered("## Columns of CALLS")["SP"], u64::from(ColumnId::SP.0));
    let reasons = registered("## Reasons for an unfinished call");
    assert_eq!(reasons["RECORDING_ENDED"], u64::from(UnfinishedReason::RECORDING_ENDED.0));
}

#[test]
fn the_columns_of_the_document_are_those_of_the_registry() {
    let document: BTreeMap<String, u64> = table(&read("README.md"), "### CALLS")
        .into_iter()
        .map(|cells| (cells[0].clone(), cells[1].parse().expect("a number")))
        .collect();
    assert_eq!(document, registered("## Columns of CALLS"));
}

#[test]
fn the_document_has_the_encodings_of_the_code() {
    let source = include_str!("../src/column.rs");
    let in_code: Vec<(String, u64)> = source
        .lines()
        .filter_map(|line| line.strip_prefix("pub(crate) const ")?.split_once(": u8 = "))
        .map(|(name, value)| (name.to_owned(), number(value.trim_end_matches(';'))))
        .collect();
    let document: Vec<(String, u64)> = table(
        &read("README.md"),
        "**Block.** A run of numbers whose count is known. \
        The first byte says how; a writer takes the shortest.",
    )
    .into_iter()
    .skip(1)
    .map(|cells| (cells[1].clone(), number(&cells[0])))
    .collect();
    assert_eq!(document, in_code);
}

#[test]
fn the_document_has_the_limits_of_the_code() {
    let document: BTreeMap<String, u64> = table(&read("README.md"), "## Limits")
        .into_iter()
        .map(|cells| (cells[0].clone(), cells[1].parse().expect("a number")))
        .collect();
    let code: BTreeMap<String, u64> = [
        ("PAYLOAD_BYTES_MAX", limits::PAYLOAD_BYTES_MAX.into()),
        ("CHUNK_CALLS_MAX", limits::CHUNK_CALLS_MAX.into()),
        ("CHUNK_CALLS_AIM", limits::CHUNK_CALLS_AIM.into()),
        ("CALLS_PER_PAYLOAD_BYTE_MAX", limits::CALLS_PER_PAYLOAD_BYTE_MAX.into()),
        ("CHUNK_EVENT_BYTES_AIM", limits::CHUNK_EVENT_BYTES_AIM as u64),
        ("COLUMNS_MAX", limits::COLUMNS_MAX),
        ("DICTIONARY_VALUES_MAX", limits::DICTIONARY_VALUES_MAX as u64),
        ("EVENT_BODY_BYTES_MAX", limits::EVENT_BODY_BYTES_MAX.into()),
        ("CAPTURED_BYTES_MAX", limits::CAPTURED_BYTES_MAX as u64),
        ("CHUNK_CAPTURES_MAX", limits::CHUNK_CAPTURES_MAX.into()),
        ("EVENT_STRING_BYTES_MAX", limits::EVENT_STRING_BYTES_MAX as u64),
        ("BLOCK_BYTES_MAX", limits::BLOCK_BYTES_MAX as u64),
        ("HEADER_BYTES_MAX", limits::HEADER_BYTES_MAX.into()),
        ("FRAMES_MAX", limits::FRAMES_MAX as u64),
        ("INDEX_FRAMES_MAX", limits::INDEX_FRAMES_MAX as u64),
        ("JOURNAL_BYTES_MAX", limits::JOURNAL_BYTES_MAX),
        ("DAMAGES_MAX", limits::DAMAGES_MAX as u64),
        ("TASKS_MAX", limits::TASKS_MAX.into()),
        ("MODULES_MAX", limits::MODULES_MAX.into()),
        ("STACK_NODES_MAX", limits::STACK_NODES_MAX.into()),
        ("STACK_FRAMES_MAX", limits::STACK_FRAMES_MAX.into()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into();
    assert_eq!(document, code);
    let source = include_str!("../src/limits.rs");
    assert_eq!(source.matches("pub const ").count(), code.len(), "a limit that is not compared");
}

/// The constants of the ring file, by the names in its document: of a table's rows the cells `name` and `value`.
#[test]
fn the_document_of_rings_has_the_numbers_of_the_code() {
    let text = read("RINGS.md");
    let named = |heading: &str, name: usize, value: usize| -> BTreeMap<String, u64> {
        table(&text, heading).into_iter().map(|cells| (cells[name].clone(), number(&cells[value]))).collect()
    };
    let of = |pairs: &[(&str, u64)]| -> BTreeMap<String, u64> {
        pairs.iter().map(|&(name, value)| (name.to_owned(), value)).collect()
    };
    macro_rules! constants {
        ($module:path: $($name:ident)*) => {{
            use $module as module;
            of(&[$((stringify!($name), u64::from(module::$name))),*])
        }};
    }
    use sysrec_format::rings;
    assert_eq!(
        named("## Constants", 0, 1),
        constants!(rings: VERSION FILE_BYTES SLOT_BYTES SLOTS HEAD TASK RING_STRIDE RINGS)
    );
    assert_eq!(
        named("## Control page", 1, 0),
        constants!(rings::control: MAGIC VERSION TRACE_ID PID PID_STARTED LINE LINES)
    );
    assert_eq!(
        named("## Slot", 1, 0),
        constants!(rings::slot: STATE IS_WIDE END_HIGH NR START_LOW END_LOW IP START_HIGH SP RET ARGS STACK)
    );
    assert_eq!(named("### Slot of a path", 1, 0), constants!(rings::path_slot: STATE RAX RDX ADDRESS TEXT));
    assert_eq!(named("### State", 1, 0), constants!(rings::state: FREE ENTERED FINISHED PATH));
    let magic: Vec<String> = rings::MAGIC.iter().map(|byte| format!("{byte:02x}")).collect();
    assert!(text.contains(&magic.join(" ")), "the magic");
}

/// Bytes of a type of the document's tables; `None` for what has no fixed size.
fn width(of_type: &str) -> Option<usize> {
    Some(match of_type {
        "u8" => 1,
        "u16" => 2,
        "u32" => 4,
        "u64" => 8,
        _ => of_type.strip_suffix(" bytes")?.parse().ok()?,
    })
}

#[test]
fn the_fields_of_the_documents_tables_follow_each_other() {
    let text = read("README.md");
    for (heading, bytes) in [
        ("## Header", 192),
        ("### State", 64),
        ("## Frame", sysrec_format::frame::FRAME_BYTES),
        ("### INDEX and footer", sysrec_format::index::FOOTER_BYTES),
        ("## Journal", sysrec_format::journal::ROW_HEADER_BYTES),
        ("### EVENTS", sysrec_format::events::EVENT_HEADER_BYTES),
    ] {
        let mut next = 0;
        for cells in table(&text, heading) {
            assert_eq!(cells[0], next.to_string(), "{heading}, {}", cells[1]);
            next += width(&cells[2]).unwrap_or(0);
        }
        assert_eq!(next, bytes, "{heading}");
    }
    assert_eq!(sysrec_format::header::HEADER_BYTES, 192);
    assert!(text.contains(&format!("{:#010x}", sysrec_format::frame::MARKER)));
    let magic: Vec<String> = sysrec_format::header::MAGIC.iter().map(|byte| format!("{byte:02x}")).collect();
    assert!(text.contains(&magic.join(" ")));
}

/// The bytes of the worked example, and its notes with their places.
fn worked_example() -> (Vec<u8>, Vec<(usize, String)>) {
    let text = read("README.md");
    let start = text.find("```hex\n").expect("a worked example") + 7;
    let (mut bytes, mut notes) = (Vec::new(), Vec::new());
    for line in text[start..].lines().take_while(|line| !line.starts_with("```")) {
        let (offset, rest) = line.split_once("  ").expect("an offset");
        assert_eq!(usize::from_str_radix(offset, 16).unwrap(), bytes.len(), "{line}");
        let (digits, note) = rest.split_at(rest.len().min(47));
        if !note.trim().is_empty() {
            notes.push((bytes.len(), note.trim().to_owned()));
        }
        let line_bytes = digits.split_whitespace().map(|byte| u8::from_str_radix(byte, 16).expect("a byte"));
        bytes.extend(line_bytes);
    }
    (bytes, notes)
}

#[test]
fn the_worked_example_is_what_the_code_writes_and_reads() {
    let (bytes, notes) = worked_example();
    assert!(bytes == corpus_files::minimal(), "the hex of the document is not what the writer writes");
    let layout = Layout::read(&bytes).unwrap();
    assert!(layout.is_whole());
    assert_eq!(layout.verify(&bytes), []);
    let mut buffer = Vec::new();
    let calls: Vec<Call> = layout
        .frames(&bytes)
        .map(Result::unwrap)
        .filter(|frame| frame.header.kind == ChunkKind::CALLS)
        .flat_map(|frame| layout.calls(&bytes, &frame, &mut buffer).unwrap().calls().unwrap())
        .collect();
    assert_eq!(calls.len(), 1);
    assert_eq!((calls[0].entry.nr, calls[0].duration_ns, calls[0].ret), (1, 250, 6));
    // Notes stand where the frames are.
    for (i, frame) in layout.frames(&bytes).map(Result::unwrap).enumerate() {
        let sysrec_format::layout::Place::File(offset) = frame.place else { panic!("a complete trace") };
        assert!(notes.contains(&(offset as usize, format!("frame {i}: marker"))));
        let kind = frame.header.kind.name().unwrap();
        assert!(notes.contains(&(offset as usize + 4, format!("kind: {kind}"))));
    }
}

#[test]
fn the_corpus_is_what_the_generator_writes() {
    let mut expected: Vec<String> = Vec::new();
    for (name, content) in corpus_files::files() {
        let found = std::fs::read(spec().join("corpus").join(&name)).unwrap_or_default();
        assert!(
            found == content,
            "{name}: run `cargo run -p sysrec-format --example corpus` and look at the change"
        );
        expected.push(name);
    }
    expected.sort();
    let mut found: Vec<String> = Vec::new();
    for folder in ["good", "bad"] {
        for file in std::fs::read_dir(spec().join("corpus").join(folder)).unwrap() {
            found.push(format!("{folder}/{}", file.unwrap().file_name().to_string_lossy()));
        }
    }
    found.sort();
    assert_eq!(found, expected);
}
