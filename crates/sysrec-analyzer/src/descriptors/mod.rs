//! The descriptors of every process, rebuilt from the trace: which file, socket or pipe a number stood for at a moment.
//!
//! ```text
//!  DESCRIPTOR 0 /dev/null        task 1: 0 /dev/null
//!  openat("a") = 3               task 1: 0 /dev/null   3 /srv/a       a call's descriptors are there from its end on,
//!  clone() ── task 2             task 2: 0 /dev/null   3 /srv/a       those that it closes are gone from its start on
//!  dup2(3, 0)                    task 2: 0 /srv/a      3 /srv/a
//! ```
//! What is not known is not guessed: a name needs the memory that the recording kept (`--capture none` keeps none), or an event
//! in which the recorder says what a descriptor is. Links in paths are not known to a trace.

mod effect;
mod object;
mod path;
mod table;

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;

use rustc_hash::FxHashMap;
use sysrec_format::event::{Capture, Entry, Event, EventBody, TaskEnd, TaskId};
use sysrec_syscalls::{ArgKind, DescriptorNames, Moment};

use crate::outcome::call_name;
use crate::timeline::Item;
use effect::{CLONE_FILES, CLONE_FS, Effect, Made, Met};
pub use object::{Object, ObjectKind};
pub use path::directory;
use table::{Budget, Table};

type Files = Rc<RefCell<Table>>;
type Place = Rc<RefCell<Option<Vec<u8>>>>;

/// What a task has: its descriptors and its working directory, which it may share.
#[derive(Clone, Debug)]
struct Owner {
    files: Files,
    place: Place,
    /// The flags of the clone that it is in.
    cloning: Option<u64>,
}

/// Follows the descriptors of all tasks through a trace. See the [module](self).
///
/// Items are told in the order of a [`Timeline`](crate::Timeline) over the whole trace.
#[derive(Debug, Default)]
pub struct Descriptors {
    owners: FxHashMap<TaskId, Owner>,
    budget: Budget,
    /// Effects of calls that had not returned when they were told, by task and by when they do.
    to_come: FxHashMap<TaskId, (u64, Effect)>,
    due: BTreeSet<(u64, TaskId)>,
    met: Met,
}

/// The descriptors that a call found, and those that it made. To be asked before the next item is told.
#[derive(Clone, Debug)]
pub struct Names {
    files: Files,
    place: Place,
    opened: Vec<(i32, Option<Rc<Object>>)>,
}

/// What was captured at an address; what begins there counts, or what holds it.
fn memory(captures: &[Capture], address: u64) -> Option<&[u8]> {
    let from = |capture: &Capture| usize::try_from(address.checked_sub(capture.address)?).ok();
    captures.iter().filter_map(|capture| capture.bytes.get(from(capture)?..)).max_by_key(|bytes| bytes.len())
}

impl Descriptors {
    /// Nothing is known yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next item. Of a call, finished or not, what its descriptors are.
    pub fn next(&mut self, item: &Item) -> Option<Names> {
        while let Some(&(end_ns, task)) = self.due.first()
            && end_ns <= item.begin_ns()
        {
            self.carry_out(task);
        }
        let task = item.task()?;
        match item {
            Item::Call(call) => {
                self.carry_out(task);
                let names = self.names(task);
                let name = call_name(call.entry.abi, call.entry.nr);
                self.note_clone(task, &name, &call.entry);
                let made = Made {
                    name: &name,
                    entry: &call.entry,
                    ret: call.ret,
                    exit_captures: &call.exit_captures,
                    duration_ns: call.duration_ns,
                    met: &mut self.met,
                };
                let effect = made.effect(&names);
                let opened = effect.opened.iter().map(|(fd, object, _)| (*fd, object.clone())).collect();
                // What is closed is free for others as soon as the call has begun.
                let end_ns = call.entry.time_ns.saturating_add(call.duration_ns);
                let due_ns = if effect.closed.is_some() { call.entry.time_ns } else { end_ns };
                self.due.insert((due_ns, task));
                self.to_come.insert(task, (due_ns, effect));
                Some(Names { opened, ..names })
            }
            Item::Event(event) => match &event.body {
                EventBody::Unfinished { entry, .. } => {
                    self.carry_out(task);
                    self.note_clone(task, &call_name(entry.abi, entry.nr), entry);
                    Some(self.names(task))
                }
                _ => {
                    self.event(task, event);
                    None
                }
            },
            Item::Damage(_) => None,
        }
    }

    fn owner(&mut self, task: TaskId) -> &mut Owner {
        let budget = &self.budget;
        self.owners.entry(task).or_insert_with(|| Owner {
            files: Rc::new(RefCell::new(Table::new(budget))),
            place: Place::default(),
            cloning: None,
        })
    }

    fn names(&mut self, task: TaskId) -> Names {
        let owner = self.owner(task);
        Names { files: owner.files.clone(), place: owner.place.clone(), opened: Vec::new() }
    }

    /// Keeps the flags of a clone for the task that it makes. Those of clone3 are in memory.
    fn note_clone(&mut self, task: TaskId, name: &str, entry: &Entry) {
        let flags = match name {
            "clone" => Some(entry.args[0]),
            "clone3" => memory(&entry.captures, entry.args[0])
                .and_then(|args| args.get(..8)?.try_into().ok())
                .map(u64::from_le_bytes),
            "fork" | "vfork" => Some(0),
            _ => None,
        };
        self.owner(task).cloning = flags;
    }

    fn event(&mut self, task: TaskId, event: &Event) {
        match &event.body {
            EventBody::TaskStart { process, parent, .. } => self.born(task, *process, *parent),
            EventBody::Exec { former, .. } => {
                let of = former.unwrap_or(task);
                self.carry_out(of);
                let old = self.owner(of).clone();
                let mut files = old.files.borrow().copy();
                files.close_on_exec();
                let place = Rc::new(RefCell::new(old.place.borrow().clone()));
                self.owners.insert(task, Owner { files: Rc::new(RefCell::new(files)), place, cloning: None });
            }
            EventBody::Descriptor { fd, target } => {
                self.owner(task).files.borrow_mut().tell(*fd, Object::from_link(target), event.time_ns);
            }
            EventBody::WorkingDirectory { path } => {
                *self.owner(task).place.borrow_mut() = Some(path.clone());
            }
            EventBody::TaskEnd(end) if *end != TaskEnd::Superseded => {
                self.carry_out(task);
                self.owners.remove(&task);
            }
            _ => {}
        }
    }

    fn born(&mut self, task: TaskId, process: TaskId, parent: Option<TaskId>) {
        let of = if process == task { parent } else { parent.or(Some(process)) };
        let Some(parent) = of.and_then(|of| self.owners.get(&of)).cloned() else { return };
        // Threads share both; where the call is not in the trace, a process has both of its own, as after fork.
        let all = CLONE_FILES | CLONE_FS;
        let shared = parent.cloning.unwrap_or(if process == task { 0 } else { all });
        let files = if shared & CLONE_FILES != 0 {
            parent.files
        } else {
            Rc::new(RefCell::new(parent.files.borrow().copy()))
        };
        let place = if shared & CLONE_FS != 0 {
            parent.place
        } else {
            Rc::new(RefCell::new(parent.place.borrow().clone()))
        };
        self.owners.insert(task, Owner { files, place, cloning: None });
    }

    /// The task's last call has returned: what it did counts from now on.
    fn carry_out(&mut self, task: TaskId) {
        let Some((due_ns, effect)) = self.to_come.remove(&task) else { return };
        self.due.remove(&(due_ns, task));
        let owner = self.owner(task);
        if effect.unshared & CLONE_FILES != 0 {
            let own = owner.files.borrow().copy();
            owner.files = Rc::new(RefCell::new(own));
        }
        if effect.unshared & CLONE_FS != 0 {
            let own = owner.place.borrow().clone();
            owner.place = Rc::new(RefCell::new(own));
        }
        if let Some(place) = effect.moved {
            *owner.place.borrow_mut() = place;
        }
        let mut files = owner.files.borrow_mut();
        match effect.closed {
            Some(fds) if fds.start() == fds.end() => files.remove(*fds.start()),
            Some(fds) => files.remove_range(&fds),
            None => {}
        }
        if let Some((fds, close_on_exec)) = effect.close_on_exec {
            files.set_close_on_exec(fds, close_on_exec);
        }
        for (fd, object, close_on_exec) in effect.opened {
            files.insert(fd, object, close_on_exec, due_ns);
        }
        if let Some(arrival) = effect.arriving {
            for (fd, object) in arrival.received() {
                files.insert(fd, object, arrival.close_on_exec, due_ns);
            }
        }
    }
}

impl Names {
    /// What a descriptor stood for when the call began.
    pub fn object(&self, fd: i32) -> Option<Rc<Object>> {
        self.files.borrow().get(fd).cloned()
    }

    /// What a descriptor stood for when the call returned.
    pub fn object_after(&self, fd: i32) -> Option<Rc<Object>> {
        match self.opened.iter().rev().find(|(opened, _)| *opened == fd) {
            Some((_, object)) => object.clone(),
            None => self.object(fd),
        }
    }

    /// The working directory, where it is known.
    pub fn directory(&self) -> Option<Vec<u8>> {
        self.place.borrow().clone()
    }

    /// The file that a call is about: its path, else what its descriptor stands for. `?` for a descriptor of which the
    /// trace tells nothing, empty for a call about none.
    pub fn file(&self, entry: &Entry) -> Vec<u8> {
        if let Some(path) = self.path(entry) {
            return path;
        }
        match Self::descriptor_of(entry) {
            Some(fd) => self.object(fd).map_or_else(|| b"?".to_vec(), |object| object.name()),
            None => Vec::new(),
        }
    }

    /// The descriptor that the call is about: the first of its arguments that is one, and no directory to start from.
    pub fn descriptor_of(entry: &Entry) -> Option<i32> {
        Self::descriptor_argument(entry, 0)
    }

    /// The second one, of a call that moves bytes from one to another.
    pub fn second_descriptor_of(entry: &Entry) -> Option<i32> {
        Self::descriptor_argument(entry, 1)
    }

    fn descriptor_argument(entry: &Entry, n: usize) -> Option<i32> {
        let row = sysrec_syscalls::lookup(sysrec_syscalls::Abi::from_code(entry.abi.0)?, entry.nr)?;
        let (place, _) = row.args.iter().enumerate().filter(|(_, arg)| arg.kind == ArgKind::Fd).nth(n)?;
        entry.args.get(place).map(|&fd| fd as i32).filter(|&fd| fd >= 0)
    }
}

impl DescriptorNames for Names {
    fn descriptor(&self, fd: i32, moment: Moment) -> Option<Cow<'_, [u8]>> {
        let object = match moment {
            Moment::Entry => self.object(fd),
            Moment::Exit => self.object_after(fd),
        };
        object.map(|object| Cow::Owned(object.name()))
    }

    fn working_directory(&self) -> Option<Cow<'_, [u8]>> {
        self.directory().map(Cow::Owned)
    }
}
