//! Turns the rows of finished calls of one task into the payload of a CALLS chunk.
//!
//! ```text
//!  rows, in order of time    ->   columns, in order of time   ->   columns, site by site   ->   blocks
//!  (each is read once)
//! ```

use super::captures::CaptureColumns;
use super::registers::{self, EntryValues};
use super::sites::{Key, Sites};
use super::{ColumnId, Site};
use crate::column::encode::BlockEncoder;
use crate::event::{Abi, USER_REGISTERS};
use crate::journal::{Attached, CallAt, EntryRow, ExitRow};
use crate::limits::CALLS_PER_PAYLOAD_BYTE_MAX;
use crate::wire::{put_varint, unzigzag, zigzag};

impl EntryValues for EntryRow<'_> {
    fn abi(&self) -> Abi {
        self.abi
    }
    fn nr(&self) -> i32 {
        self.nr()
    }
    fn ip(&self) -> u64 {
        self.ip()
    }
    fn sp(&self) -> u64 {
        self.sp()
    }
    fn argument(&self, argument: usize) -> u64 {
        self.arg(argument)
    }
}

/// First and last time of an encoded chunk.
pub(crate) struct Span {
    pub(crate) first_ns: u64,
    pub(crate) last_ns: u64,
}

/// Columns that have a value of every call in a block a site: durations, results, stack pointers, arguments.
const FIELDS: usize = 9;
/// How many of them stand before the stacks.
const BEFORE_STACK: usize = 3;

/// The columns while they are made.
#[derive(Debug)]
pub(super) struct Columns {
    blocks: BlockEncoder,
    bytes: Vec<u8>,
    lengths: Vec<(ColumnId, usize)>,
    values: Vec<u64>,
}

impl Columns {
    /// One block.
    fn whole(&mut self, id: ColumnId, values: &[u64]) {
        let start = self.bytes.len();
        self.blocks.encode(values, &mut self.bytes);
        self.lengths.push((id, self.bytes.len() - start));
    }

    /// One block of few values.
    fn small(&mut self, id: ColumnId, values: impl Iterator<Item = u64>) {
        let values: Vec<u64> = values.collect();
        self.whole(id, &values);
    }

    /// One block a site, of values in order of time.
    fn grouped(&mut self, id: ColumnId, in_time_order: &[u64], sites: &[Site], by_site: &[u32]) {
        if sites.len() == 1 {
            return self.whole(id, in_time_order);
        }
        let start = self.bytes.len();
        self.values.clear();
        self.values.extend(by_site.iter().map(|&call| in_time_order[call as usize]));
        let mut rest = self.values.as_slice();
        for site in sites {
            let (values, others) = rest.split_at(site.calls as usize);
            self.blocks.encode(values, &mut self.bytes);
            rest = others;
        }
        self.lengths.push((id, self.bytes.len() - start));
    }

    /// One block after the other, of so many values each.
    pub(super) fn blocks(&mut self, id: ColumnId, values: &[u64], lengths: impl Iterator<Item = usize>) {
        let start = self.bytes.len();
        let mut rest = values;
        for length in lengths {
            let (values, others) = rest.split_at(length);
            self.blocks.encode(values, &mut self.bytes);
            rest = others;
        }
        self.lengths.push((id, self.bytes.len() - start));
    }

    /// Byte strings: their number, a block of their lengths, and themselves.
    pub(super) fn blobs(&mut self, blobs: &[&[u8]]) {
        let start = self.bytes.len();
        put_varint(&mut self.bytes, blobs.len() as u64);
        let lengths: Vec<u64> = blobs.iter().map(|blob| blob.len() as u64).collect();
        self.blocks.encode(&lengths, &mut self.bytes);
        blobs.iter().for_each(|blob| self.bytes.extend_from_slice(blob));
        self.lengths.push((ColumnId::BLOBS, self.bytes.len() - start));
    }

    /// One block a group of rows.
    fn registers<'a, 'r: 'a>(
        &mut self,
        id: ColumnId,
        groups: impl Iterator<Item = &'a [(EntryRow<'r>, ExitRow<'r>)]>,
        value: impl Fn(&EntryRow<'r>, &ExitRow<'r>) -> u64,
    ) {
        let start = self.bytes.len();
        for group in groups {
            self.values.clear();
            self.values.extend(group.iter().map(|(entry, exit)| value(entry, exit)));
            self.blocks.encode(&self.values, &mut self.bytes);
        }
        self.lengths.push((id, self.bytes.len() - start));
    }

    /// Takes the last column back when all its blocks are the constant zero.
    fn leave_out_zeros(&mut self) {
        let Some(&(_, bytes)) = self.lengths.last() else { return };
        let start = self.bytes.len() - bytes;
        if self.bytes[start..].iter().all(|&byte| byte == 0) {
            self.bytes.truncate(start);
            self.lengths.pop();
        }
    }
}

/// Encodes chunk after chunk; holds the room it works in.
#[derive(Debug)]
pub(crate) struct CallsEncoder {
    columns: Columns,
    sites: Sites,
    /// The site of each call.
    order: Vec<u64>,
    gaps: Vec<u64>,
    /// The [`FIELDS`], one behind the other, each in order of time.
    fields: Vec<u64>,
    /// The stack of each call, plus one, in order of time; 0 for none.
    stacks: Vec<u64>,
    /// The calls of the first site, of the second, and so on, as places in the order of time.
    by_site: Vec<u32>,
}

impl CallsEncoder {
    pub(crate) fn new() -> Self {
        let columns = Columns {
            blocks: BlockEncoder::new(),
            bytes: Vec::new(),
            lengths: Vec::new(),
            values: Vec::new(),
        };
        Self {
            columns,
            sites: Sites::new(),
            order: Vec::new(),
            gaps: Vec::new(),
            fields: Vec::new(),
            stacks: Vec::new(),
            by_site: Vec::new(),
        }
    }

    /// Appends the payload of a chunk of `calls`: at least one and at most
    /// [`CHUNK_CALLS_MAX`](crate::limits::CHUNK_CALLS_MAX), all of one task, in order. `None`, and nothing appended,
    /// where their rows are not in the journal.
    pub(crate) fn encode(
        &mut self,
        journal: &[u8],
        calls: &[CallAt],
        attached: &Attached,
        out: &mut Vec<u8>,
    ) -> Option<Span> {
        self.columns.bytes.clear();
        self.columns.lengths.clear();
        let span = self.read(journal, calls)?;
        let sites = self.arrange();
        self.site_columns(&sites);
        let captures = if attached.is_empty() {
            None
        } else {
            CaptureColumns::collect(journal, calls, &sites, &self.by_site, attached)
        };
        if let Some(captures) = &captures {
            captures.put_blobs(&mut self.columns);
        }
        if sites.len() > 1 {
            self.columns.whole(ColumnId::ORDER, &self.order);
        }
        self.columns.whole(ColumnId::GAP, &self.gaps);
        let (first, arguments) = self.fields.split_at(BEFORE_STACK * calls.len());
        let ids = [ColumnId::DURATION, ColumnId::RETURN, ColumnId::SP];
        for (id, field) in ids.into_iter().zip(first.chunks_exact(calls.len())) {
            self.columns.grouped(id, field, &sites, &self.by_site);
        }
        if !attached.is_empty() {
            let stack = |call: &CallAt| attached.stack(journal, call.attached);
            self.stacks.clear();
            self.stacks.extend(calls.iter().map(|call| stack(call).map_or(0, |id| u64::from(id.0) + 1)));
            self.columns.grouped(ColumnId::STACK, &self.stacks, &sites, &self.by_site);
            self.columns.leave_out_zeros();
        }
        for (argument, field) in arguments.chunks_exact(calls.len()).enumerate() {
            self.columns.grouped(ColumnId::argument(argument), field, &sites, &self.by_site);
        }
        if sites.iter().any(|site| site.entry_registers || site.exit_registers) {
            self.register_columns(journal, calls, &sites)?;
        }
        if let Some(captures) = &captures {
            captures.put_columns(&mut self.columns, &sites);
        }
        let stands_for = calls.len().max(captures.map_or(0, |captures| captures.captures()));
        self.assemble(sites.len(), stands_for, out);
        Some(span)
    }

    /// Takes the rows apart: sites in order of appearance, gaps and fields in order of time.
    fn read(&mut self, journal: &[u8], calls: &[CallAt]) -> Option<Span> {
        let count = calls.len();
        self.sites.clear();
        for column in [&mut self.order, &mut self.gaps] {
            column.clear();
            column.resize(count, 0);
        }
        self.fields.resize(FIELDS * count, 0);
        let (order, gaps) = (&mut self.order[..count], &mut self.gaps[..count]);
        let mut rest = self.fields.as_mut_slice();
        let mut fields: [&mut [u64]; FIELDS] = std::array::from_fn(|_| {
            let (field, others) = std::mem::take(&mut rest).split_at_mut(count);
            rest = others;
            field
        });
        let [duration, ret, sp, arguments @ ..] = &mut fields;
        let (mut first_ns, mut last_ns, mut end_ns) = (u64::MAX, 0, 0);
        for (i, call) in calls.iter().enumerate() {
            let (entry, exit) = call.rows(journal)?;
            let (at_entry, at_exit) = (entry.registers.is_some(), exit.registers.is_some());
            let key = Key::new(entry.ip(), entry.abi, entry.nr(), at_entry, at_exit);
            order[i] = self.sites.count(key).into();
            let start_ns = entry.time_ns();
            gaps[i] = zigzag(start_ns.wrapping_sub(end_ns) as i64);
            end_ns = exit.time_ns().max(start_ns);
            first_ns = start_ns.min(first_ns);
            last_ns = end_ns.max(last_ns);
            duration[i] = end_ns - start_ns;
            ret[i] = zigzag(exit.ret());
            sp[i] = entry.sp();
            for (argument, column) in arguments.iter_mut().enumerate() {
                column[i] = entry.arg(argument);
            }
        }
        if let Some(gap) = gaps.first_mut() {
            // Its start was taken for a gap since 0.
            *gap = zigzag(unzigzag(*gap).wrapping_sub(first_ns as i64));
        }
        Some(Span { first_ns, last_ns })
    }

    /// Puts the sites into their order, and the calls into that of their sites.
    fn arrange(&mut self) -> Vec<Site> {
        let (sites, ranks) = self.sites.ascending();
        self.by_site.clear();
        if let [_] = sites.as_slice() {
            return sites;
        }
        let mut start = 0;
        let mut next: Vec<u32> = sites
            .iter()
            .map(|site| {
                start += site.calls;
                start - site.calls
            })
            .collect();
        self.by_site.resize(self.order.len(), 0);
        for (call, site) in self.order.iter_mut().enumerate() {
            *site = ranks[*site as usize].into();
            let place = &mut next[*site as usize];
            self.by_site[*place as usize] = call as u32;
            *place += 1;
        }
        sites
    }

    fn site_columns(&mut self, sites: &[Site]) {
        let columns = &mut self.columns;
        columns.small(ColumnId::SITE_ABI, sites.iter().map(|site| site.abi.0.into()));
        columns.small(ColumnId::SITE_NR, sites.iter().map(|site| zigzag(site.nr.into())));
        columns.small(ColumnId::SITE_IP, sites.iter().map(|site| site.ip));
        columns.small(ColumnId::SITE_CALLS, sites.iter().map(|site| site.calls.into()));
        let sets = |site: &Site| u64::from(site.entry_registers) | u64::from(site.exit_registers) << 1;
        if sites.iter().any(|site| sets(site) != 0) {
            columns.small(ColumnId::SITE_REGISTERS, sites.iter().map(sets));
        }
    }

    /// The columns of register sets. `None` where the rows are not in the journal.
    fn register_columns(&mut self, journal: &[u8], calls: &[CallAt], sites: &[Site]) -> Option<()> {
        let rows = |call: &CallAt| call.rows(journal);
        let rows: Vec<_> = if sites.len() == 1 {
            calls.iter().map(rows).collect::<Option<_>>()?
        } else {
            self.by_site.iter().map(|&call| rows(&calls[call as usize])).collect::<Option<_>>()?
        };
        let groups = |wanted: fn(&Site) -> bool| {
            let mut rest = rows.as_slice();
            sites
                .iter()
                .map(move |site| {
                    let (group, others) = rest.split_at(site.calls as usize);
                    rest = others;
                    (site, group)
                })
                .filter(move |(site, _)| wanted(site))
                .map(|(_, group)| group)
        };
        if sites.iter().any(|site| site.entry_registers) {
            for register in 0..USER_REGISTERS {
                let id = ColumnId::entry_register(register);
                self.columns.registers(id, groups(|site| site.entry_registers), |entry, _| {
                    let actual = entry.registers.map_or(0, |registers| registers.get(register));
                    registers::residual(registers::expected_at_entry(register, entry), actual)
                });
                self.columns.leave_out_zeros();
            }
        }
        if sites.iter().any(|site| site.exit_registers) {
            for register in 0..USER_REGISTERS {
                let id = ColumnId::exit_register(register);
                self.columns.registers(id, groups(|site| site.exit_registers), |entry, exit| {
                    let actual = exit.registers.map_or(0, |registers| registers.get(register));
                    let at_entry = entry.registers.map(|registers| registers.get(register));
                    registers::residual(registers::expected_at_exit(register, exit.ret(), at_entry), actual)
                });
            }
        }
        Some(())
    }

    /// `stands_for` is the number of calls or of captures, whichever is greater.
    fn assemble(&self, sites: usize, stands_for: usize, out: &mut Vec<u8>) {
        let start = out.len();
        put_varint(out, sites as u64);
        put_varint(out, self.columns.lengths.len() as u64);
        for &(id, bytes) in &self.columns.lengths {
            put_varint(out, id.0.into());
            put_varint(out, bytes as u64);
        }
        out.extend_from_slice(&self.columns.bytes);
        let least = stands_for.div_ceil(CALLS_PER_PAYLOAD_BYTE_MAX as usize);
        if out.len() - start < least {
            out.resize(start + least, 0);
        }
    }
}
