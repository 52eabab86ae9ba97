//! Calls of i386 that stand for others: `socketcall` and `ipc`, and those whose arguments are behind one pointer.

use super::Decoder;
use super::shape::little_endian;
use crate::{Abi, Moment, by_name};

/// A call's name and arguments.
type Inner = (&'static str, Vec<u64>);

impl Decoder<'_, '_> {
    /// From here on a call that stands for another is that one.
    pub(crate) fn enter_multiplexed(&mut self) {
        if self.layout.abi != Abi::I386 {
            return;
        }
        let pointer = self.word(self.args[0]);
        let inner = match self.row.name {
            "socketcall" => self.inside_socketcall(),
            "ipc" => self.inside_ipc(),
            "select" => self.words_at(pointer, 5).map(|args| ("_newselect", args)),
            // Its offset is in bytes, which are whole pages where the call is not an error.
            "mmap" => self.words_at(pointer, 6).map(|mut args| {
                args[5] >>= 12;
                ("mmap2", args)
            }),
            _ => None,
        };
        let Some((name, words)) = inner else { return };
        // Those that i386 has no number of its own for are in x86-64's table.
        let Some(row) = by_name(Abi::I386, name).or_else(|| by_name(Abi::X86_64, name)) else { return };
        self.row = row;
        self.args = [0; 6];
        self.args.iter_mut().zip(words).for_each(|(arg, word)| *arg = word);
    }

    /// `net/socket.c`, `SYSCALL_DEFINE2(socketcall)`, with as many arguments as each has.
    fn inside_socketcall(&mut self) -> Option<Inner> {
        #[rustfmt::skip]
        const CALLS: [(&str, usize); 20] = [
            ("socket", 3), ("bind", 3), ("connect", 3), ("listen", 2), ("accept", 3), ("getsockname", 3),
            ("getpeername", 3), ("socketpair", 4), ("sendto", 4), ("recvfrom", 4), ("sendto", 6), ("recvfrom", 6),
            ("shutdown", 2), ("setsockopt", 5), ("getsockopt", 5), ("sendmsg", 3), ("recvmsg", 3), ("accept4", 4),
            ("recvmmsg", 5), ("sendmmsg", 4),
        ];
        let (name, count) = *CALLS.get(usize::try_from(self.args[0] as u32).ok()?.checked_sub(1)?)?;
        Some((name, self.words_at(self.word(self.args[1]), count)?))
    }

    /// `ipc/syscall.c`, `ksys_ipc`; the upper half of the number is a version, 0 for all programs that are left.
    fn inside_ipc(&mut self) -> Option<Inner> {
        let [call, first, second, third, pointer, fifth] = self.args;
        Some(match call as u32 {
            1 => ("semop", vec![first, pointer, second]),
            2 => ("semget", vec![first, second, third]),
            3 => {
                let value = self.words_at(self.word(pointer), 1)?;
                ("semctl", vec![first, second, third, value[0]])
            }
            4 => ("semtimedop", vec![first, pointer, second, fifth]),
            11 => ("msgsnd", vec![first, pointer, second, third]),
            12 => {
                // Where to, and which type.
                let behind = self.words_at(self.word(pointer), 2)?;
                ("msgrcv", vec![first, behind[0], second, behind[1], third])
            }
            13 => ("msgget", vec![first, second]),
            14 => ("msgctl", vec![first, second, pointer]),
            // The address that it returns goes to the third argument's.
            21 => ("shmat", vec![first, pointer, second]),
            22 => ("shmdt", vec![pointer]),
            23 => ("shmget", vec![first, second, third]),
            24 => ("shmctl", vec![first, second, pointer]),
            _ => return None,
        })
    }

    /// Arguments that stand behind one pointer, as many as that.
    fn words_at(&mut self, address: u64, count: usize) -> Option<Vec<u64>> {
        let word = self.layout.word;
        let bytes = self.read(Moment::Entry, address, (count * word) as u64, count * word);
        let words: Vec<u64> = bytes.chunks_exact(word).map(little_endian).collect();
        (words.len() == count).then_some(words)
    }
}
