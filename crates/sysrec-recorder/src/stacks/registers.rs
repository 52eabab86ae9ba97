//! The registers of a frame, by their DWARF numbers (System V ABI for x86-64, figure 3.36).

use sysrec_format::event::UserRegisters;

use super::memory::Words;

pub(super) const RBP: u16 = 6;
pub(super) const RSP: u16 = 7;
/// The column of the return address.
pub(super) const RIP: u16 = 16;
/// How many there are.
pub(super) const REGISTERS: usize = 17;

/// Places of the registers 0 to 16 in `struct user_regs_struct`: rax rdx rcx rbx rsi rdi rbp rsp r8 to r15 rip.
const PLACES: [usize; REGISTERS] = [10, 12, 11, 5, 13, 14, 4, 19, 9, 8, 7, 6, 3, 2, 1, 0, 16];

/// What is known of a register.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Holds {
    #[default]
    Nothing,
    Value(u64),
    /// What this register of the stopped task holds.
    OfTask(u16, u64),
    /// It is saved there, and read only when somebody asks: most never are.
    SavedAt(u64),
}

/// The registers of a frame. What was not saved is not known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Registers([Holds; REGISTERS]);

impl Registers {
    /// Values by DWARF number, out of a whole set.
    pub(super) fn values(all: &UserRegisters) -> [u64; REGISTERS] {
        PLACES.map(|place| all[place])
    }

    /// Those of a stopped task.
    pub(super) fn of(values: &[u64; REGISTERS]) -> Self {
        Self(std::array::from_fn(|register| Holds::OfTask(register as u16, values[register])))
    }

    pub(super) fn set(&mut self, register: u16, value: u64) {
        self.put(register, Holds::Value(value));
    }

    pub(super) fn saved_at(&mut self, register: u16, address: u64) {
        self.put(register, Holds::SavedAt(address));
    }

    pub(super) fn forget(&mut self, register: u16) {
        self.put(register, Holds::Nothing);
    }

    /// The register holds what `other` held in `from`.
    pub(super) fn take(&mut self, register: u16, other: &Self, from: u16) {
        self.put(register, other.0.get(usize::from(from)).copied().unwrap_or_default());
    }

    fn put(&mut self, register: u16, holds: Holds) {
        // Others (of vectors, of the FPU) lead to no frame.
        if let Some(place) = self.0.get_mut(usize::from(register)) {
            *place = holds;
        }
    }

    /// Of the registers that a function may change (figure 3.36) nothing is known outward of it, nor of its return address.
    pub(super) fn forget_scratch(&mut self) {
        [0, 1, 2, 4, 5, 8, 9, 10, 11, RIP].into_iter().for_each(|register| self.forget(register));
    }

    /// Nothing is known but these.
    pub(super) fn only(&self, kept: &[u16]) -> Self {
        let mut registers = Self::default();
        kept.iter().for_each(|&register| registers.take(register, self, register));
        registers
    }

    /// The value; reads it where it is only known to be saved.
    pub(super) fn get(&mut self, register: u16, words: &mut impl Words) -> Option<u64> {
        let place = self.0.get_mut(usize::from(register))?;
        match *place {
            Holds::Nothing => None,
            Holds::Value(value) => Some(value),
            Holds::OfTask(register, value) => {
                words.used(register, value);
                Some(value)
            }
            Holds::SavedAt(address) => {
                let value = words.word(address)?;
                *place = Holds::Value(value);
                Some(value)
            }
        }
    }
}
