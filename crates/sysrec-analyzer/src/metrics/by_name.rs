//! Rows by what calls are about: files, directories, sockets, descriptors. Names depend on all that happened before, so
//! these are counted in order of time.

use rustc_hash::FxHashMap;
use sysrec_format::damage::Damage;
use sysrec_format::event::Call;

use super::distribution::Distribution;
use super::key::{Dimension, Key};
use super::report::Cell;
use crate::descriptors::{Descriptors, Names, ObjectKind, directory};
use crate::outcome::{call_name, error_of};
use crate::selection::Selection;
use crate::timeline::{Item, Timeline};
use crate::trace::Trace;

/// What was collected from one trace.
#[derive(Default)]
pub(super) struct ByName {
    pub(super) rows: FxHashMap<Key, Cell>,
    pub(super) unfinished: FxHashMap<String, u64>,
    pub(super) damages: Vec<Damage>,
}

impl ByName {
    fn row(&mut self, key: Key, digits: u8) -> &mut Cell {
        self.rows.entry(key).or_insert_with(|| Cell::new(Distribution::new(digits)))
    }
}

/// Which way bytes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    In,
    Out,
    /// From the call's first descriptor to its second.
    FirstToSecond,
    /// From the second to the first.
    SecondToFirst,
}

/// Calls whose result is a number of bytes that went through a descriptor, or from one to another.
fn way(name: &str) -> Option<Way> {
    Some(match name {
        "read" | "readv" | "pread64" | "preadv" | "preadv2" | "recvfrom" | "recvmsg" | "recv" => Way::In,
        "write" | "writev" | "pwrite64" | "pwritev" | "pwritev2" | "sendto" | "sendmsg" | "send" => Way::Out,
        "copy_file_range" | "splice" => Way::FirstToSecond,
        "sendfile" | "sendfile64" => Way::SecondToFirst,
        _ => return None,
    })
}

/// What of a call a row is about.
#[derive(Clone, Copy, Debug)]
enum About<'a> {
    /// The call itself: its path, or its first descriptor.
    Call(&'a Call),
    /// A descriptor that it moves bytes to or from besides.
    Descriptor(i32),
}

/// The name for one dimension. Empty where there is nothing of the sort.
fn label(dimension: Dimension, about: About<'_>, names: &Names) -> Vec<u8> {
    let (call, fd) = match about {
        About::Call(call) => (Some(call), Names::descriptor_of(&call.entry)),
        About::Descriptor(fd) => (None, Some(fd)),
    };
    let object = fd.and_then(|fd| names.object(fd));
    let of = |kinds: &[ObjectKind]| {
        let object = object.as_ref().filter(|object| kinds.contains(&object.kind()));
        object.map(|object| object.name())
    };
    match dimension {
        Dimension::Socket => of(&[ObjectKind::Socket]).unwrap_or_default(),
        Dimension::File => match call {
            Some(call) => names.file(&call.entry),
            None => object.map_or_else(|| b"?".to_vec(), |object| object.name()),
        },
        Dimension::Dir => {
            let path = call.and_then(|call| names.path(&call.entry)).or_else(|| of(&[ObjectKind::File]));
            path.as_deref().and_then(directory).map_or_else(Vec::new, <[u8]>::to_vec)
        }
        _ => Vec::new(),
    }
}

/// A key with the names that a row is about.
fn named(mut key: Key, by: &[Dimension], about: About<'_>, names: &Names) -> Key {
    for &dimension in by {
        let place = match dimension {
            Dimension::File => &mut key.file,
            Dimension::Dir => &mut key.dir,
            Dimension::Socket => &mut key.socket,
            Dimension::Fd => {
                key.fd = Some(match about {
                    About::Call(call) => Names::descriptor_of(&call.entry),
                    About::Descriptor(fd) => Some(fd),
                });
                continue;
            }
            _ => continue,
        };
        *place = Some(label(dimension, about, names));
    }
    key
}

/// Counts the selected calls of a trace; `key` has all dimensions but those of names.
pub(super) fn count(
    trace: &Trace,
    selection: &Selection,
    by: &[Dimension],
    digits: u8,
    key: impl Fn(&Call, u32) -> Key,
) -> ByName {
    let mut found = ByName::default();
    let mut descriptors = Descriptors::new();
    let everything = Selection::default();
    let origin_ns = trace.origin_ns();
    for item in Timeline::new(trace, &everything) {
        let names = descriptors.next(&item);
        let task = item.task().and_then(|task| trace.tasks().get(task));
        if !task.is_some_and(|task| selection.has_task(task)) {
            continue;
        }
        match (&item, names) {
            (Item::Call(call), Some(names)) => {
                if !selection.has_call(origin_ns, call) || !selection.has_names(&call.entry, &names) {
                    continue;
                }
                let errno = error_of(call.entry.abi, call.entry.nr, call.ret).unwrap_or(0);
                let key = |about| named(key(call, errno), by, about, &names);
                let cell = found.row(key(About::Call(call)), digits);
                cell.latency.record(&[call.duration_ns]);
                if errno != 0 {
                    cell.error(errno, 1);
                    continue;
                }
                let bytes = u64::try_from(call.ret).unwrap_or(0);
                let way = way(&call_name(call.entry.abi, call.entry.nr)).filter(|_| bytes > 0);
                match way {
                    Some(Way::In | Way::FirstToSecond) => cell.read_bytes += bytes,
                    Some(Way::Out | Way::SecondToFirst) => cell.written_bytes += bytes,
                    None => {}
                }
                // The call itself is counted once, what it moved at both ends.
                if let Some(fd) = Names::second_descriptor_of(&call.entry) {
                    match way {
                        Some(Way::FirstToSecond) => {
                            found.row(key(About::Descriptor(fd)), digits).written_bytes += bytes
                        }
                        Some(Way::SecondToFirst) => {
                            found.row(key(About::Descriptor(fd)), digits).read_bytes += bytes
                        }
                        _ => {}
                    }
                }
            }
            (Item::Event(event), Some(names)) => {
                if let Some(entry) = selection.unfinished(event)
                    && selection.has_unfinished()
                    && selection.has_time(origin_ns, entry.time_ns)
                    && selection.has_names(entry, &names)
                {
                    *found.unfinished.entry(call_name(entry.abi, entry.nr).into_owned()).or_default() += 1;
                }
            }
            (Item::Damage(damage), _) => found.damages.push(damage.clone()),
            _ => {}
        }
    }
    found
}
