//! The rules of `docs/IN_PROCESS_RULES.md`, checked on the bytes that tracees run.

use std::collections::BTreeSet;

use iced_x86::{
    Code, Decoder, DecoderOptions, FlowControl, Instruction, InstructionInfoFactory, Mnemonic, OpAccess,
    Register,
};

use super::*;

/// Instructions from one address of the page up to another, one behind the other.
fn instructions(from: u64, to: u64) -> Vec<Instruction> {
    let page = page();
    let bytes = &page[(from - STUB_ADDRESS) as usize..(to - STUB_ADDRESS) as usize];
    let decoded: Vec<Instruction> = Decoder::with_ip(64, bytes, from, DecoderOptions::NONE).iter().collect();
    assert!(
        decoded.iter().all(|instruction| !instruction.is_invalid()),
        "{from:#x}..{to:#x} is not all code"
    );
    decoded
}

/// The stub's two parts.
fn stub() -> Vec<Instruction> {
    let mut code = instructions(STUB_ADDRESS, places().end);
    code.extend(instructions(places().stack, places().stack_end));
    code
}

fn writes(access: OpAccess) -> bool {
    matches!(access, OpAccess::Write | OpAccess::CondWrite | OpAccess::ReadWrite | OpAccess::ReadCondWrite)
}

fn word(at: usize) -> u64 {
    u64::from_le_bytes(page()[at..at + 8].try_into().expect("eight bytes"))
}

#[test]
fn the_stub_is_made_of_these_instructions_alone() {
    use Mnemonic::*;
    let allowed = [Rdgsbase, Pext, Lea, Jrcxz, Jmp, Mov, Movzx, Prefetchw, Rdtsc, Syscall];
    for instruction in stub() {
        assert!(
            allowed.contains(&instruction.mnemonic()),
            "{:#x}: {:?}",
            instruction.ip(),
            instruction.code()
        );
    }
}

#[test]
fn the_stub_leaves_flags_and_stack_alone() {
    for instruction in stub().iter().filter(|instruction| instruction.code() != Code::Syscall) {
        let at = instruction.ip();
        assert_eq!(instruction.rflags_modified(), 0, "{at:#x} changes flags");
        assert!(!instruction.is_stack_instruction(), "{at:#x} uses the stack");
    }
}

#[test]
fn the_stub_writes_no_register_but_these() {
    let mut info = InstructionInfoFactory::new();
    let Places { saved, look, path_saved, path_copied, stack_saved, stack_end, .. } = places();
    for instruction in stub().iter().filter(|instruction| instruction.code() != Code::Syscall) {
        for used in info.info(instruction).used_registers() {
            let register = used.register().full_register();
            assert!(
                register.is_gpr64() || register == Register::GS,
                "{:#x} uses {register:?}",
                instruction.ip()
            );
            // Before `saved`, normalisation relies on rax and rdx being the program's; r11 it needs until the call.
            let allowed: &[Register] = match instruction.ip() {
                ip if (stack_saved..stack_end).contains(&ip) => {
                    &[Register::RCX, Register::RAX, Register::RDX]
                }
                ip if ip < saved || (look..path_saved).contains(&ip) || ip >= path_copied => &[Register::RCX],
                _ => &[Register::RCX, Register::RAX, Register::RDX],
            };
            assert!(
                !writes(used.access()) || allowed.contains(&register),
                "{:#x} writes {register:?}",
                instruction.ip()
            );
        }
    }
}

#[test]
fn the_stub_reads_and_writes_its_ring_and_reads_a_few_words_of_ours() {
    let mut info = InstructionInfoFactory::new();
    let page_end = STUB_ADDRESS + STUB_BYTES as u64;
    for instruction in stub() {
        for used in info.info(&instruction).used_memory() {
            if used.access() == OpAccess::NoMemAccess {
                continue;
            }
            let at = instruction.ip();
            let (displacement, bytes) = (used.displacement(), used.memory_size().size() as u64);
            let compares = (places().stack_saved..places().stack_end).contains(&at);
            if used.segment() == Register::GS {
                assert_eq!(used.index(), Register::None, "{at:#x}");
                match used.base() {
                    // A byte of a path, in the part that counts them.
                    Register::RAX => {
                        assert_eq!((displacement, bytes), (0, 1), "{at:#x}");
                        assert!((places().path_saved..places().path_copied).contains(&at), "{at:#x}");
                    }
                    // The address of the lists, which is read; words of the task's own, where it compares stacks.
                    Register::None if compares && displacement >= HEAD + 8 => {
                        let own = stack_lists::CANDIDATE..stack_lists::REGISTERS + 8 * 8;
                        let lists = displacement == stack_lists::LISTS && !writes(used.access());
                        assert!(bytes == 8 && (own.contains(&displacement) || lists), "{at:#x}");
                    }
                    // The head's two bytes, where the stub goes on, and no more: the rest of the page is not the stub's.
                    Register::None => {
                        assert!([(HEAD, 2), (RETURN, 8)].contains(&(displacement, bytes)), "{at:#x}");
                    }
                    // The slot behind, neither read nor written.
                    Register::RCX if instruction.mnemonic() == Mnemonic::Prefetchw => {}
                    base => {
                        assert_eq!(base, Register::RCX, "{at:#x}");
                        assert!(displacement + bytes <= SLOT_BYTES, "{at:#x} leaves the slot");
                    }
                }
                continue;
            }
            assert!(!writes(used.access()), "{at:#x} writes outside the ring");
            let ours = match (used.base(), used.index()) {
                // Lists of stacks, and the words that they name, where a fault is expected.
                (Register::RDX, Register::None) if compares => [0, 8].contains(&displacement) && bytes == 8,
                (Register::RCX, Register::None | Register::RDX) if compares => {
                    displacement == 0 && bytes == 8
                }
                // The masks.
                (Register::None | Register::RIP, Register::None) => {
                    displacement >= STUB_ADDRESS + STUB_OPEN_BYTES && displacement + bytes <= page_end
                }
                // The table of numbers, of which the index has been checked.
                (Register::RCX, Register::None) => {
                    displacement == STUB_ADDRESS + NUMBER_TABLE as u64 && bytes == 1
                }
                // The trampoline's words.
                (Register::R11, Register::None) => {
                    [0, TRAMPOLINE_RETURN - TRAMPOLINE_DATA].contains(&displacement)
                }
                // Arguments that are recorded, where a fault is expected: a path, and two words of a message's header.
                (Register::RDX, Register::None) => {
                    bytes == 1 && (places().path_saved..places().path_copied).contains(&at)
                }
                (Register::RSI, Register::None) => {
                    at > places().look && [MESSAGE_NAME, MESSAGE_CONTROL].contains(&displacement)
                }
                _ => false,
            };
            assert!(ours, "{at:#x} reads what is not ours: {used:?}");
        }
    }
}

#[test]
fn nothing_is_read_through_gs_before_it_is_known_to_be_ours() {
    let code = stub();
    let first = code.iter().position(|instruction| instruction.segment_prefix() == Register::GS);
    let checks: Vec<Mnemonic> =
        code[..first.expect("a ring access")].iter().map(Instruction::mnemonic).collect();
    use Mnemonic::*;
    assert_eq!(checks[..5], [Rdgsbase, Pext, Lea, Jrcxz, Jmp]);
    // A value passes that lies in the window, and no other: pext keeps its top bits.
    let mask = code[1].ip_rel_memory_address();
    assert_eq!(word((mask - STUB_ADDRESS) as usize), !(WINDOW_BYTES - 1));
    assert_eq!(code[2].memory_displacement64() as i64, -((WINDOW_ADDRESS >> WINDOW_SHIFT) as i64));
}

#[test]
fn jumps_of_the_stub_stay_inside_or_leave_by_rcx() {
    let code = stub();
    let starts: BTreeSet<u64> = code.iter().map(Instruction::ip).collect();
    let mut left = 0;
    for instruction in &code {
        match instruction.flow_control() {
            FlowControl::Next => {}
            FlowControl::ConditionalBranch | FlowControl::UnconditionalBranch => {
                assert!(starts.contains(&instruction.near_branch_target()), "{:#x}", instruction.ip());
            }
            FlowControl::IndirectBranch => {
                assert_eq!(instruction.op0_register(), Register::RCX);
                left += 1;
            }
            FlowControl::Call if instruction.code() == Code::Syscall => {}
            other => panic!("{:#x}: {other:?}", instruction.ip()),
        }
    }
    // To the net, and back to the program.
    assert_eq!(left, 2);
    let starts_look = code.iter().position(|instruction| instruction.ip() == places().look);
    let starts_stack = code.iter().position(|instruction| instruction.ip() == places().stack);
    let before = |place: Option<usize>| &code[place.expect("a label") - 1];
    let last = [before(starts_look), before(starts_stack), code.last().expect("instructions")];
    let ends =
        [FlowControl::IndirectBranch, FlowControl::UnconditionalBranch, FlowControl::UnconditionalBranch];
    assert_eq!(last.map(Instruction::flow_control), ends);
}

#[test]
fn the_labels_stand_where_normalisation_takes_them_to_be() {
    let places = places();
    let code = stub();
    let at = |address: u64| {
        code.iter().position(|instruction| instruction.ip() == address).expect("a label at an instruction")
    };
    let stored_before = |address: u64| {
        let instruction = code[at(address) - 1];
        assert_eq!(instruction.segment_prefix(), Register::GS);
        instruction.memory_displacement64()
    };
    assert_eq!(code[at(places.call)].code(), Code::Syscall);
    assert_eq!(stored_before(places.saved), slot::SP);
    assert_eq!(stored_before(places.call), slot::STATE);
    assert_eq!(stored_before(places.result_saved), slot::RET);
    assert_eq!(stored_before(places.timed), slot::END_HIGH);
    assert_eq!(stored_before(places.path_saved), path_slot::RDX);
    assert_eq!(stored_before(places.stack_saved), path_slot::RDX);
    // The path is complete before the state says so.
    let copied = &code[at(places.path_copied)..][..3];
    assert_eq!((copied[0].memory_displacement64(), copied[0].immediate8()), (slot::STATE, state::PATH));
    assert_eq!(copied[2].memory_displacement64(), HEAD);
    // The words of the slot are complete before the state says so, and the head moves after it.
    let finished = &code[at(places.timed)..][..3];
    assert_eq!(finished[0].memory_displacement64(), slot::STATE);
    assert_eq!(finished[0].immediate8(), state::FINISHED);
    assert_eq!(finished[2].memory_displacement64(), HEAD);
    // rax is the call's result until it is saved.
    let mut info = InstructionInfoFactory::new();
    for instruction in &code[at(places.call) + 1..at(places.result_saved)] {
        let changes = |register: Register| {
            let used = info.info(instruction).used_registers().to_vec();
            used.iter().any(|used| used.register().full_register() == register && writes(used.access()))
        };
        assert!(![Register::RAX, Register::RDX].into_iter().any(changes), "{:#x}", instruction.ip());
    }
}

#[test]
fn the_open_part_makes_calls_in_the_known_places_only() {
    let places = places();
    let open_end = STUB_ADDRESS + STUB_OPEN_BYTES;
    let calls = |from, to| {
        let decoded = instructions(from, to);
        decoded.iter().filter(|i| i.code() == Code::Syscall).map(Instruction::ip).collect::<Vec<u64>>()
    };
    assert_eq!(calls(STUB_ADDRESS, places.end), [places.call]);
    assert_eq!(calls(places.remote, places.load), [places.remote]);
    let page = page();
    // Zeros fill what is left of the open part.
    let used = page[..STUB_OPEN_BYTES as usize].iter().rposition(|&byte| byte != 0).expect("code");
    let mut loader_end = STUB_ADDRESS + used as u64 + 1;
    while Decoder::with_ip(
        64,
        &page[(places.load - STUB_ADDRESS) as usize..(loader_end - STUB_ADDRESS) as usize],
        places.load,
        DecoderOptions::NONE,
    )
    .iter()
    .any(|instruction| instruction.is_invalid())
    {
        // The last instruction itself ends with zeros.
        loader_end += 1;
        assert!(loader_end <= open_end);
    }
    let loaders = calls(places.load, loader_end);
    assert_eq!(loaders.len(), 4, "open, mmap, close, madvise");
    // No jump into the middle of an instruction finds another one: these bytes stand nowhere else.
    let found: Vec<u64> = page
        .windows(2)
        .enumerate()
        .filter(|(_, pair)| [[0x0f, 0x05], [0x0f, 0x34], [0xcd, 0x80]].iter().any(|call| pair == call))
        .map(|(at, _)| STUB_ADDRESS + at as u64)
        .collect();
    let known: Vec<u64> = [places.call, places.remote].into_iter().chain(loaders).collect();
    let (open, closed): (Vec<u64>, Vec<u64>) = found.into_iter().partition(|&at| at < open_end);
    assert_eq!(open, known);
    assert_eq!(closed.len(), 1, "the report, which the net stops");
    assert!(closed[0] + 2 > open_end, "the net looks at the address behind the instruction");
}

#[test]
fn the_page_has_room_for_what_is_filled_in_later() {
    let page = page();
    assert!(page[NUMBER_TABLE..NUMBER_TABLE + NUMBERS].iter().all(|&entry| entry == number::INLINE));
    assert!(page[PATH..PATH + PATH_BYTES].iter().all(|&byte| byte == 0));
}
