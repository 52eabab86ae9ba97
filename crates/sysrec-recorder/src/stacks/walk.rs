//! The walk from a stopped task's registers outward, frame by frame.
//!
//! ```text
//!  registers ─► rule for the address ─┬─ a row of a table: where the caller's frame and registers are
//!                                     ├─ a signal's frame: the kernel saved all registers in it
//!                                     └─ unknown: a return address on top of the stack, or the frame pointer
//! ```
//! It ends for sure: a stack grows downward, so each frame but a signal's must lie above the one before, and their
//! number is limited. A frame whose code lies nowhere is not believed; what is known up to there is the stack, and its
//! last frame says that it was cut.

use sysrec_format::event::FrameFlags;

use super::expression::evaluate;
use super::memory::Words;
use super::registers::{RBP, REGISTERS, RIP, RSP, Registers};
use super::rules::{Cfa, Row, Rule, Saved};

/// A frame, by address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RawFrame {
    pub(super) address: u64,
    pub(super) flags: FrameFlags,
}

/// What the walk asks of the code of a process.
pub(super) trait Code {
    /// How to leave the frame that is at `address` and whose instruction `inside` is in; `None` where there is no code.
    fn rule(&mut self, inside: u64, address: u64) -> Option<Rule>;

    /// Whether there is code at an address.
    fn is_code(&mut self, address: u64) -> bool;

    /// Whether the instruction that ends at an address is a call.
    fn is_behind_call(&mut self, address: u64) -> bool;

    /// The stack pointer that the kernel began the program with.
    fn stack_start(&self) -> Option<u64>;
}

/// What came of one step.
enum Step {
    /// The caller's registers.
    Out(Registers),
    /// The same, and the caller did not call: a signal interrupted it.
    Interrupted(Registers),
    /// This was the outermost frame.
    End,
    /// There is no way to tell.
    Lost,
}

/// Walks; the innermost frame comes first, and there is always one. No more than `most` frames.
pub(super) fn walk(
    mut registers: Registers,
    most: usize,
    code: &mut impl Code,
    words: &mut impl Words,
    frames: &mut Vec<RawFrame>,
) {
    frames.clear();
    let address = registers.get(RIP, words).unwrap_or(0);
    frames.push(RawFrame { address, flags: FrameFlags::default() });
    let mut by_pointer = false;
    // The site is behind an instruction that is no call, so nothing was pushed: as in a frame that was interrupted.
    let mut on_top = true;
    loop {
        let Some(frame) = frames.last_mut() else { return };
        let exact = frame.flags.has(FrameFlags::INTERRUPTED);
        let inside = if exact { frame.address } else { frame.address.wrapping_sub(1) };
        let step = match code.rule(inside, frame.address) {
            Some(Rule::Row(row)) => by_row(&row, &mut registers, words),
            Some(Rule::Signal) => by_signal(&mut registers, words),
            Some(Rule::Unknown) => {
                let step = by_guess(&mut registers, on_top, by_pointer, code, words);
                by_pointer = true;
                step
            }
            None => Step::Lost,
        };
        let (mut outward, interrupted) = match step {
            Step::Out(registers) => (registers, false),
            Step::Interrupted(registers) => (registers, true),
            Step::End => return,
            Step::Lost => return frame.flags = frame.flags.with(FrameFlags::CUT),
        };
        let sp = registers.get(RSP, words);
        let (address, new_sp) = (outward.get(RIP, words), outward.get(RSP, words));
        match address {
            Some(0) => return,
            Some(address) if interrupted || new_sp > sp => {
                let place = if interrupted { address } else { address.wrapping_sub(1) };
                if code.is_code(place) {
                    if frames.len() >= most {
                        let Some(frame) = frames.last_mut() else { return };
                        return frame.flags = frame.flags.with(FrameFlags::DEEP);
                    }
                    let flags = if interrupted { FrameFlags::INTERRUPTED } else { FrameFlags::default() };
                    frames.push(RawFrame { address, flags });
                    (registers, on_top) = (outward, interrupted);
                    continue;
                }
            }
            _ => {}
        }
        return frame.flags = frame.flags.with(FrameFlags::CUT);
    }
}

fn by_row(row: &Row, registers: &mut Registers, words: &mut impl Words) -> Step {
    if row.ends() {
        return Step::End;
    }
    let cfa = match &row.cfa {
        Cfa::Register { register, offset } => {
            registers.get(*register, words).map(|value| value.wrapping_add_signed(*offset))
        }
        Cfa::Expression(bytes) => evaluate(bytes, None, registers, words),
    };
    let Some(cfa) = cfa else { return Step::Lost };
    let mut outward = *registers;
    if !row.signal {
        outward.forget_scratch();
    }
    for (register, saved) in &row.saved {
        let place = |offset: &i64| cfa.wrapping_add_signed(*offset);
        let mut value = |bytes: &[u8]| evaluate(bytes, Some(cfa), registers, words);
        match saved {
            Saved::Unknown => outward.forget(*register),
            Saved::At(offset) => outward.saved_at(*register, place(offset)),
            Saved::Is(offset) => outward.set(*register, place(offset)),
            Saved::In(other) => outward.take(*register, registers, *other),
            Saved::Constant(value) => outward.set(*register, *value),
            Saved::Same => outward.take(*register, registers, *register),
            Saved::AtExpression(bytes) => match value(bytes) {
                Some(address) => outward.saved_at(*register, address),
                None => outward.forget(*register),
            },
            Saved::IsExpression(bytes) => match value(bytes) {
                Some(value) => outward.set(*register, value),
                None => outward.forget(*register),
            },
        }
    }
    if row.return_register != RIP {
        let returned = outward;
        outward.take(RIP, &returned, row.return_register);
    }
    if row.signal { Step::Interrupted(outward) } else { Step::Out(outward) }
}

/// The handler returned to the code that calls `rt_sigreturn`: the stack pointer stands at the `ucontext` then
/// (`struct rt_sigframe`, `arch/x86/include/asm/sigframe.h`; `struct sigcontext_64`, `asm/sigcontext.h`).
fn by_signal(registers: &mut Registers, words: &mut impl Words) -> Step {
    /// `uc_mcontext`.
    const SIGCONTEXT: u64 = 40;
    /// Registers of `struct sigcontext_64` in its order: r8 to r15, rdi rsi rbp rbx rdx rax rcx rsp rip.
    const ORDER: [u16; REGISTERS] = [8, 9, 10, 11, 12, 13, 14, 15, 5, 4, 6, 3, 1, 0, 2, RSP, RIP];
    let Some(frame) = registers.get(RSP, words) else { return Step::Lost };
    let mut outward = Registers::default();
    for (register, place) in ORDER.into_iter().zip(0..) {
        outward.saved_at(register, frame.wrapping_add(SIGCONTEXT + 8 * place));
    }
    Step::Interrupted(outward)
}

/// Without a table: either nothing was pushed yet, and the return address is on top of the stack; or the function
/// keeps a frame pointer, as code without tables mostly does.
fn by_guess(
    registers: &mut Registers,
    on_top: bool,
    by_pointer: bool,
    code: &mut impl Code,
    words: &mut impl Words,
) -> Step {
    let Some(sp) = registers.get(RSP, words) else { return Step::Lost };
    // Nothing was pushed by whoever there was before: the code that a program begins with. The dynamic linker's has no
    // table.
    if code.stack_start() == Some(sp) {
        return Step::End;
    }
    if on_top
        && let Some(address) = words.word(sp)
        && code.is_behind_call(address)
    {
        let mut outward = *registers;
        outward.set(RIP, address);
        outward.set(RSP, sp.wrapping_add(8));
        return Step::Out(outward);
    }
    let Some(frame) = registers.get(RBP, words) else { return Step::Lost };
    if frame == 0 && by_pointer {
        // The end of a chain (System V ABI for x86-64, section 3.4.1: the outermost frame has a frame pointer of 0).
        return Step::End;
    }
    if frame < sp || frame % 8 != 0 {
        return Step::Lost;
    }
    let mut outward = registers.only(&[]);
    outward.saved_at(RBP, frame);
    outward.saved_at(RIP, frame.wrapping_add(8));
    outward.set(RSP, frame.wrapping_add(16));
    Step::Out(outward)
}

#[cfg(test)]
mod tests;
