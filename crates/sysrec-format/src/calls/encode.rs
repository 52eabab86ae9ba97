//! Turns the rows of finished calls of one task into the payload of a CALLS chunk.

use rustc_hash::FxHashMap;

use super::registers::{self, EntryValues};
use super::{ColumnId, Site};
use crate::column::BlockEncoder;
use crate::event::{Abi, USER_REGISTERS};
use crate::journal::{EntryRow, ExitRow};
use crate::limits::CALLS_PER_PAYLOAD_BYTE_MAX;
use crate::wire::{put_varint, zigzag};

/// A finished call in the journal.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CallRows<'a> {
    pub(crate) entry: EntryRow<'a>,
    pub(crate) exit: ExitRow<'a>,
}

impl CallRows<'_> {
    pub(crate) fn duration_ns(&self) -> u64 {
        self.exit.time_ns().saturating_sub(self.entry.time_ns())
    }

    pub(crate) fn end_ns(&self) -> u64 {
        self.exit.time_ns().max(self.entry.time_ns())
    }
}

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

/// Encodes chunk after chunk; holds the room it works in.
#[derive(Debug)]
pub(crate) struct CallsEncoder {
    blocks: BlockEncoder,
    values: Vec<u64>,
    columns: Vec<u8>,
    lengths: Vec<(ColumnId, usize)>,
    found: FxHashMap<(u64, i32, u8, u8), u32>,
    order: Vec<u32>,
}

impl CallsEncoder {
    pub(crate) fn new() -> Self {
        Self {
            blocks: BlockEncoder::new(),
            values: Vec::new(),
            columns: Vec::new(),
            lengths: Vec::new(),
            found: FxHashMap::default(),
            order: Vec::new(),
        }
    }

    /// Finds the sites, ascending, and leaves each call's site in `order`.
    fn sites(&mut self, calls: &[CallRows<'_>]) -> Vec<Site> {
        self.found.clear();
        self.order.clear();
        let mut sites: Vec<Site> = Vec::new();
        let mut last: Option<((u64, i32, u8, u8), u32)> = None;
        for call in calls {
            let (entry, exit) = (&call.entry, &call.exit);
            let sets = u8::from(entry.registers.is_some()) | u8::from(exit.registers.is_some()) << 1;
            let key = (entry.ip(), entry.nr(), entry.abi.0, sets);
            let site = match last {
                Some((last, site)) if last == key => site,
                _ => *self.found.entry(key).or_insert_with(|| {
                    sites.push(Site {
                        abi: entry.abi,
                        nr: entry.nr(),
                        ip: entry.ip(),
                        calls: 0,
                        entry_registers: entry.registers.is_some(),
                        exit_registers: exit.registers.is_some(),
                    });
                    sites.len() as u32 - 1
                }),
            };
            last = Some((key, site));
            sites[site as usize].calls += 1;
            self.order.push(site);
        }
        let key = |site: &Site| (site.ip, site.abi.0, site.nr, site.entry_registers, site.exit_registers);
        let mut ascending: Vec<u32> = (0..sites.len() as u32).collect();
        ascending.sort_unstable_by_key(|&site| key(&sites[site as usize]));
        let mut ranks = vec![0_u32; sites.len()];
        for (rank, &site) in ascending.iter().enumerate() {
            ranks[site as usize] = rank as u32;
        }
        self.order.iter_mut().for_each(|site| *site = ranks[*site as usize]);
        ascending.iter().map(|&site| sites[site as usize]).collect()
    }

    /// One block of values, as a column of its own.
    fn whole(&mut self, id: ColumnId, values: impl Iterator<Item = u64>) {
        self.values.clear();
        self.values.extend(values);
        let start = self.columns.len();
        self.blocks.encode(&self.values, &mut self.columns);
        self.lengths.push((id, self.columns.len() - start));
    }

    /// One block a group of calls.
    fn grouped<'a, 'r: 'a>(
        &mut self,
        id: ColumnId,
        groups: impl Iterator<Item = &'a [CallRows<'r>]>,
        value: impl Fn(&CallRows<'r>) -> u64,
    ) {
        let start = self.columns.len();
        for group in groups {
            self.values.clear();
            self.values.extend(group.iter().map(&value));
            self.blocks.encode(&self.values, &mut self.columns);
        }
        self.lengths.push((id, self.columns.len() - start));
    }

    /// Appends the payload of a chunk of `calls`: at least one and at most
    /// [`CHUNK_CALLS_MAX`](crate::limits::CHUNK_CALLS_MAX), all of one task, in order.
    pub(crate) fn encode(&mut self, calls: &[CallRows<'_>], out: &mut Vec<u8>) -> Span {
        self.columns.clear();
        self.lengths.clear();
        let sites = self.sites(calls);
        let first_ns = calls.iter().map(|call| call.entry.time_ns()).min().unwrap_or(0);
        let last_ns = calls.iter().map(CallRows::end_ns).max().unwrap_or(0);
        self.site_columns(&sites);
        self.time_columns(calls, &sites, first_ns);

        let by_site = by_site(calls, &sites, &self.order);
        let groups = || {
            let mut rest = by_site.as_slice();
            sites.iter().map(move |site| {
                let (group, others) = rest.split_at(site.calls as usize);
                rest = others;
                (site, group)
            })
        };
        let all = || groups().map(|(_, group)| group);
        self.grouped(ColumnId::DURATION, all(), CallRows::duration_ns);
        self.grouped(ColumnId::RETURN, all(), |call| zigzag(call.exit.ret()));
        self.grouped(ColumnId::SP, all(), |call| call.entry.sp());
        for argument in 0..6 {
            self.grouped(ColumnId::argument(argument), all(), |call| call.entry.arg(argument));
        }
        if sites.iter().any(|site| site.entry_registers) {
            for register in 0..USER_REGISTERS {
                let groups = groups().filter(|(site, _)| site.entry_registers).map(|(_, group)| group);
                self.grouped(ColumnId::entry_register(register), groups, |call| {
                    let actual = call.entry.registers.map_or(0, |registers| registers.get(register));
                    registers::residual(registers::expected_at_entry(register, &call.entry), actual)
                });
                self.leave_out_zeros();
            }
        }
        if sites.iter().any(|site| site.exit_registers) {
            for register in 0..USER_REGISTERS {
                let groups = groups().filter(|(site, _)| site.exit_registers).map(|(_, group)| group);
                self.grouped(ColumnId::exit_register(register), groups, |call| {
                    let actual = call.exit.registers.map_or(0, |registers| registers.get(register));
                    let entry = call.entry.registers.map(|registers| registers.get(register));
                    registers::residual(registers::expected_at_exit(register, call.exit.ret(), entry), actual)
                });
            }
        }
        self.assemble(sites.len(), calls.len(), out);
        Span { first_ns, last_ns }
    }

    /// Takes the last column back when all its blocks are the constant zero.
    fn leave_out_zeros(&mut self) {
        let Some(&(_, bytes)) = self.lengths.last() else { return };
        let start = self.columns.len() - bytes;
        if self.columns[start..].iter().all(|&byte| byte == 0) {
            self.columns.truncate(start);
            self.lengths.pop();
        }
    }

    fn site_columns(&mut self, sites: &[Site]) {
        self.whole(ColumnId::SITE_ABI, sites.iter().map(|site| site.abi.0.into()));
        self.whole(ColumnId::SITE_NR, sites.iter().map(|site| zigzag(site.nr.into())));
        self.whole(ColumnId::SITE_IP, sites.iter().map(|site| site.ip));
        self.whole(ColumnId::SITE_CALLS, sites.iter().map(|site| site.calls.into()));
        let sets = |site: &Site| u64::from(site.entry_registers) | u64::from(site.exit_registers) << 1;
        if sites.iter().any(|site| sets(site) != 0) {
            self.whole(ColumnId::SITE_REGISTERS, sites.iter().map(sets));
        }
    }

    fn time_columns(&mut self, calls: &[CallRows<'_>], sites: &[Site], first_ns: u64) {
        if sites.len() > 1 {
            let order = std::mem::take(&mut self.order);
            self.whole(ColumnId::ORDER, order.iter().map(|&site| site.into()));
            self.order = order;
        }
        let mut end = first_ns;
        self.whole(
            ColumnId::GAP,
            calls.iter().map(|call| {
                let gap = call.entry.time_ns().wrapping_sub(end);
                end = call.end_ns();
                zigzag(gap as i64)
            }),
        );
    }

    fn assemble(&self, sites: usize, calls: usize, out: &mut Vec<u8>) {
        let start = out.len();
        put_varint(out, sites as u64);
        put_varint(out, self.lengths.len() as u64);
        for &(id, bytes) in &self.lengths {
            put_varint(out, id.0.into());
            put_varint(out, bytes as u64);
        }
        out.extend_from_slice(&self.columns);
        let least = calls.div_ceil(CALLS_PER_PAYLOAD_BYTE_MAX as usize);
        if out.len() - start < least {
            out.resize(start + least, 0);
        }
    }
}

/// The calls of the first site, of the second, and so on, each in order of time.
fn by_site<'a>(calls: &[CallRows<'a>], sites: &[Site], order: &[u32]) -> Vec<CallRows<'a>> {
    let Some(&any) = calls.first() else { return Vec::new() };
    let mut next = Vec::with_capacity(sites.len());
    let mut start = 0;
    for site in sites {
        next.push(start);
        start += site.calls as usize;
    }
    let mut sorted = vec![any; calls.len()];
    for (call, &site) in calls.iter().zip(order) {
        sorted[next[site as usize]] = *call;
        next[site as usize] += 1;
    }
    sorted
}
