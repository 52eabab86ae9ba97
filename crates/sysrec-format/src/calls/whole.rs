//! Whole calls out of a chunk, for who wants all of them.

use super::registers;
use super::{CallsChunk, ColumnId, Site, stack};
use crate::error::Error;
use crate::event::{Abi, Call, Entry, USER_REGISTERS, UserRegisters};
use crate::wire::unzigzag;

/// Room in which calls are decoded. Used again from chunk to chunk it spares the system hundreds of pages a chunk:
/// the columns are so long that an allocator gives them back to it every time.
#[derive(Debug, Default)]
pub struct CallsRoom {
    order: Vec<u32>,
    by_site: Vec<u64>,
    values: Vec<u64>,
    starts: Vec<u64>,
    durations: Vec<u64>,
}

impl CallsChunk<'_> {
    /// Everything, in order of time. For a report the columns are far faster.
    ///
    /// # Errors
    /// [`Error::Malformed`], also where the frame names no task.
    pub fn calls(&self) -> Result<Vec<Call>, Error> {
        let mut calls = Vec::new();
        self.calls_into(&mut CallsRoom::default(), &mut calls)?;
        Ok(calls)
    }

    /// [`calls`](Self::calls) into a list that is cleared first and left in an unknown state by an error.
    ///
    /// # Errors
    /// [`Error::Malformed`], also where the frame names no task.
    pub fn calls_into(&self, room: &mut CallsRoom, calls: &mut Vec<Call>) -> Result<(), Error> {
        calls.clear();
        let Some(task) = self.task else {
            return Err(Error::malformed(self.offset, "frame of a CALLS chunk", "a task", "none"));
        };
        let CallsRoom { order, by_site, values, starts, durations } = room;
        self.order_with(values, order)?;
        self.arrange(ColumnId::DURATION, order, by_site, durations)?;
        self.starts_from(durations, starts)?;
        let of_site = |(&site, (&time_ns, &duration_ns)): (&u32, (&u64, &u64))| {
            let Site { abi, nr, ip, .. } = self.sites[site as usize];
            let entry = Entry {
                time_ns,
                abi,
                nr,
                ip,
                sp: 0,
                args: [0; 6],
                registers: None,
                captures: Vec::new(),
                stack: None,
            };
            Call { task, entry, duration_ns, ret: 0, exit_registers: None, exit_captures: Vec::new() }
        };
        calls.extend(order.iter().zip(starts.iter().zip(durations.iter())).map(of_site));
        let mut column = |id, put: &dyn Fn(&mut Call, u64)| -> Result<(), Error> {
            self.arrange(id, order, by_site, values)?;
            calls.iter_mut().zip(values.iter()).for_each(|(call, &value)| put(call, value));
            Ok(())
        };
        column(ColumnId::RETURN, &|call, value| call.ret = unzigzag(value))?;
        column(ColumnId::SP, &|call, value| call.entry.sp = value)?;
        if self.has(ColumnId::STACK) {
            column(ColumnId::STACK, &|call, value| call.entry.stack = stack(value))?;
        }
        for argument in 0..6 {
            column(ColumnId::argument(argument), &|call, value| call.entry.args[argument] = value)?;
        }
        self.registers_into(order, calls)?;
        self.captures_into(order, calls)
    }

    fn registers_into(&self, order: &[u32], calls: &mut [Call]) -> Result<(), Error> {
        let column = |id| -> Result<Vec<u64>, Error> {
            let mut values = Vec::new();
            self.arrange(id, order, &mut Vec::new(), &mut values)?;
            Ok(values)
        };
        if self.sites.iter().any(|site| site.entry_registers || site.exit_registers) {
            let residuals = |first: ColumnId| -> Result<Vec<Vec<u64>>, Error> {
                (0..USER_REGISTERS as u16).map(|register| column(ColumnId(first.0 + register))).collect()
            };
            let (entry, exit) = (residuals(ColumnId::ENTRY_REGISTER)?, residuals(ColumnId::EXIT_REGISTER)?);
            for (i, call) in calls.iter_mut().enumerate() {
                let site = &self.sites[order[i] as usize];
                let at = |columns: &[Vec<u64>], register: usize| columns[register][i];
                if site.entry_registers {
                    call.entry.registers = Some(Box::new(std::array::from_fn(|register| {
                        let expected = registers::expected_at_entry(register, &EntryOf(&call.entry));
                        registers::actual(expected, at(&entry, register))
                    })));
                }
                if site.exit_registers {
                    let all: UserRegisters = std::array::from_fn(|register| {
                        let entry = call.entry.registers.as_ref().map(|registers| registers[register]);
                        let expected = registers::expected_at_exit(register, call.ret, entry);
                        registers::actual(expected, at(&exit, register))
                    });
                    call.exit_registers = Some(Box::new(all));
                }
            }
        }
        Ok(())
    }

    /// Decodes every value and checks it.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let calls = self.calls()?;
        let first = calls.iter().map(|call| call.entry.time_ns).min();
        if first != Some(self.first_ns) {
            let found = first.unwrap_or(0);
            return Err(Error::malformed(
                self.offset,
                "first time of a chunk",
                self.first_ns.to_string(),
                found,
            ));
        }
        Ok(())
    }
}

struct EntryOf<'a>(&'a Entry);

impl registers::EntryValues for EntryOf<'_> {
    fn abi(&self) -> Abi {
        self.0.abi
    }
    fn nr(&self) -> i32 {
        self.0.nr
    }
    fn ip(&self) -> u64 {
        self.0.ip
    }
    fn sp(&self) -> u64 {
        self.0.sp
    }
    fn argument(&self, argument: usize) -> u64 {
        self.0.args[argument]
    }
}
