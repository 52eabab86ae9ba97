//! One pass over the calls of a trace, on all cores, in bounded memory.
//!
//! ```text
//!  frames   0  1  2  3  4  5 ...     taken one by one by whichever worker is free
//!           |  |  |  |
//!  worker A +-----+  |       partial A   \
//!  worker B    +-----+       partial B   /  added up by the caller
//! ```
//!
//! Every worker has one set of buffers and one partial result, so memory depends on cores and on what the partial
//! results hold. Only the columns that the selection and the question look at are decoded.

use std::sync::atomic::{AtomicUsize, Ordering};

use sysrec_format::calls::{CallsChunk, ColumnId, Site};
use sysrec_format::damage::Damage;
use sysrec_format::error::Error as FormatError;
use sysrec_format::event::{Call, Event, TaskId};
use sysrec_format::frame::ChunkKind;
use sysrec_format::layout::Frame;
use sysrec_format::limits::DAMAGES_MAX;

use crate::named::NamedCalls;
use crate::outcome::returns_no_result;
use crate::selection::Selection;
use crate::tasks::Task;
use crate::trace::Trace;

/// A question that is answered from calls in any order.
pub trait Pass: Sync {
    /// What one worker collects.
    type Partial: Send;

    /// An empty partial result.
    fn begin(&self) -> Self::Partial;

    /// Which columns beside durations and return values it looks at, of a chunk of this task's calls between these
    /// moments (nanoseconds on the trace's clock).
    fn extra(&self, _task: &Task, _first_ns: u64, _last_ns: u64) -> Extra {
        Extra::default()
    }

    /// Takes the selected calls of one chunk.
    ///
    /// # Errors
    /// When the chunk turns out to be damaged; then nothing of it may have been taken.
    fn calls(&self, partial: &mut Self::Partial, chunk: &SelectedChunk<'_>) -> Result<(), FormatError>;

    /// Takes an event of a selected task, or of none, inside the selected time (of an unfinished call that of its
    /// start). Filters of calls are not applied.
    fn event(&self, _partial: &mut Self::Partial, _task: Option<&Task>, _event: &Event) {}

    /// Whether [`event`](Self::event) is to be called at all.
    fn wants_events(&self) -> bool {
        false
    }
}

/// Columns that cost time to decode and that few questions are about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extra {
    /// [`Group::stacks`].
    pub stacks: bool,
    /// [`Group::starts`].
    pub starts: bool,
}

/// What a pass came to.
#[derive(Debug)]
pub struct Passed<P> {
    /// One for each worker; to be added up.
    pub partials: Vec<P>,
    /// Chunks of calls that could not be read; nothing of them is in the partial results.
    pub damages: Vec<Damage>,
    /// Such chunks beyond those listed.
    pub more_damages: u64,
}

/// Takes every selected call of the trace once, in any order.
pub fn run<P: Pass>(trace: &Trace, selection: &Selection, pass: &P) -> Passed<P::Partial> {
    let next = AtomicUsize::new(0);
    let named = NamedCalls::of(trace, selection);
    let workers = rayon::broadcast(|_| Worker::new(trace, selection, named.as_ref()).work(pass, &next));
    let mut passed =
        Passed { partials: Vec::with_capacity(workers.len()), damages: Vec::new(), more_damages: 0 };
    for (partial, damages, more_damages) in workers {
        passed.partials.push(partial);
        passed.damages.extend(damages);
        passed.more_damages += more_damages;
    }
    passed.damages.sort_by_key(|damage| damage.offset);
    // Every worker meets the index.
    let of_index = |damage: &Damage| damage.kind == Some(ChunkKind::INDEX);
    passed.damages.dedup_by(|other, damage| of_index(other) && of_index(damage));
    let listed = passed.damages.len().min(DAMAGES_MAX);
    passed.more_damages += (passed.damages.len() - listed) as u64;
    passed.damages.truncate(listed);
    passed
}

/// Calls of one site that are selected, in order of time.
#[derive(Clone, Copy, Debug)]
pub struct Group<'a> {
    /// Where they were made, and which call.
    pub site: &'a Site,
    /// Their durations, nanoseconds.
    pub durations: &'a [u64],
    /// Their return values, as long as `durations`, as the column has them (see [`Group::returns`]).
    returns: &'a [u64],
    /// The stack of each as the column has it ([`sysrec_format::calls::stack`]), as long as `durations`; empty where
    /// the pass did not ask for it, or no call of the chunk has a stack.
    pub stacks: &'a [u64],
    /// When each began, nanoseconds on the trace's clock, as long as `durations`; empty where the pass did not ask.
    pub starts: &'a [u64],
    fallible: bool,
}

impl Group<'_> {
    /// How many of them returned an error.
    pub fn errors(&self) -> u64 {
        self.errors_of(0..self.returns.len())
    }

    /// How many of those at these positions returned an error.
    pub(crate) fn errors_of(&self, calls: std::ops::Range<usize>) -> u64 {
        if !self.fallible {
            return 0;
        }
        self.returns[calls].iter().map(|value| u64::from(is_zigzag_error(*value))).sum()
    }

    /// Duration in nanoseconds and error number (0 for none) of each.
    pub fn outcomes(&self) -> impl Iterator<Item = (u64, u32)> + '_ {
        self.durations.iter().zip(self.returns).map(|(duration, value)| {
            let error = self.fallible && is_zigzag_error(*value);
            (*duration, if error { value.div_ceil(2) as u32 } else { 0 })
        })
    }

    /// What each returned.
    pub fn returns(&self) -> impl Iterator<Item = i64> + '_ {
        self.returns.iter().map(|value| sysrec_format::calls::ret(*value))
    }
}

/// -1 to -4095 in zigzag are the odd numbers 1 to 8189.
fn is_zigzag_error(value: u64) -> bool {
    value & 1 == 1 && value < 2 * sysrec_syscalls::errno::MAX as u64
}

/// The selected calls of one chunk.
pub struct SelectedChunk<'a> {
    /// The trace it is from.
    pub trace: &'a Trace,
    /// Who made the calls.
    pub task: &'a Task,
    /// The earliest moment in the chunk, nanoseconds on the trace's clock.
    pub first_ns: u64,
    /// The whole chunk, for questions that need more than durations and return values.
    pub whole: &'a CallsChunk<'a>,
    /// What was asked for; already applied to [`groups`](Self::groups), to `whole` by [`has_call`](Self::has_call).
    pub selection: &'a Selection,
    columns: &'a Columns,
    named: Option<&'a NamedCalls>,
}

impl SelectedChunk<'_> {
    /// Whether a call of `whole` is selected.
    pub fn has_call(&self, call: &Call) -> bool {
        self.selection.has_call(self.trace.origin_ns(), call)
            && self.named.is_none_or(|named| named.has(call.task, call.entry.time_ns))
    }

    /// The selected calls, site by site; sites without one are left out.
    pub fn groups(&self) -> impl Iterator<Item = Group<'_>> {
        let mut begin = 0;
        self.whole.sites().iter().zip(&self.columns.lengths).filter_map(move |(site, length)| {
            let range = begin..begin + length;
            begin = range.end;
            let extra = |column: &'_ [u64]| if column.is_empty() { 0..0 } else { range.clone() };
            (*length > 0).then(|| Group {
                site,
                durations: &self.columns.durations[range.clone()],
                returns: &self.columns.returns[range.clone()],
                stacks: &self.columns.stacks[extra(&self.columns.stacks)],
                starts: &self.columns.starts[extra(&self.columns.starts)],
                fallible: !returns_no_result(site.abi, site.nr),
            })
        })
    }
}

/// Durations and return values of one chunk, site by site, and what is needed to select from them.
#[derive(Default)]
struct Columns {
    durations: Vec<u64>,
    returns: Vec<u64>,
    /// As long as `durations`, or empty.
    stacks: Vec<u64>,
    /// As long as `durations`, or empty.
    starts: Vec<u64>,
    /// Calls of each site that are selected.
    lengths: Vec<usize>,
    site: Vec<u64>,
    times: Vec<u64>,
    order: Vec<u32>,
}

struct Worker<'t> {
    trace: &'t Trace,
    selection: &'t Selection,
    named: Option<&'t NamedCalls>,
    from_ns: u64,
    to_ns: u64,
    payload: Vec<u8>,
    columns: Columns,
    damages: Vec<Damage>,
    more_damages: u64,
}

impl<'t> Worker<'t> {
    fn new(trace: &'t Trace, selection: &'t Selection, named: Option<&'t NamedCalls>) -> Self {
        let (from_ns, to_ns) = selection.times(trace.origin_ns());
        Self {
            trace,
            selection,
            named,
            from_ns,
            to_ns,
            payload: Vec::new(),
            columns: Columns::default(),
            damages: Vec::new(),
            more_damages: 0,
        }
    }

    fn work<P: Pass>(mut self, pass: &P, next: &AtomicUsize) -> (P::Partial, Vec<Damage>, u64) {
        let layout = self.trace.layout();
        let mut frames = layout.frames(self.trace.file());
        let mut partial = pass.begin();
        loop {
            // Relaxed: the counter hands out positions and publishes nothing.
            let frame = match frames.at(next.fetch_add(1, Ordering::Relaxed)) {
                Ok(Some(frame)) => frame,
                Ok(None) => break,
                Err(error) => {
                    self.damaged(layout.index_damage(&error));
                    break;
                }
            };
            match frame.header.kind {
                ChunkKind::CALLS => {
                    if let Err(error) = self.calls(pass, &mut partial, &frame) {
                        self.damaged(frame.damage(&error));
                    }
                }
                // Damage in events was found when the trace was opened.
                ChunkKind::EVENTS if pass.wants_events() => self.events(pass, &mut partial, &frame),
                _ => {}
            }
        }
        (partial, self.damages, self.more_damages)
    }

    fn damaged(&mut self, damage: Damage) {
        if self.damages.len() < DAMAGES_MAX {
            self.damages.push(damage);
        } else {
            self.more_damages += 1;
        }
    }

    fn calls<P: Pass>(
        &mut self,
        pass: &P,
        partial: &mut P::Partial,
        frame: &Frame,
    ) -> Result<(), FormatError> {
        let header = &frame.header;
        let Some(task) = header.task.and_then(|task| self.trace.tasks().get(task)) else { return Ok(()) };
        let outside = header.last_ns < self.from_ns || header.first_ns >= self.to_ns;
        if outside || !self.selection.has_task(task) {
            return Ok(());
        }
        let whole = self.trace.layout().calls(self.trace.file(), frame, &mut self.payload)?;
        let extra = pass.extra(task, header.first_ns, header.last_ns);
        self.columns.read(&whole, self.selection, extra.stacks)?;
        // A chunk that lies inside the selected time need not be asked for the times of its calls.
        let partly = header.first_ns < self.from_ns || header.last_ns >= self.to_ns;
        if partly || extra.starts || self.named.is_some() {
            self.columns.read_starts(&whole)?;
        }
        if partly || self.named.is_some() {
            let (times, named) = (self.from_ns..self.to_ns, self.named);
            let is_named = |start_ns| named.is_none_or(|named| named.has(task.id, start_ns));
            self.columns.keep(|columns, _, position| {
                let start_ns = columns.starts[position];
                times.contains(&start_ns) && is_named(start_ns)
            });
        }
        if self.selection.looks_at_values() {
            self.columns.keep_values(&whole, self.selection);
        }
        let (trace, selection, columns) = (self.trace, self.selection, &self.columns);
        let first_ns = header.first_ns;
        let named = self.named;
        pass.calls(
            partial,
            &SelectedChunk { trace, task, first_ns, whole: &whole, selection, columns, named },
        )
    }

    fn events<P: Pass>(&mut self, pass: &P, partial: &mut P::Partial, frame: &Frame) {
        let Ok(events) = self.trace.layout().events(self.trace.file(), frame, &mut self.payload) else {
            return;
        };
        for event in events.map_while(Result::ok) {
            let time_ns = crate::trace::begin_ns(&event);
            let task = event.task.and_then(|id: TaskId| self.trace.tasks().get(id));
            let selected = task.is_none_or(|task| self.selection.has_task(task));
            let is_call = matches!(event.body, sysrec_format::event::EventBody::Unfinished { .. });
            let named = match (self.named.filter(|_| is_call), event.task) {
                (Some(named), Some(task)) => named.has(task, time_ns),
                _ => true,
            };
            if selected && named && self.from_ns <= time_ns && time_ns < self.to_ns {
                pass.event(partial, task, &event);
            }
        }
    }
}

impl Columns {
    /// Decodes durations and return values of the sites that the filters leave, and their stacks.
    fn read(
        &mut self,
        chunk: &CallsChunk<'_>,
        selection: &Selection,
        stacks: bool,
    ) -> Result<(), FormatError> {
        self.durations.clear();
        self.returns.clear();
        self.stacks.clear();
        self.starts.clear();
        self.lengths.clear();
        let mut durations = chunk.column(ColumnId::DURATION)?;
        let mut returns = chunk.column(ColumnId::RETURN)?;
        let has_stacks = stacks && chunk.has(ColumnId::STACK);
        let mut stacks = has_stacks.then(|| chunk.column(ColumnId::STACK)).transpose()?;
        for site in chunk.sites() {
            if !selection.has_number(site.abi, site.nr) {
                durations.skip_site()?;
                returns.skip_site()?;
                stacks.as_mut().map(|stacks| stacks.skip_site()).transpose()?;
                self.lengths.push(0);
                continue;
            }
            durations.next_site(&mut self.site)?;
            append(&mut self.durations, &mut self.site);
            returns.next_site(&mut self.site)?;
            append(&mut self.returns, &mut self.site);
            if let Some(stacks) = &mut stacks {
                stacks.next_site(&mut self.site)?;
                append(&mut self.stacks, &mut self.site);
            }
            self.lengths.push(site.calls as usize);
        }
        Ok(())
    }

    /// Works out when each of the decoded calls began.
    fn read_starts(&mut self, chunk: &CallsChunk<'_>) -> Result<(), FormatError> {
        chunk.starts(&mut self.times)?;
        chunk.order(&mut self.order)?;
        // These are in order of time; the columns are site by site, without the sites that are filtered out.
        let mut begin = 0;
        let mut next: Vec<Option<usize>> = Vec::with_capacity(self.lengths.len());
        for length in &self.lengths {
            next.push((*length > 0).then_some(begin));
            begin += length;
        }
        self.starts.resize(begin, 0);
        for (site, time) in self.order.iter().zip(&self.times) {
            if let Some(Some(position)) = next.get_mut(*site as usize)
                && let Some(start) = self.starts.get_mut(*position)
            {
                *start = *time;
                *position += 1;
            }
        }
        Ok(())
    }

    fn keep_values(&mut self, chunk: &CallsChunk<'_>, selection: &Selection) {
        let fallible: Vec<bool> =
            chunk.sites().iter().map(|site| !returns_no_result(site.abi, site.nr)).collect();
        self.keep(|columns, site, position| {
            let value = columns.returns[position];
            let errno = if fallible[site] && is_zigzag_error(value) { value.div_ceil(2) as u32 } else { 0 };
            selection.has_values(columns.durations[position], errno)
        });
    }

    /// Closes the gaps over the calls that `selected` (given site and position) leaves out.
    fn keep(&mut self, selected: impl Fn(&Self, usize, usize) -> bool) {
        let (mut from, mut to) = (0, 0);
        for site in 0..self.lengths.len() {
            let (end, begin) = (from + self.lengths[site], to);
            while from < end {
                if selected(self, site, from) {
                    self.durations[to] = self.durations[from];
                    self.returns[to] = self.returns[from];
                    for column in [&mut self.stacks, &mut self.starts].into_iter().filter(|it| !it.is_empty())
                    {
                        column[to] = column[from];
                    }
                    to += 1;
                }
                from += 1;
            }
            self.lengths[site] = to - begin;
        }
        for column in [&mut self.durations, &mut self.returns, &mut self.stacks, &mut self.starts] {
            column.truncate(to);
        }
    }
}

/// Moves the values of one site behind those of the sites before it.
fn append(all: &mut Vec<u64>, site: &mut Vec<u64>) {
    if all.is_empty() {
        std::mem::swap(all, site);
    } else {
        all.append(site);
    }
}
