//! pprof's profile.proto, compressed with gzip: calls and wall time for each distinct stack.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use prost::Message;
use rustc_hash::FxHashMap;
use sysrec_analyzer::Trace;
use sysrec_analyzer::call_tree::{Paths, StepId, Steps};

use crate::stack_text;

// github.com/google/pprof, proto/profile.proto: the fields that are used here.

#[derive(Clone, PartialEq, Message)]
struct Profile {
    #[prost(message, repeated, tag = "1")]
    sample_type: Vec<ValueType>,
    #[prost(message, repeated, tag = "2")]
    sample: Vec<Sample>,
    #[prost(message, repeated, tag = "3")]
    mapping: Vec<Mapping>,
    #[prost(message, repeated, tag = "4")]
    location: Vec<Location>,
    #[prost(message, repeated, tag = "5")]
    function: Vec<Function>,
    #[prost(string, repeated, tag = "6")]
    string_table: Vec<String>,
    #[prost(int64, tag = "9")]
    time_nanos: i64,
    #[prost(int64, tag = "10")]
    duration_nanos: i64,
    #[prost(int64, tag = "14")]
    default_sample_type: i64,
}

#[derive(Clone, Copy, PartialEq, Message)]
struct ValueType {
    #[prost(int64, tag = "1")]
    kind: i64,
    #[prost(int64, tag = "2")]
    unit: i64,
}

#[derive(Clone, PartialEq, Message)]
struct Sample {
    #[prost(uint64, repeated, tag = "1")]
    location_id: Vec<u64>,
    #[prost(int64, repeated, tag = "2")]
    value: Vec<i64>,
}

#[derive(Clone, Copy, PartialEq, Message)]
struct Mapping {
    #[prost(uint64, tag = "1")]
    id: u64,
    #[prost(int64, tag = "5")]
    filename: i64,
    #[prost(bool, tag = "7")]
    has_functions: bool,
}

#[derive(Clone, PartialEq, Message)]
struct Location {
    #[prost(uint64, tag = "1")]
    id: u64,
    #[prost(uint64, tag = "2")]
    mapping_id: u64,
    #[prost(message, repeated, tag = "4")]
    line: Vec<Line>,
}

#[derive(Clone, Copy, PartialEq, Message)]
struct Line {
    #[prost(uint64, tag = "1")]
    function_id: u64,
    #[prost(int64, tag = "2")]
    line: i64,
}

#[derive(Clone, Copy, PartialEq, Message)]
struct Function {
    #[prost(uint64, tag = "1")]
    id: u64,
    #[prost(int64, tag = "2")]
    name: i64,
    #[prost(int64, tag = "3")]
    system_name: i64,
    #[prost(int64, tag = "4")]
    filename: i64,
}

#[derive(Default)]
struct Strings {
    numbers: FxHashMap<String, i64>,
}

impl Strings {
    fn number(&mut self, profile: &mut Profile, text: &str) -> i64 {
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        let number = profile.string_table.len() as i64;
        profile.string_table.push(text.to_owned());
        self.numbers.insert(text.to_owned(), number);
        number
    }
}

/// Writes the profile. Memory grows with the distinct stacks.
pub(super) fn write(
    trace: &Trace,
    paths: &Paths<'_>,
    steps: &mut Steps<'_>,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let (mut profile, mut strings) = (Profile::default(), Strings::default());
    // The first string has to be empty.
    strings.number(&mut profile, "");
    for (kind, unit) in [("calls", "count"), ("errors", "count"), ("wall", "nanoseconds")] {
        let kind = strings.number(&mut profile, kind);
        let unit = strings.number(&mut profile, unit);
        profile.sample_type.push(ValueType { kind, unit });
    }
    profile.default_sample_type = profile.sample_type[2].kind;
    let session = trace.session();
    profile.time_nanos = session.map_or(0, |session| session.started_realtime_ns as i64);
    profile.duration_nanos = trace.span_ns() as i64;
    let mut mappings: FxHashMap<String, u64> = FxHashMap::default();
    let mut locations: FxHashMap<StepId, u64> = FxHashMap::default();
    let mut way = Vec::new();
    for (path, activity) in paths.iter().filter(|(_, activity)| activity.calls > 0) {
        steps.path(paths, path, &mut way);
        let mut location_id = Vec::with_capacity(way.len());
        for step in way.iter().rev() {
            let next = locations.len() as u64 + 1;
            let id = *locations.entry(*step).or_insert(next);
            location_id.push(id);
            if id < next {
                continue;
            }
            let step = steps.get(*step);
            let mapping_id = match step.module.as_str() {
                "" => 0,
                module => {
                    let next = mappings.len() as u64 + 1;
                    let id = *mappings.entry(module.to_owned()).or_insert(next);
                    if id == next {
                        let filename = strings.number(&mut profile, module);
                        profile.mapping.push(Mapping { id, filename, has_functions: true });
                    }
                    id
                }
            };
            let name = strings.number(&mut profile, &stack_text::name(step));
            let filename = step.line.as_ref().map_or(0, |(file, _)| strings.number(&mut profile, file));
            let line = step.line.as_ref().map_or(0, |(_, line)| i64::from(*line));
            profile.function.push(Function { id, name, system_name: name, filename });
            profile.location.push(Location { id, mapping_id, line: vec![Line { function_id: id, line }] });
        }
        let number = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
        let value = vec![number(activity.calls), number(activity.errors), number(activity.wall_ns)];
        profile.sample.push(Sample { location_id, value });
    }
    // Readers take the first one for the program (profile.proto, `Profile.mapping`).
    let program = trace.tasks().iter().find_map(|task| task.programs.first());
    let path = program.map_or(&[][..], |program| &program.exe);
    let module = String::from_utf8_lossy(path.rsplit(|&byte| byte == b'/').next().unwrap_or_default());
    if let Some(&id) = mappings.get(module.as_ref())
        && let Some(place) = profile.mapping.iter().position(|mapping| mapping.id == id)
    {
        profile.mapping[..=place].rotate_right(1);
    }
    let mut packed = GzEncoder::new(out, Compression::default());
    packed.write_all(&profile.encode_to_vec())?;
    packed.finish()?;
    Ok(())
}
