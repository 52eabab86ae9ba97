//! The CALLS chunk: the finished calls of one task, as columns.
//!
//! The calls are grouped by *site*: the distinct (ABI, number, instruction pointer) of the chunk, ascending by
//! address. A column holds one block of numbers a site, in the order of the sites, the calls of a site in order of
//! time; so a report runs over the durations of one system call in one piece, and each number is coded among those
//! it resembles. Two columns are in order of time instead: ORDER (which site the next call is of) and GAP.
//!
//! ```text
//!  varint sites | varint columns | columns * (varint id, varint bytes) | the columns' bytes | zeros
//!
//!  time order    read   write  read   read       ORDER     0 1 0 0
//!                |--|   |---|  |--|   |---|      GAP       start minus the end of the call before
//!  by site       read: 3 calls  write: 1 call    DURATION  [2 2 3] [3]
//! ```

mod captures;
pub(crate) mod encode;
mod registers;
mod sites;
mod whole;

pub use whole::CallsRoom;

use crate::column::{decode, skip};
use crate::error::Error;
use crate::event::{Abi, StackId, TaskId};
use crate::frame::FrameHeader;
use crate::limits::{CALLS_PER_PAYLOAD_BYTE_MAX, CHUNK_CALLS_MAX, COLUMNS_MAX, STACK_NODES_MAX};
use crate::wire::{Cursor, unzigzag};

/// Which column. An open set: a reader passes over those it does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ColumnId(pub u16);

impl ColumnId {
    /// The ABI of each site.
    pub const SITE_ABI: ColumnId = ColumnId(1);
    /// The call number of each site, as zigzag.
    pub const SITE_NR: ColumnId = ColumnId(2);
    /// The instruction pointer of each site.
    pub const SITE_IP: ColumnId = ColumnId(3);
    /// The number of calls of each site, at least 1.
    pub const SITE_CALLS: ColumnId = ColumnId(4);
    /// Which register sets the calls of each site have: bit 0 at entry, bit 1 at exit. Absent: none.
    pub const SITE_REGISTERS: ColumnId = ColumnId(5);
    /// The distinct byte strings of the chunk's captures.
    pub const BLOBS: ColumnId = ColumnId(6);
    /// The site of each call, in order of time. Absent where there is one site.
    pub const ORDER: ColumnId = ColumnId(8);
    /// Start minus the end of the call before (the first: minus the frame's first time), as zigzag, in order of time.
    pub const GAP: ColumnId = ColumnId(9);
    /// Durations, nanoseconds.
    pub const DURATION: ColumnId = ColumnId(10);
    /// Return values, as zigzag.
    pub const RETURN: ColumnId = ColumnId(11);
    /// Stack pointers.
    pub const SP: ColumnId = ColumnId(12);
    /// Stacks: the number of the stack plus one; 0 for none. Absent where no call has one.
    pub const STACK: ColumnId = ColumnId(13);
    /// The first argument; the other five follow.
    pub const ARGUMENT: ColumnId = ColumnId(16);
    /// The first register at entry; the other 26 follow. Zigzag of the difference to what it probably is; absent
    /// where that is always zero.
    pub const ENTRY_REGISTER: ColumnId = ColumnId(32);
    /// The first register at exit; the other 26 follow. Zigzag of the difference to what it probably is; absent
    /// where that is always zero.
    pub const EXIT_REGISTER: ColumnId = ColumnId(64);
    /// How many captures each call has at entry. Absent: none.
    pub const ENTRY_CAPTURES: ColumnId = ColumnId(96);
    /// How many captures each call has at exit. Absent: none.
    pub const EXIT_CAPTURES: ColumnId = ColumnId(97);
    /// What the address of each capture is counted from.
    pub const CAPTURE_BASE: ColumnId = ColumnId(98);
    /// Its address less that, as zigzag.
    pub const CAPTURE_OFFSET: ColumnId = ColumnId(99);
    /// How many bytes were wanted less those that are there, as zigzag.
    pub const CAPTURE_WANTED: ColumnId = ColumnId(100);
    /// Why there are fewer.
    pub const CAPTURE_CUT: ColumnId = ColumnId(101);
    /// Which of the blobs was there.
    pub const CAPTURE_BLOB: ColumnId = ColumnId(102);

    /// The column of an argument, 0 to 5.
    pub fn argument(argument: usize) -> Self {
        Self(Self::ARGUMENT.0 + argument as u16)
    }

    /// The column of a register at entry, 0 to 26.
    pub fn entry_register(register: usize) -> Self {
        Self(Self::ENTRY_REGISTER.0 + register as u16)
    }

    /// The column of a register at exit, 0 to 26.
    pub fn exit_register(register: usize) -> Self {
        Self(Self::EXIT_REGISTER.0 + register as u16)
    }
}

/// What calls of a chunk have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Site {
    /// The table that [`nr`](Self::nr) belongs to.
    pub abi: Abi,
    /// The call's number.
    pub nr: i32,
    /// Instruction pointer, see [`Entry::ip`](crate::event::Entry::ip).
    pub ip: u64,
    /// Calls of this site in the chunk, at least 1.
    pub calls: u32,
    /// Whether all registers at entry are there.
    pub entry_registers: bool,
    /// Whether all registers at exit are there.
    pub exit_registers: bool,
}

/// A CALLS chunk whose directory and sites have been read.
#[derive(Clone, Debug)]
pub struct CallsChunk<'a> {
    sites: Vec<Site>,
    columns: Vec<(ColumnId, Cursor<'a>)>,
    task: Option<TaskId>,
    calls: u32,
    first_ns: u64,
    offset: u64,
    payload_bytes: u64,
}

/// The stack behind a value of the STACK column; `None` also for a number that no stack can have.
pub fn stack(value: u64) -> Option<StackId> {
    u32::try_from(value.checked_sub(1)?).ok().filter(|&stack| stack < STACK_NODES_MAX).map(StackId)
}

/// The return value behind a value of the RETURN column.
pub fn ret(value: u64) -> i64 {
    unzigzag(value)
}

impl<'a> CallsChunk<'a> {
    /// Reads directory and sites of a payload that lies at `offset` in the file (for errors).
    ///
    /// # Errors
    /// [`Error::Malformed`].
    pub fn parse(payload: &'a [u8], header: &FrameHeader, offset: u64) -> Result<Self, Error> {
        let mut cursor = Cursor::new(payload, offset);
        let most = CHUNK_CALLS_MAX.min(
            (payload.len() as u64).saturating_mul(CALLS_PER_PAYLOAD_BYTE_MAX.into()).min(u32::MAX.into())
                as u32,
        );
        if !(1..=most).contains(&header.count) {
            let expected = format!("1 to {most} in {} bytes", payload.len());
            return Err(cursor.fail("number of calls in a chunk", expected, header.count));
        }
        let at = cursor.clone();
        let sites = cursor.varint("number of sites")?;
        if !(1..=u64::from(header.count)).contains(&sites) {
            return Err(at.fail("number of sites", format!("1 to {}", header.count), sites));
        }
        let columns = directory(&mut cursor)?;
        if let Some(at) = cursor.rest().iter().position(|&byte| byte != 0) {
            let place = cursor.offset() + at as u64;
            return Err(Error::malformed(place, "end of a chunk", "zeros", cursor.rest()[at]));
        }
        let mut chunk = Self {
            sites: Vec::new(),
            columns,
            task: header.task,
            calls: header.count,
            first_ns: header.first_ns,
            offset,
            payload_bytes: payload.len() as u64,
        };
        chunk.sites = chunk.read_sites(sites as usize)?;
        Ok(chunk)
    }

    fn read_sites(&self, count: usize) -> Result<Vec<Site>, Error> {
        let values = |id: ColumnId| -> Result<Vec<u64>, Error> {
            let mut values = Vec::new();
            let mut cursor = self.bytes(id)?;
            decode(&mut cursor, count, &mut values)?;
            at_end(&cursor)?;
            Ok(values)
        };
        let abis = values(ColumnId::SITE_ABI)?;
        let numbers = values(ColumnId::SITE_NR)?;
        let ips = values(ColumnId::SITE_IP)?;
        let counts = values(ColumnId::SITE_CALLS)?;
        let registers = if self.has(ColumnId::SITE_REGISTERS) {
            values(ColumnId::SITE_REGISTERS)?
        } else {
            vec![0; count]
        };
        let mut left = u64::from(self.calls);
        let mut sites = Vec::with_capacity(count);
        for i in 0..count {
            let fail = |what, expected: String, found: u64| {
                Err(Error::malformed(self.offset, what, format!("{expected} for site {i}"), found))
            };
            let (Ok(abi), Ok(nr)) = (u8::try_from(abis[i]), i32::try_from(unzigzag(numbers[i]))) else {
                return fail("ABI and number of a site", "8 and 32 bits".into(), abis[i].max(numbers[i]));
            };
            if counts[i] == 0 || counts[i] > left {
                return fail("calls of a site", format!("1 to {left}"), counts[i]);
            }
            if registers[i] > 3 {
                return fail("register sets of a site", "0 to 3".into(), registers[i]);
            }
            left -= counts[i];
            sites.push(Site {
                abi: Abi(abi),
                nr,
                ip: ips[i],
                calls: counts[i] as u32,
                entry_registers: registers[i] & 1 != 0,
                exit_registers: registers[i] & 2 != 0,
            });
        }
        if left != 0 {
            let found = u64::from(self.calls) - left;
            return Err(Error::malformed(self.offset, "calls of all sites", self.calls.to_string(), found));
        }
        Ok(sites)
    }

    /// The task that made the calls.
    pub fn task(&self) -> Option<TaskId> {
        self.task
    }

    /// Calls in the chunk, at least 1.
    #[allow(clippy::len_without_is_empty, reason = "a chunk is never empty")]
    pub fn len(&self) -> usize {
        self.calls as usize
    }

    /// The sites, in the order in which the columns have them.
    pub fn sites(&self) -> &[Site] {
        &self.sites
    }

    /// Whether a column is there.
    pub fn has(&self, id: ColumnId) -> bool {
        self.columns.iter().any(|(column, _)| *column == id)
    }

    fn bytes(&self, id: ColumnId) -> Result<Cursor<'a>, Error> {
        match self.columns.iter().find(|(column, _)| *column == id) {
            Some((_, cursor)) => Ok(cursor.clone()),
            None => {
                Err(Error::malformed(self.offset, "columns of a chunk", format!("column {}", id.0), "none"))
            }
        }
    }

    /// A column that has a block a site; the values are as stored (see [`ColumnId`]). A register column has no block
    /// for a site without register sets.
    ///
    /// # Errors
    /// [`Error::Malformed`] where the chunk does not have it.
    pub fn column(&self, id: ColumnId) -> Result<SiteColumn<'_>, Error> {
        let sites = self.sites.as_slice();
        let optional = id == ColumnId::STACK || matches!(id.0, 32..=58 | 64..=90 | 96..=97);
        if optional && !self.has(id) {
            let cursor = Cursor::new(&[], self.offset);
            return Ok(SiteColumn { cursor, sites, id, zeros: true });
        }
        Ok(SiteColumn { cursor: self.bytes(id)?, sites, id, zeros: false })
    }

    /// The site of each call, as an index into [`sites`](Self::sites), in order of time. Clears `out` first.
    ///
    /// # Errors
    /// [`Error::Malformed`].
    pub fn order(&self, out: &mut Vec<u32>) -> Result<(), Error> {
        self.order_with(&mut Vec::new(), out)
    }

    fn order_with(&self, values: &mut Vec<u64>, out: &mut Vec<u32>) -> Result<(), Error> {
        out.clear();
        if self.sites.len() == 1 {
            out.resize(self.len(), 0);
            return Ok(());
        }
        let mut cursor = self.bytes(ColumnId::ORDER)?;
        let at = cursor.clone();
        values.clear();
        decode(&mut cursor, self.len(), values)?;
        at_end(&cursor)?;
        let mut left: Vec<u32> = self.sites.iter().map(|site| site.calls).collect();
        for &value in values.iter() {
            match left.get_mut(value as usize).filter(|_| value < self.sites.len() as u64) {
                Some(left) if *left > 0 => *left -= 1,
                _ => {
                    return Err(at.fail("order of the calls", "each site as often as it has calls", value));
                }
            }
            out.push(value as u32);
        }
        Ok(())
    }

    /// Puts the values of a column with a block a site into order of time. Clears `out` first.
    ///
    /// # Errors
    /// [`Error::Malformed`].
    pub fn in_time_order(&self, id: ColumnId, out: &mut Vec<u64>) -> Result<(), Error> {
        let mut order = Vec::new();
        self.order(&mut order)?;
        self.arrange(id, &order, &mut Vec::new(), out)
    }

    fn arrange(
        &self,
        id: ColumnId,
        order: &[u32],
        grouped: &mut Vec<u64>,
        out: &mut Vec<u64>,
    ) -> Result<(), Error> {
        let mut column = self.column(id)?;
        grouped.clear();
        let mut next = Vec::with_capacity(self.sites.len());
        for site in &self.sites {
            next.push(grouped.len());
            if column.has_block(site) {
                column.read(site, grouped)?;
            } else {
                grouped.resize(grouped.len() + site.calls as usize, 0);
            }
        }
        at_end(&column.cursor)?;
        out.clear();
        if self.sites.len() == 1 {
            std::mem::swap(grouped, out);
            return Ok(());
        }
        out.extend(order.iter().map(|&site| {
            let place = &mut next[site as usize];
            *place += 1;
            grouped[*place - 1]
        }));
        Ok(())
    }

    /// The start of each call, nanoseconds, in order of time. Clears `out` first.
    ///
    /// # Errors
    /// [`Error::Malformed`].
    pub fn starts(&self, out: &mut Vec<u64>) -> Result<(), Error> {
        let mut durations = Vec::new();
        self.in_time_order(ColumnId::DURATION, &mut durations)?;
        self.starts_from(&durations, out)
    }

    fn starts_from(&self, durations: &[u64], out: &mut Vec<u64>) -> Result<(), Error> {
        out.clear();
        let mut cursor = self.bytes(ColumnId::GAP)?;
        decode(&mut cursor, self.len(), out)?;
        at_end(&cursor)?;
        let mut end = self.first_ns;
        for (start, duration) in out.iter_mut().zip(durations) {
            *start = end.wrapping_add(unzigzag(*start) as u64);
            end = start.wrapping_add(*duration);
        }
        Ok(())
    }
}

fn directory<'a>(cursor: &mut Cursor<'a>) -> Result<Vec<(ColumnId, Cursor<'a>)>, Error> {
    let at = cursor.clone();
    let count = cursor.varint("number of columns")?;
    if count > COLUMNS_MAX {
        return Err(at.fail("number of columns", format!("at most {COLUMNS_MAX}"), count));
    }
    let mut lengths = Vec::new();
    for _ in 0..count {
        let at = cursor.clone();
        let id = cursor.varint("number of a column")?;
        let bytes = cursor.varint("length of a column")?;
        let previous = lengths.last().map_or(0, |&(id, _)| id);
        if id <= previous || id > u64::from(u16::MAX) {
            return Err(at.fail("number of a column", format!("{} to {}", previous + 1, u16::MAX), id));
        }
        lengths.push((id, bytes));
    }
    let mut columns = Vec::with_capacity(lengths.len());
    for (id, bytes) in lengths {
        let offset = cursor.offset();
        let bytes = cursor.take(usize::try_from(bytes).unwrap_or(usize::MAX), "bytes of a column")?;
        columns.push((ColumnId(id as u16), Cursor::new(bytes, offset)));
    }
    Ok(columns)
}

fn at_end(cursor: &Cursor<'_>) -> Result<(), Error> {
    match cursor.remaining() {
        0 => Ok(()),
        more => Err(cursor.fail("end of a column", "no more bytes", format!("{more} bytes"))),
    }
}

/// A column read site by site.
#[derive(Clone, Debug)]
pub struct SiteColumn<'a> {
    cursor: Cursor<'a>,
    sites: &'a [Site],
    id: ColumnId,
    /// The column is absent, which means zeros.
    zeros: bool,
}

impl SiteColumn<'_> {
    fn has_block(&self, site: &Site) -> bool {
        match self.id.0 {
            32..=58 => site.entry_registers,
            64..=90 => site.exit_registers,
            _ => true,
        }
    }

    fn read(&mut self, site: &Site, out: &mut Vec<u64>) -> Result<(), Error> {
        if self.zeros {
            out.resize(out.len() + site.calls as usize, 0);
            return Ok(());
        }
        decode(&mut self.cursor, site.calls as usize, out)
    }

    /// Replaces `out` by the values of the next site, nothing for one without this column; false after the last.
    ///
    /// # Errors
    /// [`Error::Malformed`].
    pub fn next_site(&mut self, out: &mut Vec<u64>) -> Result<bool, Error> {
        out.clear();
        let Some((site, rest)) = self.sites.split_first() else {
            return at_end(&self.cursor).map(|()| false);
        };
        self.sites = rest;
        if self.has_block(site) {
            self.read(site, out)?;
        }
        Ok(true)
    }

    /// Passes over the values of the next site; false after the last.
    ///
    /// # Errors
    /// [`Error::Malformed`].
    pub fn skip_site(&mut self) -> Result<bool, Error> {
        let Some((site, rest)) = self.sites.split_first() else { return Ok(false) };
        self.sites = rest;
        if self.has_block(site) && !self.zeros {
            skip(&mut self.cursor, site.calls as usize)?;
        }
        Ok(true)
    }
}
