//! Stacks that no program has: made by hand, and by chance.

use std::collections::HashMap;
use std::rc::Rc;

use super::*;

/// Code everywhere from 0x1000 to 0x2000, with the rule by address where there is one.
#[derive(Default)]
struct Codes {
    rules: HashMap<u64, Rule>,
    calls: Vec<u64>,
    stack_start: Option<u64>,
}

impl Code for Codes {
    fn rule(&mut self, inside: u64, _: u64) -> Option<Rule> {
        self.is_code(inside).then(|| self.rules.get(&inside).cloned().unwrap_or(Rule::Unknown))
    }

    fn is_code(&mut self, address: u64) -> bool {
        (0x1000..0x2000).contains(&address)
    }

    fn is_behind_call(&mut self, address: u64) -> bool {
        self.calls.contains(&address)
    }

    fn stack_start(&self) -> Option<u64> {
        self.stack_start
    }
}

#[derive(Clone, Default)]
struct Stack(HashMap<u64, u64>);

impl Words for Stack {
    fn word(&mut self, address: u64) -> Option<u64> {
        self.0.get(&address).copied()
    }
}

fn registers(ip: u64, sp: u64, bp: u64) -> Registers {
    let mut registers = Registers::default();
    registers.set(RIP, ip);
    registers.set(RSP, sp);
    registers.set(RBP, bp);
    registers
}

fn walked(registers: Registers, codes: &mut Codes, stack: &[(u64, u64)]) -> Vec<(u64, u8)> {
    let mut frames = Vec::new();
    walk(registers, 16, codes, &mut Stack(stack.iter().copied().collect()), &mut frames);
    frames.iter().map(|frame| (frame.address, frame.flags.0)).collect()
}

fn row(cfa: Cfa, saved: &[(u16, Saved)]) -> Rule {
    let mut saved = saved.to_vec();
    saved.push((RSP, Saved::Is(0)));
    Rule::Row(Rc::new(Row { cfa, saved: saved.into(), return_register: RIP, signal: false }))
}

fn above_sp(offset: i64) -> Rule {
    row(Cfa::Register { register: RSP, offset }, &[(RIP, Saved::At(-8))])
}

const CUT: u8 = FrameFlags::CUT.0;
const DEEP: u8 = FrameFlags::DEEP.0;

#[test]
fn tables_lead_outward_to_the_frame_that_they_call_the_last() {
    let end = row(Cfa::Register { register: RSP, offset: 8 }, &[(RIP, Saved::Unknown)]);
    let mut codes = Codes::default();
    codes.rules.extend([(0x1000 - 1 + 1, above_sp(16)), (0x10ff, above_sp(32)), (0x11ff, end)]);
    let stack = [(0x8008, 0x1100), (0x8028, 0x1200)];
    assert_eq!(
        walked(registers(0x1001, 0x8000, 0), &mut codes, &stack),
        [(0x1001, 0), (0x1100, 0), (0x1200, 0)]
    );
}

#[test]
fn the_code_that_a_program_begins_with_needs_no_table() {
    let mut codes = Codes { stack_start: Some(0x8010), ..Codes::default() };
    codes.rules.insert(0x1000, above_sp(16));
    let stack = [(0x8008, 0x1100), (0x8010, 3), (0x8018, 0x9000)];
    let found = walked(registers(0x1001, 0x8000, 0x8018), &mut codes, &stack);
    assert_eq!(found, [(0x1001, 0), (0x1100, 0)]);
    codes.stack_start = Some(0x8018);
    assert_eq!(walked(registers(0x1001, 0x8000, 0x8018), &mut codes, &stack)[1], (0x1100, CUT));
}

#[test]
fn frame_pointers_lead_where_no_table_does() {
    let chain = [(0x8010, 0x8030), (0x8018, 0x1100), (0x8030, 0), (0x8038, 0x1200)];
    let all = [(0x1001, 0), (0x1100, 0), (0x1200, 0)];
    assert_eq!(walked(registers(0x1001, 0x8000, 0x8010), &mut Codes::default(), &chain), all);
    // A function that has not pushed anything.
    let mut codes = Codes { calls: vec![0x1050], ..Codes::default() };
    let stack = [&chain[..], &[(0x8000, 0x1050)]].concat();
    let all = [(0x1001, 0), (0x1050, 0), (0x1100, 0), (0x1200, 0)];
    assert_eq!(walked(registers(0x1001, 0x8000, 0x8010), &mut codes, &stack), all);
}

#[test]
fn a_chain_that_runs_in_a_circle_backwards_or_for_ever_ends() {
    let first =
        |stack: &[(u64, u64)]| walked(registers(0x1001, 0x8000, 0x8010), &mut Codes::default(), stack);
    assert_eq!(first(&[(0x8010, 0x8010), (0x8018, 0x1100)]), [(0x1001, 0), (0x1100, CUT)]);
    assert_eq!(first(&[(0x8010, 0x8000), (0x8018, 0x1100)]), [(0x1001, 0), (0x1100, CUT)]);
    let endless: Vec<_> =
        (0..1000).flat_map(|i| [(0x8010 + 16 * i, 0x8020 + 16 * i), (0x8018 + 16 * i, 0x1100)]).collect();
    let frames = first(&endless);
    assert_eq!((frames.len(), frames[15]), (16, (0x1100, DEEP)));
}

#[test]
fn what_is_no_code_is_no_frame() {
    let first =
        |stack: &[(u64, u64)]| walked(registers(0x1001, 0x8000, 0x8010), &mut Codes::default(), stack);
    assert_eq!(first(&[(0x8010, 0x8030), (0x8018, 0x7777)]), [(0x1001, CUT)]);
    assert_eq!(first(&[]), [(0x1001, CUT)]);
    assert_eq!(walked(registers(0x9000, 0x8000, 0), &mut Codes::default(), &[]), [(0x9000, CUT)]);
    assert_eq!(walked(registers(0, 0, 0), &mut Codes::default(), &[]), [(0, CUT)]);
    assert_eq!(
        walked(registers(0x1001, u64::MAX, u64::MAX - 7), &mut Codes::default(), &[]),
        [(0x1001, CUT)]
    );
}

#[test]
fn a_signals_frame_leads_to_what_it_interrupted() {
    let mut codes = Codes::default();
    codes.rules.extend([(0x1000, above_sp(8)), (0x10ff, Rule::Signal), (0x1300, above_sp(8))]);
    // The handler returns to 0x1100; the context behind has rsp at 40 + 8 * 15 and rip at 40 + 8 * 16.
    let context = 0x8008;
    let stack = [(0x8000, 0x1100), (context + 160, 0x4000), (context + 168, 0x1300), (0x4000, 0)];
    let frames = walked(registers(0x1001, 0x8000, 0), &mut codes, &stack);
    assert_eq!(frames, [(0x1001, 0), (0x1100, 0), (0x1300, FrameFlags::INTERRUPTED.0)]);
}

#[test]
fn any_rules_on_any_stack_end_and_give_a_frame() {
    let mut state = 7_u64;
    let mut next = move || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        state >> 33
    };
    for _ in 0..20_000 {
        let mut codes = Codes::default();
        let place = |next: &mut dyn FnMut() -> u64| match next() % 4 {
            0 => Saved::At(next() as i64 % 64 * 8 - 256),
            1 => Saved::In((next() % 40) as u16),
            2 => Saved::IsExpression((0..4).map(|_| next() as u8).collect()),
            _ => Saved::Same,
        };
        for address in 0x1000..0x1040 {
            let rule = match next() % 4 {
                0 => Rule::Signal,
                1 => Rule::Unknown,
                2 => row(Cfa::Expression((0..5).map(|_| next() as u8).collect()), &[(RIP, place(&mut next))]),
                _ => {
                    let cfa =
                        Cfa::Register { register: (next() % 20) as u16, offset: next() as i64 % 100 - 20 };
                    row(cfa, &[(RIP, place(&mut next)), (RBP, place(&mut next))])
                }
            };
            codes.rules.insert(address, rule);
        }
        let stack: Vec<_> = (0..64)
            .map(|i| (0x8000 + 8 * i, [0x1000, 0x8000][next() as usize % 2] + next() % 0x40))
            .collect();
        let frames = walked(
            registers(0x1000 + next() % 0x40, 0x8000 + next() % 64, 0x8000 + 8 * (next() % 64)),
            &mut codes,
            &stack,
        );
        assert!((1..=16).contains(&frames.len()));
    }
}
