//! DWARF expressions of unwind tables: few frames have them (signal trampolines, procedure linkage tables, realigned
//! stacks), and they can be anything.

use gimli::{Encoding, EndianSlice, EvaluationResult, Expression, Format, LittleEndian, Location, Value};

use super::memory::Words;
use super::registers::Registers;

/// Operations after which an expression is given up: those that compilers write have a dozen, and one that jumps back
/// could run for ever.
const OPERATIONS_MAX: u32 = 1_000;

const ENCODING: Encoding = Encoding { format: Format::Dwarf32, version: 4, address_size: 8 };

/// The value of an expression; `initial` is on its stack at the beginning, where the rule has one.
pub(super) fn evaluate(
    bytes: &[u8],
    initial: Option<u64>,
    registers: &mut Registers,
    words: &mut impl Words,
) -> Option<u64> {
    let mut evaluation = Expression(EndianSlice::new(bytes, LittleEndian)).evaluation(ENCODING);
    evaluation.set_max_iterations(OPERATIONS_MAX);
    if let Some(initial) = initial {
        evaluation.set_initial_value(initial);
    }
    let mut result = evaluation.evaluate().ok()?;
    loop {
        result = match result {
            EvaluationResult::Complete => break,
            EvaluationResult::RequiresMemory { address, size: 8, space: None, .. } => {
                evaluation.resume_with_memory(Value::Generic(words.word(address)?)).ok()?
            }
            EvaluationResult::RequiresRegister { register, .. } => {
                let value = registers.get(register.0, words)?;
                evaluation.resume_with_register(Value::Generic(value)).ok()?
            }
            _ => return None,
        };
    }
    match evaluation.as_result() {
        [piece] => match piece.location {
            Location::Address { address } => Some(address),
            Location::Value { value } => value.to_u64(u64::MAX).ok(),
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stacks::registers::{RBP, RSP};

    struct Nothing;

    impl Words for Nothing {
        fn word(&mut self, address: u64) -> Option<u64> {
            (address == 0x1000).then_some(42)
        }
    }

    fn value(bytes: &[u8]) -> Option<u64> {
        let mut registers = Registers::default();
        registers.set(RSP, 0x0ff8);
        registers.set(RBP, 7);
        evaluate(bytes, None, &mut registers, &mut Nothing)
    }

    #[test]
    fn registers_and_memory_are_read() {
        // DW_OP_breg7 8; DW_OP_deref
        assert_eq!(value(&[0x77, 0x08, 0x06]), Some(42));
        // DW_OP_breg6 -1
        assert_eq!(value(&[0x76, 0x7f]), Some(6));
        // DW_OP_breg7 0; DW_OP_deref: nothing is there.
        assert_eq!(value(&[0x77, 0x00, 0x06]), None);
    }

    #[test]
    fn what_never_ends_and_what_is_no_expression_has_no_value() {
        // DW_OP_skip -3: to itself.
        assert_eq!(value(&[0x2f, 0xfd, 0xff]), None);
        for byte in 0..=255 {
            value(&[byte]);
            value(&[0x30, byte, byte, 0xff, byte]);
        }
    }
}
