//! How the frame around a frame is found: the unwind tables of one module (`.eh_frame`, `.debug_frame`), asked once an
//! address.
//!
//! Addresses here are the module's own, so that what was found serves every process that has the module mapped.

use std::rc::Rc;

use gimli::{
    BaseAddresses, CfaRule, CieOrFde, DebugFrame, EhFrame, EhFrameHdr, EndianSlice, FrameDescriptionEntry,
    LittleEndian, ParsedEhFrameHdr, RegisterRule, UnwindContext, UnwindExpression, UnwindSection,
};
use rustc_hash::FxHashMap;

use super::registers::{REGISTERS, RSP};

/// Rules that are kept; then all are forgotten and found again.
const RULES_MAX: usize = 1 << 16;
/// Functions that a module without an index of its own can have here.
const FUNCTIONS_MAX: usize = 1 << 22;

type Reader<'a> = EndianSlice<'a, LittleEndian>;

/// A section: its bytes, and the address where the module has it.
#[derive(Clone, Debug, Default)]
pub(super) struct Section {
    pub(super) address: u64,
    pub(super) bytes: Vec<u8>,
}

/// What unwinding needs of a module.
#[derive(Clone, Debug, Default)]
pub(super) struct Sections {
    pub(super) eh_frame: Option<Section>,
    pub(super) eh_frame_hdr: Option<Section>,
    pub(super) debug_frame: Option<Section>,
    /// Addresses of these, which tables may count from.
    pub(super) text: u64,
    pub(super) got: u64,
}

/// Where the frame outward begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Cfa {
    Register { register: u16, offset: i64 },
    Expression(Box<[u8]>),
}

/// Where a register of the frame outward is. Offsets are from the CFA.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Saved {
    Unknown,
    At(i64),
    Is(i64),
    In(u16),
    Constant(u64),
    AtExpression(Box<[u8]>),
    IsExpression(Box<[u8]>),
    /// As in this frame.
    Same,
}

/// How to get from a frame to the one around it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    /// As a table says.
    Row(Rc<Row>),
    /// The kernel made the frame, for a signal.
    Signal,
    /// No table knows.
    Unknown,
}

/// A row of an unwind table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) cfa: Cfa,
    /// The registers that the table names.
    pub(super) saved: Box<[(u16, Saved)]>,
    pub(super) return_register: u16,
    /// It is the frame of a signal handler's caller, which the kernel made.
    pub(super) signal: bool,
}

impl Row {
    /// The outermost frame: the table says that there is no caller.
    pub(super) fn ends(&self) -> bool {
        self.saved
            .iter()
            .any(|(register, saved)| *register == self.return_register && *saved == Saved::Unknown)
    }
}

/// Functions by address, for sections without an index.
#[derive(Clone, Debug, Default)]
struct Index {
    /// First address and where the function's entry is in the section; ascending.
    functions: Vec<(u64, usize)>,
}

impl Index {
    fn new<'a, S: UnwindSection<Reader<'a>>>(section: &S, bases: &BaseAddresses) -> Self
    where
        S::Offset: gimli::UnwindOffset<usize>,
    {
        let mut functions = Vec::new();
        let mut entries = section.entries(bases);
        // What is behind an entry that cannot be read is left.
        while let Ok(Some(entry)) = entries.next()
            && functions.len() < FUNCTIONS_MAX
        {
            if let CieOrFde::Fde(partial) = entry
                && let Ok(fde) = partial.parse(S::cie_from_offset)
            {
                functions.push((fde.initial_address(), fde.offset()));
            }
        }
        functions.sort_unstable();
        Index { functions }
    }

    fn find(&self, address: u64) -> Option<usize> {
        let behind = self.functions.partition_point(|(start, _)| *start <= address);
        Some(self.functions[behind.checked_sub(1)?].1)
    }
}

/// The tables of a module.
pub(crate) struct Rules {
    sections: Sections,
    bases: BaseAddresses,
    /// Of `.eh_frame`, where there is no `.eh_frame_hdr` that can be read.
    eh_index: Option<Index>,
    debug_index: Option<Index>,
    known: FxHashMap<u64, Rule>,
}

impl Rules {
    pub(super) fn new(sections: Sections) -> Self {
        let address = |section: &Option<Section>| section.as_ref().map_or(0, |section| section.address);
        let bases = BaseAddresses::default()
            .set_eh_frame(address(&sections.eh_frame))
            .set_eh_frame_hdr(address(&sections.eh_frame_hdr))
            .set_text(sections.text)
            .set_got(sections.got);
        let mut rules =
            Rules { sections, bases, eh_index: None, debug_index: None, known: FxHashMap::default() };
        if rules.header().is_none_or(|header| header.table().is_none())
            && let Some(section) = &rules.sections.eh_frame
        {
            rules.eh_index = Some(Index::new(&eh_frame(&section.bytes), &rules.bases));
        }
        if let Some(section) = &rules.sections.debug_frame {
            rules.debug_index = Some(Index::new(&debug_frame(&section.bytes), &rules.bases));
        }
        rules
    }

    fn header(&self) -> Option<ParsedEhFrameHdr<Reader<'_>>> {
        let section = self.sections.eh_frame_hdr.as_ref()?;
        EhFrameHdr::new(&section.bytes, LittleEndian).parse(&self.bases, 8).ok()
    }

    /// The rule for an address. `is_signal` tells whether the code that is returned to leaves a signal handler; it is asked
    /// once an address.
    pub(super) fn rule(
        &mut self,
        address: u64,
        context: &mut UnwindContext<usize>,
        is_signal: impl FnOnce() -> bool,
    ) -> Rule {
        if let Some(rule) = self.known.get(&address) {
            return rule.clone();
        }
        let rule = if is_signal() {
            Rule::Signal
        } else {
            self.find(address, context).map_or(Rule::Unknown, |row| Rule::Row(Rc::new(row)))
        };
        if self.known.len() >= RULES_MAX {
            self.known.clear();
        }
        self.known.insert(address, rule.clone());
        rule
    }

    /// The function that has an address, as `.eh_frame` knows functions: one piece of code, from its first instruction.
    pub(crate) fn function(&self, address: u64) -> Option<std::ops::Range<u64>> {
        let section = eh_frame(&self.sections.eh_frame.as_ref()?.bytes);
        let fde = self.eh_frame_entry(&section, address)?;
        let end = fde.initial_address().checked_add(fde.len())?;
        Some(fde.initial_address()..end).filter(|function| function.contains(&address))
    }

    fn eh_frame_entry<'a>(
        &self,
        section: &EhFrame<Reader<'a>>,
        address: u64,
    ) -> Option<FrameDescriptionEntry<Reader<'a>>> {
        let offset = match &self.eh_index {
            Some(index) => index.find(address)?,
            None => {
                let header = self.header()?;
                let table = header.table()?;
                let entry = table.lookup(address, &self.bases).ok()?.direct().ok()?;
                // As `pointer_to_offset`, which trusts the table not to point before the section.
                usize::try_from(entry.checked_sub(header.eh_frame_ptr().direct().ok()?)?).ok()?
            }
        };
        section.fde_from_offset(&self.bases, offset.into(), EhFrame::cie_from_offset).ok()
    }

    fn find(&self, address: u64, context: &mut UnwindContext<usize>) -> Option<Row> {
        let from_eh_frame = |context: &mut _| {
            let section = eh_frame(&self.sections.eh_frame.as_ref()?.bytes);
            let fde = self.eh_frame_entry(&section, address)?;
            self.row_of(&section, &fde, address, context)
        };
        let from_debug_frame = |context: &mut _| {
            let section = debug_frame(&self.sections.debug_frame.as_ref()?.bytes);
            let offset = self.debug_index.as_ref()?.find(address)?;
            let fde =
                section.fde_from_offset(&self.bases, offset.into(), DebugFrame::cie_from_offset).ok()?;
            self.row_of(&section, &fde, address, context)
        };
        from_eh_frame(context).or_else(|| from_debug_frame(context))
    }

    fn row_of<'a, S: UnwindSection<Reader<'a>>>(
        &self,
        section: &S,
        fde: &FrameDescriptionEntry<Reader<'a>>,
        address: u64,
        context: &mut UnwindContext<usize>,
    ) -> Option<Row> {
        let table_row = fde.unwind_info_for_address(section, &self.bases, context, address).ok()?;
        let bytes = |expression: &UnwindExpression<usize>| -> Option<Box<[u8]>> {
            Some(expression.get(section).ok()?.0.slice().into())
        };
        let cfa = match table_row.cfa() {
            CfaRule::RegisterAndOffset { register, offset } => {
                Cfa::Register { register: register.0, offset: *offset }
            }
            CfaRule::Expression(expression) => Cfa::Expression(bytes(expression)?),
        };
        let mut saved = Vec::new();
        for (register, rule) in table_row.registers() {
            if usize::from(register.0) >= REGISTERS {
                continue;
            }
            let rule = match rule {
                RegisterRule::SameValue => Saved::Same,
                RegisterRule::Offset(offset) => Saved::At(*offset),
                RegisterRule::ValOffset(offset) => Saved::Is(*offset),
                RegisterRule::Register(other) => Saved::In(other.0),
                RegisterRule::Expression(expression) => Saved::AtExpression(bytes(expression)?),
                RegisterRule::ValExpression(expression) => Saved::IsExpression(bytes(expression)?),
                RegisterRule::Constant(value) => Saved::Constant(*value),
                _ => Saved::Unknown,
            };
            saved.push((register.0, rule));
        }
        // The stack pointer outward is the CFA, which tables seldom say; what they say of others stays as it is.
        if saved.iter().all(|(register, _)| *register != RSP) {
            saved.push((RSP, Saved::Is(0)));
        }
        let return_register = fde.cie().return_address_register().0;
        Some(Row { cfa, saved: saved.into(), return_register, signal: fde.is_signal_trampoline() })
    }
}

fn eh_frame(bytes: &[u8]) -> EhFrame<Reader<'_>> {
    let mut section = EhFrame::new(bytes, LittleEndian);
    section.set_address_size(8);
    section
}

fn debug_frame(bytes: &[u8]) -> DebugFrame<Reader<'_>> {
    let mut section = DebugFrame::new(bytes, LittleEndian);
    section.set_address_size(8);
    section
}
