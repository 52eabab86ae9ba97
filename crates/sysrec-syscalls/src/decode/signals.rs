//! Signals: sets, actions, what came with one, and how a child ended.

use super::Decoder;
use super::list::members;
use super::number::{handler, signal_name};
use super::shape::little_endian;
use crate::constants as sets;
use crate::value::Value;
use crate::{Moment, signal};

/// Bytes of the kernel's `sigset_t`.
const SIGSET_BYTES: u64 = 8;

impl Decoder<'_, '_> {
    /// A set of signals; the size of what is no set is an error for the kernel.
    pub(crate) fn sigset(&mut self, address: u64, bytes: u64, moment: Moment) -> Option<Value> {
        if bytes == 0 || bytes > SIGSET_BYTES {
            return None;
        }
        let read = self.read(moment, address, bytes, bytes as usize);
        (read.len() as u64 == bytes).then(|| signals_of(&read))
    }

    /// The set behind the pointer of `pselect6`, and its size.
    pub(crate) fn sigset_arg(&mut self, address: u64, moment: Moment) -> Option<Value> {
        let word = self.layout.word;
        let bytes = self.read(moment, address, 2 * word as u64, 2 * word);
        let (set_at, size) = (self.pointer_in(&bytes, 0)?, self.pointer_in(&bytes, word)?);
        let set = if set_at == 0 { None } else { self.sigset(set_at, size, moment) };
        let fields =
            vec![("sigmask", set.unwrap_or(Value::Address(set_at))), ("sigsetsize", Value::Unsigned(size))];
        Some(Value::whole(fields))
    }

    /// `struct sigaction` of the kernel: handler, flags, restorer, and the mask at the end
    /// (`include/linux/signal_types.h`).
    pub(crate) fn sigaction(&mut self, address: u64, mask_bytes: u64, moment: Moment) -> Option<Value> {
        let word = self.layout.word;
        let mask_bytes = usize::try_from(mask_bytes.min(SIGSET_BYTES)).ok()?;
        let size = 3 * word + mask_bytes;
        let bytes = self.read(moment, address, size as u64, size);
        let mask = signals_of(bytes.get(3 * word..size)?);
        let [first, flags, restorer] = [0, word, 2 * word].map(|offset| self.pointer_in(&bytes, offset));
        Some(action(first?, mask, flags?, restorer?))
    }

    /// The oldest form, of i386: handler, mask, flags, restorer.
    pub(crate) fn old_sigaction(&mut self, address: u64, moment: Moment) -> Option<Value> {
        let bytes = self.read(moment, address, 16, 16);
        let mask = signals_of(bytes.get(4..8)?);
        let [first, flags, restorer] = [0, 8, 12].map(|offset| self.pointer_in(&bytes, offset));
        Some(action(first?, mask, flags?, restorer?))
    }

    /// `siginfo_t`: its union by signal and code (`include/uapi/asm-generic/siginfo.h`).
    pub(crate) fn siginfo(&mut self, address: u64, moment: Moment) -> Option<Value> {
        const SIZE: usize = 128;
        let bytes = self.read(moment, address, SIZE as u64, SIZE);
        let int = |offset: usize| Some(little_endian(bytes.get(offset..offset + 4)?) as i32);
        let (number, error, code) = (int(0)?, int(4)?, int(8)?);
        if number == 0 {
            return Some(Value::whole(Vec::new()));
        }
        // The union is aligned as a pointer is.
        let union = if self.layout.word == 4 { 12 } else { 16 };
        let is_child = number == 17 && code > 0;
        let code_name = match code {
            1.. if is_child => sets::CLD_CODE.one(code as u64, 32),
            _ => sets::SI_CODE.one(code as u32 as u64, 32),
        };
        let mut fields = vec![("si_signo", signal_name(number.into())), ("si_code", Value::name(code_name))];
        if error != 0 {
            let name = u32::try_from(error).ok().and_then(crate::errno::name);
            fields.insert(1, ("si_errno", name.map_or(Value::Signed(error.into()), Value::name)));
        }
        let id = |offset: usize| Some(Value::Unsigned(u64::from(int(offset)? as u32)));
        let is_fault = matches!(number, 4 | 5 | 7 | 8 | 11) && code > 0;
        if is_fault {
            fields.push(("si_addr", Value::Address(self.pointer_in(&bytes, union)?)));
            return Some(Value::whole(fields));
        }
        fields.push(("si_pid", Value::Signed(int(union)?.into())));
        fields.push(("si_uid", id(union + 4)?));
        if is_child {
            let status = int(union + 8)?;
            // CLD_EXITED
            let status = if code == 1 { Value::Signed(status.into()) } else { signal_name(status.into()) };
            fields.push(("si_status", status));
            let word = self.layout.word;
            let times = usize::next_multiple_of(union + 12, word);
            for (name, offset) in [("si_utime", times), ("si_stime", times + word)] {
                fields.push((name, Value::Unsigned(self.pointer_in(&bytes, offset)?)));
            }
        // SI_QUEUE, SI_MESGQ
        } else if matches!(code, -1 | -3) {
            let pointer = self.pointer_in(&bytes, union + 8)?;
            fields.push(("si_int", Value::Signed(i64::from(pointer as i32))));
            fields.push(("si_ptr", Value::Address(pointer)));
        }
        Some(Value::whole(fields))
    }

    /// How a timer or queue tells of itself.
    pub(crate) fn sigevent(&mut self, address: u64, moment: Moment) -> Option<Value> {
        let word = self.layout.word;
        let size = word + 12;
        let bytes = self.read(moment, address, size as u64, size);
        let value = self.pointer_in(&bytes, 0)?;
        let int = |offset: usize| Some(little_endian(bytes.get(offset..offset + 4)?));
        let (number, notify, thread) = (int(word)?, int(word + 4)?, int(word + 8)?);
        let is_zero = value == 0;
        let value = Value::whole(vec![
            ("sival_int", Value::Signed(i64::from(value as i32))),
            ("sival_ptr", Value::Address(value)),
        ]);
        let mut fields = vec![
            ("sigev_signo", signal_name(i64::from(number as i32))),
            ("sigev_notify", Value::name(sets::SIGEV_NOTIFY.one(notify, 32))),
        ];
        if !is_zero {
            fields.insert(0, ("sigev_value", value));
        }
        // SIGEV_THREAD_ID
        if notify == 4 {
            fields.push(("sigev_notify_thread_id", Value::Signed(i64::from(thread as i32))));
        }
        Some(Value::whole(fields))
    }

    /// What `wait` tells, in the words of wait(2).
    pub(crate) fn wait_status(&mut self, address: u64, moment: Moment) -> Option<Value> {
        let bytes = self.read(moment, address, 4, 4);
        let status = u32::from_le_bytes(bytes.try_into().ok()?);
        let (low, high) = (status & 0x7f, status >> 8 & 0xff);
        let text = match (status & 0xff, low) {
            (_, 0) => format!("WIFEXITED(s) && WEXITSTATUS(s) == {high}"),
            (0xff, _) if status == 0xffff => "WIFCONTINUED(s)".to_owned(),
            (0x7f, _) => {
                // A tracer sees more than a signal there: an event, or the mark of a system call.
                let event = status >> 16;
                let mark = if high & 0x80 != 0 { " | 0x80" } else { "" };
                let number = signal::kernel_name((high & 0x7f) as i32);
                let event = if event > 0 { format!(" | {event:#x} << 8") } else { String::new() };
                format!("WIFSTOPPED(s) && WSTOPSIG(s) == {number}{mark}{event}")
            }
            _ => {
                let dumped = if status & 0x80 != 0 { " && WCOREDUMP(s)" } else { "" };
                format!("WIFSIGNALED(s) && WTERMSIG(s) == {}{dumped}", signal::kernel_name(low as i32))
            }
        };
        Some(Value::all(vec![Value::name(format!("{{{text}}}"))]))
    }
}

/// The members of a set, short; most of all signals are shown by what is missing.
pub(crate) fn signals_of(mask: &[u8]) -> Value {
    let total = mask.len() * 8;
    let present: Vec<u32> = members(mask).collect();
    let is_inverted = present.len() * 3 >= total * 2;
    let shown: Vec<u32> = match is_inverted {
        true => (0..total as u32).filter(|member| !present.contains(member)).collect(),
        false => present,
    };
    let short = |member: u32| {
        let name = signal::kernel_name(member as i32 + 1);
        Value::name(name.strip_prefix("SIG").unwrap_or(&name).to_owned())
    };
    Value::Set { items: shown.into_iter().map(short).collect(), is_inverted }
}

fn action(first: u64, mask: Value, flags: u64, restorer: u64) -> Value {
    let mut fields = vec![
        ("sa_handler", handler(first)),
        ("sa_mask", mask),
        ("sa_flags", Value::name(sets::SIGACTION.joined(flags & 0xffff_ffff))),
    ];
    // SA_RESTORER
    if flags & 0x0400_0000 != 0 {
        fields.push(("sa_restorer", Value::Address(restorer)));
    }
    Value::whole(fields)
}
