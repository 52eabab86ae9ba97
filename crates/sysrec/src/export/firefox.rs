//! The Firefox Profiler's processed profile: calls as markers on each thread, with their stacks; samples count calls.
//!
//! The format is made of columns, so the whole profile is in memory until it is written.

use std::io::Write;
use std::time::{Duration, SystemTime};

use anyhow::bail;
use fxprof_processed_profile::{
    CategoryColor, CategoryHandle, CpuDelta, Frame, FrameFlags, FrameInfo, MarkerFieldFlags,
    MarkerFieldFormat, MarkerLocations, MarkerTiming, Profile, SamplingInterval, StaticSchemaMarker,
    StaticSchemaMarkerField, StringHandle, ThreadHandle, Timestamp,
};
use rustc_hash::FxHashMap;

use super::slices::{Slices, process_name, task_name};
use crate::{stack_text, text};

/// Calls that are exported: some 2 GiB of memory.
const CALLS_MAX: u64 = 4_000_000;

struct Call {
    name: StringHandle,
    category: CategoryHandle,
    call: StringHandle,
    result: StringHandle,
}

impl StaticSchemaMarker for Call {
    const UNIQUE_MARKER_TYPE_NAME: &'static str = "syscall";
    const LOCATIONS: MarkerLocations = MarkerLocations::MARKER_CHART
        .union(MarkerLocations::MARKER_TABLE)
        .union(MarkerLocations::TIMELINE_OVERVIEW);
    const CHART_LABEL: Option<&'static str> = Some("{marker.name}");
    const TABLE_LABEL: Option<&'static str> = Some("{marker.data.call} = {marker.data.result}");
    const TOOLTIP_LABEL: Option<&'static str> = Some("{marker.data.call}");
    const DESCRIPTION: Option<&'static str> = Some("A system call");
    const FIELDS: &'static [StaticSchemaMarkerField] = &[
        StaticSchemaMarkerField {
            key: "call",
            label: "Call",
            format: MarkerFieldFormat::String,
            flags: MarkerFieldFlags::SEARCHABLE,
        },
        StaticSchemaMarkerField {
            key: "result",
            label: "Result",
            format: MarkerFieldFormat::String,
            flags: MarkerFieldFlags::SEARCHABLE,
        },
    ];

    fn name(&self, _profile: &mut Profile) -> StringHandle {
        self.name
    }

    fn category(&self, _profile: &mut Profile) -> CategoryHandle {
        self.category
    }

    fn string_field_value(&self, field: u32) -> StringHandle {
        if field == 0 { self.call } else { self.result }
    }

    fn number_field_value(&self, _field: u32) -> f64 {
        0.0
    }
}

/// Writes the profile.
///
/// # Errors
/// More than [`CALLS_MAX`] calls, or an output that cannot be written.
pub(super) fn write(slices: &mut Slices<'_>, out: &mut dyn Write) -> anyhow::Result<()> {
    let trace = slices.trace;
    let session = trace.session();
    let started = Duration::from_nanos(session.map_or(0, |session| session.started_realtime_ns));
    let command = session.and_then(|session| session.command.first());
    let product = command.map_or("sysrec".to_owned(), |command| text::printable(command));
    let interval = SamplingInterval::from_millis(1);
    let mut profile = Profile::new(&product, (SystemTime::UNIX_EPOCH + started).into(), interval);
    let category = profile.add_category("System call", CategoryColor::Blue);
    let at = |ns: u64| Timestamp::from_nanos_since_reference(ns);
    let relative = |ns: Option<u64>| at(ns.unwrap_or(0).saturating_sub(trace.origin_ns()));
    let mut processes = FxHashMap::default();
    let mut threads: FxHashMap<_, ThreadHandle> = FxHashMap::default();
    for (task, process) in slices.tasks() {
        let handle = *processes.entry(process.id).or_insert_with(|| {
            let (name, pid) = (process_name(process), process.pid.unsigned_abs());
            let handle = profile.add_process(&name, pid, relative(process.start_ns));
            if process.end_ns.is_some() {
                profile.set_process_end_time(handle, relative(process.end_ns));
            }
            handle
        });
        let (tid, start) = (task.tid.unsigned_abs(), relative(task.start_ns));
        let thread = profile.add_thread(handle, tid, start, task.is_process());
        profile.set_thread_name(thread, &task_name(task));
        profile.set_thread_show_markers_in_timeline(thread, true);
        if task.end_ns.is_some() {
            profile.set_thread_end_time(thread, relative(task.end_ns));
        }
        threads.insert(task.id, thread);
    }
    let mut calls = 0;
    slices.each(|steps, slice| {
        calls += 1;
        if calls > CALLS_MAX {
            bail!(
                "the firefox format has to be held in memory, so no more than {} calls go into it; select some \
                 (--since, --until, -e, --tid), or take the perfetto format",
                text::count(CALLS_MAX)
            );
        }
        let Some(thread) = threads.get(&slice.task).copied() else { return Ok(()) };
        let frame = |profile: &mut Profile, name: &str| {
            let frame = Frame::Label(profile.intern_string(name));
            FrameInfo { frame, category_pair: category.into(), flags: FrameFlags::empty() }
        };
        let mut frames = Vec::with_capacity(slice.code.len() + 1);
        for step in slice.code {
            frames.push(frame(&mut profile, &stack_text::name(steps.get(*step))));
        }
        frames.push(frame(&mut profile, &format!("{}()", slice.name)));
        let stack = profile.intern_stack_frames(thread, frames.into_iter());
        let marker = Call {
            name: profile.intern_string(&slice.name),
            category,
            call: profile.intern_string(&slice.arguments()),
            result: profile.intern_string(&slice.result()),
        };
        let timing = match slice.duration_ns {
            Some(ns) => MarkerTiming::Interval(at(slice.start_ns), at(slice.start_ns.saturating_add(ns))),
            None => MarkerTiming::IntervalStart(at(slice.start_ns)),
        };
        let marker = profile.add_marker(thread, timing, marker);
        profile.set_marker_stack(thread, marker, stack);
        profile.add_sample(thread, at(slice.start_ns), stack, CpuDelta::ZERO, 1);
        Ok(())
    })?;
    profile.set_symbolicated(true);
    serde_json::to_writer(out, &profile)?;
    Ok(())
}
