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

/// Which way bytes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    In,
    Out,
    Both,
}

/// Calls whose result is a number of bytes that went through the descriptor.
fn way(name: &str) -> Option<Way> {
    Some(match name {
        "read" | "readv" | "pread64" | "preadv" | "preadv2" | "recvfrom" | "recvmsg" | "recv" => Way::In,
        "write" | "writev" | "pwrite64" | "pwritev" | "pwritev2" | "sendto" | "sendmsg" | "send" => Way::Out,
        "sendfile" | "sendfile64" | "copy_file_range" | "splice" => Way::Both,
        _ => return None,
    })
}

/// What a call is about, for one dimension. Empty where it is about nothing of the sort.
fn label(dimension: Dimension, call: &Call, names: &Names) -> Vec<u8> {
    let object = Names::descriptor_of(&call.entry).and_then(|fd| names.object(fd));
    let of = |kinds: &[ObjectKind]| {
        let object = object.as_ref().filter(|object| kinds.contains(&object.kind()));
        object.map(|object| object.name())
    };
    match dimension {
        Dimension::Socket => of(&[ObjectKind::Socket]).unwrap_or_default(),
        Dimension::File => names.file(&call.entry),
        Dimension::Dir => {
            let path = names.path(&call.entry).or_else(|| of(&[ObjectKind::File]));
            path.as_deref().and_then(directory).map_or_else(Vec::new, <[u8]>::to_vec)
        }
        _ => Vec::new(),
    }
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
                let mut key = key(call, errno);
                for &dimension in by {
                    let place = match dimension {
                        Dimension::File => &mut key.file,
                        Dimension::Dir => &mut key.dir,
                        Dimension::Socket => &mut key.socket,
                        Dimension::Fd => {
                            key.fd = Some(Names::descriptor_of(&call.entry));
                            continue;
                        }
                        _ => continue,
                    };
                    *place = Some(label(dimension, call, &names));
                }
                let cell = found.rows.entry(key).or_insert_with(|| Cell::new(Distribution::new(digits)));
                cell.latency.record(&[call.duration_ns]);
                if errno != 0 {
                    cell.error(errno, 1);
                } else if call.ret > 0 {
                    let bytes = call.ret as u64;
                    match way(&call_name(call.entry.abi, call.entry.nr)) {
                        Some(Way::In) => cell.read_bytes += bytes,
                        Some(Way::Out) => cell.written_bytes += bytes,
                        Some(Way::Both) => {
                            cell.read_bytes += bytes;
                            cell.written_bytes += bytes;
                        }
                        None => {}
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
