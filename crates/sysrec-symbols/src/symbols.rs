//! Symbol tables: which symbol has an address.

use object::read::ReadRef;
use object::{Object, ObjectSection, ObjectSymbol, ObjectSymbolTable, SymbolKind};

use crate::SYMBOL_BYTES_MAX;
use crate::demangle::demangle;
use crate::image::Image;
use crate::plt;
use crate::problem::Problem;

/// Functions by address.
#[derive(Debug, Default)]
pub(crate) struct Symbols {
    /// Ascending.
    all: Vec<Symbol>,
    /// Names one behind the other.
    names: Vec<u8>,
    /// Code sections: begin and end. A symbol names nothing beyond the end of its own.
    sections: Vec<(u64, u64)>,
    /// Whether the table of all symbols was there, and not only that of exported ones.
    pub(crate) is_whole: bool,
}

#[derive(Clone, Copy, Debug)]
struct Symbol {
    address: u64,
    bytes: u64,
    name: u32,
    name_bytes: u32,
    /// How good a name is where several have one address, the best highest.
    rank: u8,
}

impl Symbols {
    /// Takes what a file has; a debug file has the whole table where the file itself was stripped.
    pub(crate) fn read(&mut self, image: &Image) -> Result<(), Problem> {
        let tables = [".symtab", ".strtab", ".dynsym", ".dynstr"];
        let bytes = tables.iter().map(|name| image.section_bytes(name)).fold(0, u64::saturating_add);
        if bytes > SYMBOL_BYTES_MAX {
            return Err(Problem::TooLarge { what: "symbols", bytes });
        }
        image.with(|elf| {
            self.take_all(elf);
            Ok(())
        })
    }

    /// The symbols of an object that lies in memory.
    pub(crate) fn of_memory(elf: &object::File<'_>) -> Self {
        let mut symbols = Self::default();
        symbols.take_all(elf);
        symbols.sort();
        symbols
    }

    fn take_all<'d, R: ReadRef<'d>>(&mut self, elf: &object::File<'d, R>) {
        for section in elf.sections().filter(|section| section.kind() == object::SectionKind::Text) {
            self.sections.push((section.address(), section.address().saturating_add(section.size())));
        }
        if let Some(table) = elf.symbol_table() {
            self.is_whole |= self.take(table.symbols()) > 0;
        }
        if let Some(table) = elf.dynamic_symbol_table() {
            self.take(table.symbols());
        }
        for (address, bytes, name) in plt::stubs(elf) {
            self.push(address, bytes, &name, 3);
        }
    }

    fn take<'d>(&mut self, symbols: impl Iterator<Item = impl ObjectSymbol<'d>>) -> usize {
        let before = self.all.len();
        for symbol in symbols.filter(|symbol| symbol.is_definition() || symbol.kind() == SymbolKind::Label) {
            // Assembly's functions are often without a type.
            if !matches!(symbol.kind(), SymbolKind::Text | SymbolKind::Label | SymbolKind::Unknown) {
                continue;
            }
            let Ok(name) = symbol.name_bytes() else { continue };
            let rank = u8::from(symbol.is_global()) + u8::from(symbol.kind() == SymbolKind::Text);
            if !name.is_empty() {
                self.push(symbol.address(), symbol.size(), name, rank);
            }
        }
        self.all.len() - before
    }

    fn push(&mut self, address: u64, bytes: u64, name: &[u8], rank: u8) {
        let name = &name[..name.len().min(crate::NAME_BYTES_MAX)];
        let (Ok(begin), name_bytes) = (u32::try_from(self.names.len()), name.len() as u32) else { return };
        self.names.extend_from_slice(name);
        self.all.push(Symbol { address, bytes, name: begin, name_bytes, rank });
    }

    /// To be called once everything has been read.
    pub(crate) fn sort(&mut self) {
        self.all.sort_by_key(|symbol| (symbol.address, symbol.rank, symbol.bytes));
        self.sections.sort_unstable();
        self.sections.dedup();
    }

    /// The name of the symbol that has an address; or of the nearest before it, with the distance.
    pub(crate) fn name(&self, address: u64) -> Option<String> {
        let later = self.all.partition_point(|symbol| symbol.address <= address);
        let nearest = self.all[..later].last()?;
        // A section's end is also where its last symbol ends.
        let section = self.sections.iter().find(|(begin, end)| (*begin..*end).contains(&address));
        if !self.sections.is_empty() && section.is_none_or(|(begin, _)| nearest.address < *begin) {
            return None;
        }
        let distance = address - nearest.address;
        // An outer symbol can have what a smaller one before it has not.
        let around =
            self.all[..later].iter().rev().take(8).find(|symbol| address - symbol.address < symbol.bytes);
        if let Some(symbol) = around {
            return Some(self.text(symbol));
        }
        // A symbol without a size reaches to the next one, if the table has all.
        if nearest.bytes == 0 && self.is_whole {
            return Some(self.text(nearest));
        }
        Some(format!("{}+{distance:#x}", self.text(nearest)))
    }

    fn text(&self, symbol: &Symbol) -> String {
        let begin = symbol.name as usize;
        let name = self.names.get(begin..begin + symbol.name_bytes as usize).unwrap_or_default();
        match name.strip_suffix(plt::MARK) {
            Some(name) => demangle(name) + "@plt",
            None => demangle(name),
        }
    }
}
