//! Moving a stopped task out of our code, so that whoever looks at it (a signal handler, an unwinder, the kernel's own
//! restart of a call) sees the program's own addresses and registers.
//!
//! | stopped in | becomes |
//! | --- | --- |
//! | landing, trampoline, stub before its syscall instruction | before the call: ip = the site, registers as there |
//! | landing of P2, and the front up to its instruction | before that instruction: ip = where it stood |
//! | stub behind it | after the call, which is told: ip behind the site, rax = the result |
//! | stub, sent back to make its call again | before the call; the one that it was sent back from is told |

use sysrec_format::event::UserRegisters;

use super::layout::{RingCall, STUB_ADDRESS, TRAMPOLINE_FRONT, TRAMPOLINE_NET, TRAMPOLINE_TAIL};
use super::rings::{Ring, Rings};
use super::space::{SiteState, Space};
use crate::backend::SENT_BACK;
use crate::sys::ptrace::register::*;
use crate::sys::stub::Places;

/// What was done to a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Normalised {
    /// It was not in our code.
    Untouched,
    /// It is before its call again.
    Before,
    /// It is out of this call, which is told now and its slot released then. `None`: the stub had finished it.
    After(Option<RingCall>),
}

/// Normalises. `registers` are changed; write them back if the answer is not [`Normalised::Untouched`].
/// All finished calls must have been read from the ring. `sent_back`: the recorder has set it to make its call again.
pub(crate) fn normalise(
    registers: &mut UserRegisters,
    space: &Space,
    ring: &mut Ring,
    rings: &Rings,
    places: &Places,
    now_tsc: u64,
    sent_back: bool,
) -> Normalised {
    let ip = registers[RIP];
    if let Some(site) = space.site_of_landing(ip) {
        registers[RIP] = site - u64::from(space.preceding_bytes(site).unwrap_or(0));
        return Normalised::Before;
    }
    if let Some((site, offset)) = space.site_of_trampoline(ip) {
        if let Some(length) = space.preceding_bytes(site)
            && offset >= TRAMPOLINE_FRONT
        {
            // Its effects are there once the task stands behind it, on the way to the call.
            registers[RIP] = if offset == TRAMPOLINE_FRONT { site - u64::from(length) } else { site };
            return Normalised::Before;
        }
        if offset <= TRAMPOLINE_NET {
            registers[RIP] = site;
            return Normalised::Before;
        }
        let back = ip >= tail_jump(space, site, ip - offset);
        registers[RIP] = if back { site + 2 + displaced_bytes(space, site) } else { site + 2 };
        registers[RCX] = if back { registers[RCX] } else { site + 2 };
        return Normalised::After(None);
    }
    let compares_stacks = (places.stack..places.stack_end).contains(&ip);
    if !(STUB_ADDRESS..places.end).contains(&ip) && !compares_stacks {
        return Normalised::Untouched;
    }
    let filling = rings.filling(ring);
    if ip < places.call || ip >= places.look {
        // r11 holds the trampoline until the kernel overwrites it.
        let Some((site, _)) = space.site_of_trampoline(registers[R11]) else { return Normalised::Untouched };
        let at_the_head = (places.path_saved..places.path_copied).contains(&ip)
            || (places.stack_saved..places.stack_end).contains(&ip);
        if at_the_head {
            registers[RAX] = u64::from(filling.nr);
            registers[RDX] = rings.rdx_at_head(ring);
        } else if (places.saved..places.call).contains(&ip) {
            registers[RAX] = u64::from(filling.nr);
            registers[RDX] = filling.args[2];
        }
        registers[RIP] = site;
        rings.release(ring, false);
        return Normalised::Before;
    }
    if ip == places.call {
        // All is set for the call, or the kernel has set it back to be restarted: with rax as it wants it.
        registers[RIP] = filling.ip.wrapping_sub(2);
        if sent_back {
            let call = RingCall { ret: SENT_BACK, end: now_tsc, ..filling };
            rings.finish(ring, &call);
            return Normalised::After(Some(call));
        }
        rings.release(ring, false);
        return Normalised::Before;
    }
    if ip > places.timed {
        // Finished, and read; the task has only not left yet.
        let last = rings.last(ring);
        leave(registers, &last);
        rings.release(ring, false);
        return Normalised::After(None);
    }
    let mut call = filling;
    if ip < places.result_saved {
        call.ret = registers[RAX] as i64;
    }
    if ip < places.timed {
        call.end = now_tsc;
    }
    leave(registers, &call);
    rings.finish(ring, &call);
    Normalised::After(Some(call))
}

/// Bytes of the instruction that a site's trampoline runs; 0 for none.
fn displaced_bytes(space: &Space, site: u64) -> u64 {
    match space.jumped_from(site).map(|site| site.state) {
        Some(SiteState::Displaced { length }) => u64::from(length),
        _ => 0,
    }
}

/// Where the displaced instruction has been run; out of reach where there is none.
fn tail_jump(space: &Space, site: u64, trampoline: u64) -> u64 {
    match displaced_bytes(space, site) {
        0 => u64::MAX,
        length => trampoline + TRAMPOLINE_TAIL + MOV_BYTES + length,
    }
}

/// The tail's first instruction.
const MOV_BYTES: u64 = 7;

/// As the stub leaves.
fn leave(registers: &mut UserRegisters, call: &RingCall) {
    registers[RAX] = call.ret as u64;
    registers[RDX] = call.args[2];
    registers[RIP] = call.ip;
    registers[RCX] = call.ip;
}

#[cfg(all(test, not(loom)))]
mod tests;
