//! What the stub does with a call, by its number: it makes it, it looks at an argument first, or it leaves the call to the
//! recorder.

use sysrec_format::event::Abi;
use sysrec_syscalls::{ArgKind, Level, REGISTERS_ALWAYS, Shape, by_name, registers_recorded};

use super::layout::{NUMBERS, number, slot};
use crate::capture::CapturePlan;

/// What is known by number.
#[derive(Clone, Debug)]
pub(crate) struct Numbers {
    /// The table in the stub page: see [`number`].
    ways: [u8; NUMBERS],
    /// Whether all of its argument registers are recorded. Asked for each call, to which a look into the tables of all
    /// calls added up to a tenth of what the recorder needs.
    wide: [bool; NUMBERS],
}

impl Numbers {
    /// `recorded` are the calls whose memory `plan` copies, with their stacks those that `has_stack` says; `more` are left
    /// to the recorder whatever they do.
    pub(crate) fn new(
        plan: &CapturePlan,
        recorded: impl Iterator<Item = u32>,
        has_stack: impl Fn(u32) -> bool,
        more: impl Iterator<Item = u32>,
    ) -> Self {
        let abi = sysrec_syscalls::Abi::X86_64;
        let wide: [bool; NUMBERS] =
            std::array::from_fn(|nr| registers_recorded(abi, nr as i32) > slot::NARROW_ARGS);
        let mut table = wide.map(|wide| if wide { number::WIDE } else { number::INLINE });
        let ways = recorded.filter_map(|nr| match way(plan, nr) {
            way if way != number::RECORDER && has_stack(nr) => Some((nr, way | number::WITH_STACK)),
            number::INLINE => None,
            way => Some((nr, way)),
        });
        let left = more.chain(numbers_for_the_recorder()).map(|nr| (nr, number::RECORDER));
        for (nr, way) in ways.chain(left) {
            if let Some(entry) = table.get_mut(nr as usize) {
                *entry = way;
            }
        }
        Numbers { ways: table, wide }
    }

    /// As the stub reads it.
    pub(crate) fn bytes(&self) -> &[u8; NUMBERS] {
        &self.ways
    }

    /// As [`sysrec_syscalls::arguments`].
    #[inline]
    pub(crate) fn arguments(&self, nr: u32, mut registers: [u64; 6]) -> [u64; 6] {
        if self.wide.get(nr as usize) == Some(&false) {
            registers[slot::NARROW_ARGS..].fill(0);
        }
        registers
    }

    fn way(&self, nr: u64) -> u8 {
        let nr = usize::try_from(nr).unwrap_or(NUMBERS);
        self.ways.get(nr).copied().unwrap_or(number::RECORDER)
    }

    /// Whether a call that stopped in the net is to be made by the stub. `refused`: it comes from there, and its ring had
    /// room, as far as we know. The stub refuses a call for want of room, which is there now, for what its arguments say,
    /// or since its stack is a new one.
    pub(crate) fn takes(&self, nr: u64, args: &[u64; 6], refused: bool) -> bool {
        if refused && self.way(nr) & number::WITH_STACK != 0 {
            return false;
        }
        match self.way(nr) & !number::WITH_STACK {
            number::INLINE | number::WIDE => true,
            number::UNLESS_NULL_1 => !refused && args[1] == 0,
            number::UNLESS_NULL_4 => !refused && args[4] == 0,
            number::UNLESS_BARE_1 | number::PATH_0 | number::PATH_1 => !refused,
            _ => false,
        }
    }

    /// Whether the stub copies a path of this call.
    pub(crate) fn has_path(&self, nr: u32) -> bool {
        matches!(self.way(nr.into()) & !number::WITH_STACK, number::PATH_0 | number::PATH_1)
    }

    /// Whether the stub says which stack this call has.
    pub(crate) fn has_stack(&self, nr: u32) -> bool {
        self.way(nr.into()) & number::WITH_STACK != 0
    }

    /// The number's way without its stack: for a call of the recorder's own.
    pub(crate) fn without_stack(mut self, nr: i64) -> Self {
        if let Some(entry) = usize::try_from(nr).ok().and_then(|nr| self.ways.get_mut(nr)) {
            *entry &= !number::WITH_STACK;
        }
        self
    }
}

/// By what of it is to be copied. Structs, buffers and the outputs of a call are for the recorder.
fn way(plan: &CapturePlan, nr: u32) -> u8 {
    let is_address =
        |kind: ArgKind| matches!(kind, ArgKind::In(Shape::Sockaddr(_)) | ArgKind::Out(Shape::Sockaddr(_)));
    match plan.arguments(Abi::X86_64, nr as i32)[..] {
        [] => number::INLINE,
        [(0, ArgKind::Path)] => number::PATH_0,
        [(1, ArgKind::Path)] => number::PATH_1,
        [(1, kind)] if is_address(kind) => number::UNLESS_NULL_1,
        [(4, kind)] if is_address(kind) => number::UNLESS_NULL_4,
        // The rest of a header is data.
        [(1, ArgKind::In(Shape::Msghdr) | ArgKind::Out(Shape::Msghdr))] if plan.level() == Level::Names => {
            number::UNLESS_BARE_1
        }
        _ => number::RECORDER,
    }
}

/// Calls that the recorder must see at their entry or exit: births, ends, new programs; what could touch our part of
/// the address space, the code that we changed, or what the stub relies on (gs, the time stamp counter, the net).
const FOR_THE_RECORDER: &[&str] = &[
    "arch_prctl",
    "clone",
    "clone3",
    "execve",
    "execveat",
    "exit",
    "exit_group",
    "fork",
    "madvise",
    "mlockall",
    "mmap",
    "modify_ldt",
    "mprotect",
    "mremap",
    "munmap",
    "pkey_mprotect",
    "prctl",
    "prlimit64",
    "process_madvise",
    "ptrace",
    "remap_file_pages",
    "rt_sigreturn",
    "sched_getaffinity",
    "sched_setaffinity",
    "seccomp",
    "set_thread_area",
    "setrlimit",
    "shmat",
    "shmdt",
    "vfork",
];

/// [`FOR_THE_RECORDER`] by number.
pub(crate) fn numbers_for_the_recorder() -> impl Iterator<Item = u32> {
    let abi = sysrec_syscalls::Abi::X86_64;
    FOR_THE_RECORDER.iter().filter_map(move |name| by_name(abi, name)).map(|call| call.number)
}

const _: () = assert!(slot::NARROW_ARGS == REGISTERS_ALWAYS);

#[cfg(test)]
mod tests {
    use super::*;

    /// renameat2, whose paths the recorder copies, close, getuid and access.
    const STACKED: [u32; 4] = [316, 3, 102, 21];

    fn numbers(level: Level) -> Numbers {
        Numbers::new(
            &CapturePlan::new(level, 32),
            0..NUMBERS as u32,
            |nr| STACKED.contains(&nr),
            std::iter::once(3),
        )
    }

    fn of(numbers: &Numbers, name: &str) -> u8 {
        let call = by_name(sysrec_syscalls::Abi::X86_64, name).expect("a call of this ABI");
        numbers.way(u64::from(call.number))
    }

    #[test]
    fn what_is_copied_decides_who_makes_a_call() {
        use number::*;
        let names = numbers(Level::Names);
        for (name, way) in [
            ("getppid", INLINE),
            ("read", INLINE),
            ("pread64", WIDE),
            ("futex", WIDE),
            ("open", PATH_0),
            ("readlink", PATH_0),
            ("openat", PATH_1),
            ("statx", PATH_1),
            ("accept4", UNLESS_NULL_1),
            ("connect", UNLESS_NULL_1),
            ("recvfrom", UNLESS_NULL_4),
            ("sendto", UNLESS_NULL_4),
            ("recvmsg", UNLESS_BARE_1),
            ("sendmsg", UNLESS_BARE_1),
            // Two paths; what is written by the call.
            ("rename", RECORDER),
            ("getcwd", RECORDER),
            ("pipe2", RECORDER),
            // Asked for, and always.
            ("close", RECORDER),
            ("execve", RECORDER),
        ] {
            assert_eq!(of(&names, name), way, "{name}");
        }
        let none = numbers(Level::None);
        assert_eq!(["open", "openat", "close"].map(|name| of(&none, name)), [INLINE, WIDE, RECORDER]);
        let all = numbers(Level::All);
        let ways = ["getppid", "chdir", "read", "recvmsg"].map(|name| of(&all, name));
        assert_eq!(ways, [INLINE, PATH_0, RECORDER, RECORDER]);
    }

    #[test]
    fn of_calls_that_the_stub_makes_it_knows_the_stack_or_refuses_them_for_good() {
        use number::*;
        let names = numbers(Level::Names);
        let ways = ["getuid", "access", "renameat2", "close", "getppid"].map(|name| of(&names, name));
        assert_eq!(ways, [INLINE | WITH_STACK, PATH_0 | WITH_STACK, RECORDER, RECORDER, INLINE]);
        for (nr, has_stack) in
            [(102, true), (21, true), (316, false), (3, false), (110, false), (5000, false)]
        {
            assert_eq!(names.has_stack(nr), has_stack, "{nr}");
        }
        assert!(names.has_path(21));
        assert_eq!([false, true].map(|refused| names.takes(102, &[0; 6], refused)), [true, false]);
        assert!(!names.clone().without_stack(102).has_stack(102));
        assert_eq!(of(&names.without_stack(5000), "getuid"), INLINE | WITH_STACK);
    }

    #[test]
    fn what_the_stub_refuses_is_not_sent_back_to_it_for_ever() {
        let names = numbers(Level::Names);
        let args = [1, 2, 3, 4, 5, 6];
        let null = [0; 6];
        let taken = |nr: i64, args| [false, true].map(|refused| names.takes(nr as u64, args, refused));
        assert_eq!(taken(libc::SYS_read, &args), [true, true]);
        assert_eq!(taken(libc::SYS_openat, &args), [true, false]);
        assert_eq!(taken(libc::SYS_recvmsg, &args), [true, false]);
        assert_eq!(taken(libc::SYS_recvfrom, &args), [false, false]);
        assert_eq!(taken(libc::SYS_recvfrom, &null), [true, false]);
        assert_eq!(taken(libc::SYS_accept, &null), [true, false]);
        assert_eq!(taken(libc::SYS_execve, &null), [false, false]);
        assert_eq!(taken(NUMBERS as i64, &null), [false, false]);
        assert_eq!(taken(-1, &null), [false, false]);
    }
}
