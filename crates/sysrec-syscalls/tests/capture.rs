//! What the capture plan copies, and that neither it nor the decoder minds what pointers and lengths say.

use proptest::prelude::*;
use sysrec_syscalls::{
    Abi, ArgNames, CaptureLimits, Cut, Fragment, Level, MemorySource, Moment, NoNames, RawCall, Run,
    Snapshot, by_name, calls, capture, captures, decode,
};

/// Memory in pieces; everything else cannot be read.
#[derive(Default)]
struct Pieces(Vec<(u64, Vec<u8>)>);

impl Pieces {
    fn with(mut self, address: u64, bytes: impl AsRef<[u8]>) -> Self {
        self.0.push((address, bytes.as_ref().to_vec()));
        self
    }

    fn words(self, address: u64, words: &[u64]) -> Self {
        self.with(address, words.iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<u8>>())
    }
}

impl MemorySource for Pieces {
    fn read(&mut self, address: u64, buffer: &mut [u8]) -> usize {
        let piece = self.0.iter().find_map(|(begin, bytes)| {
            bytes.get(usize::try_from(address.checked_sub(*begin)?).ok()?..).filter(|rest| !rest.is_empty())
        });
        let rest = piece.unwrap_or(&[]);
        let got = rest.len().min(buffer.len());
        buffer[..got].copy_from_slice(&rest[..got]);
        got
    }
}

/// Memory that repeats a few bytes at every address that is not 0: full of pointers that lead on and on.
struct Everywhere(Vec<u8>);

impl MemorySource for Everywhere {
    fn read(&mut self, address: u64, buffer: &mut [u8]) -> usize {
        if address == 0 {
            return 0;
        }
        for (at, byte) in buffer.iter_mut().enumerate() {
            let place = address.wrapping_add(at as u64) % self.0.len() as u64;
            *byte = self.0[place as usize];
        }
        buffer.len()
    }
}

/// A call of x86-64 by its name.
struct Named {
    nr: i32,
    args: [u64; 6],
    ret: Option<i64>,
}

fn x86_64(name: &str, args: &[u64], ret: Option<i64>) -> Named {
    let mut all = [0; 6];
    all[..args.len()].copy_from_slice(args);
    Named { nr: by_name(Abi::X86_64, name).unwrap().number as i32, args: all, ret }
}

impl Named {
    fn copied(&self, moment: Moment, level: Level, memory: &mut dyn MemorySource) -> Vec<Fragment> {
        let limits = CaptureLimits::default();
        capture(Abi::X86_64, self.nr, &self.args, self.ret, moment, level, &limits, memory)
    }

    /// What a recording at that level shows of the call.
    fn line(&self, level: Level, memory: &mut dyn MemorySource) -> String {
        let entry = self.copied(Moment::Entry, level, memory);
        let exit = if self.ret.is_some() { self.copied(Moment::Exit, level, memory) } else { Vec::new() };
        line(Abi::X86_64, self.nr, self.args, self.ret, &entry, &exit)
    }
}

fn line(
    abi: Abi,
    nr: i32,
    args: [u64; 6],
    ret: Option<i64>,
    entry: &[Fragment],
    exit: &[Fragment],
) -> String {
    let [entry, exit] = [entry, exit].map(|side| {
        side.iter().map(|fragment| (fragment.address, fragment.bytes.as_slice())).collect::<Vec<Run<'_>>>()
    });
    let decoded = decode(&RawCall { abi, nr, args, ret, memory: Snapshot::new(&entry, &exit) });
    let mut text = String::new();
    decoded.write_call(&mut text, ArgNames::Hidden, &NoNames);
    text.push_str(" = ");
    decoded.write_result(&mut text, &NoNames);
    text
}

#[test]
fn levels_hold_what_they_say() {
    let nr = |name| by_name(Abi::X86_64, name).unwrap().number as i32;
    for call in calls(Abi::X86_64) {
        assert!(!captures(Abi::X86_64, call.number as i32, Level::None), "{}", call.name);
    }
    for name in
        ["open", "execve", "connect", "accept4", "socketpair", "pipe2", "sendmsg", "prctl", "memfd_create"]
    {
        assert!(captures(Abi::X86_64, nr(name), Level::Names), "{name} says what something is called");
    }
    for name in ["read", "write", "futex", "epoll_wait", "fstat", "nanosleep", "rt_sigaction"] {
        assert!(!captures(Abi::X86_64, nr(name), Level::Names), "{name} names nothing, and is left alone");
        assert!(captures(Abi::X86_64, nr(name), Level::All), "{name}");
    }
    for name in ["getpid", "close", "lseek", "mmap"] {
        assert!(!captures(Abi::X86_64, nr(name), Level::All), "{name} points at nothing");
    }
    assert!(!captures(Abi::X86_64, 9999, Level::All));
}

#[test]
fn inputs_are_copied_at_the_entry_and_outputs_at_the_exit_as_far_as_there_are_any() {
    let mut memory = Pieces::default().with(0x1000, "abcdefgh");
    let write = x86_64("write", &[1, 0x1000, 5], Some(5));
    assert_eq!(write.copied(Moment::Entry, Level::All, &mut memory)[0].bytes, b"abcde");
    assert_eq!(write.copied(Moment::Exit, Level::All, &mut memory), []);
    assert_eq!(write.copied(Moment::Entry, Level::Names, &mut memory), []);
    let read = x86_64("read", &[0, 0x1000, 100], Some(3));
    assert_eq!(read.copied(Moment::Entry, Level::All, &mut memory), []);
    assert_eq!(read.copied(Moment::Exit, Level::All, &mut memory)[0].bytes, b"abc");
    let failed = x86_64("read", &[0, 0x1000, 100], Some(-4));
    assert_eq!(failed.copied(Moment::Exit, Level::All, &mut memory), []);
    assert_eq!(read.line(Level::All, &mut memory), r#"read(0, "abc", 100) = 3"#);
    assert_eq!(
        failed.line(Level::All, &mut memory),
        "read(0, 0x1000, 100) = -1 EINTR (Interrupted system call)"
    );
}

#[test]
fn a_cut_says_why() {
    let mut memory = Pieces::default().with(0xff0, "/a/path/that/enX").with(0x2000, "whole\0behind");
    let open = x86_64("open", &[0xff0, 0], None);
    let [fragment] =
        <[Fragment; 1]>::try_from(open.copied(Moment::Entry, Level::Names, &mut memory)).unwrap();
    assert_eq!((fragment.cut, fragment.bytes.len()), (Cut::Unreadable, 16), "the next page is not there");
    let open = x86_64("open", &[0x2000, 0], None);
    let [fragment] =
        <[Fragment; 1]>::try_from(open.copied(Moment::Entry, Level::Names, &mut memory)).unwrap();
    assert_eq!((fragment.cut, fragment.bytes.as_slice()), (Cut::Whole, b"whole\0".as_slice()));
    let open = x86_64("open", &[0x9000, 0], None);
    let [fragment] =
        <[Fragment; 1]>::try_from(open.copied(Moment::Entry, Level::Names, &mut memory)).unwrap();
    assert_eq!((fragment.cut, fragment.bytes.len()), (Cut::Unreadable, 0));
    let write = x86_64("write", &[1, 0x1000, u64::MAX], None);
    let fragments = write.copied(Moment::Entry, Level::All, &mut Everywhere(vec![b'x'; 7]));
    assert_eq!((fragments[0].cut, fragments[0].bytes.len()), (Cut::Limit, 32));
    assert_eq!(fragments[0].wanted_bytes, u64::MAX);
}

#[test]
fn a_message_is_followed_through_its_pointers() {
    let mut memory = Pieces::default()
        .words(0x1000, &[0x2000, 16, 0x3000, 2, 0x5000, 24, 0])
        .with(0x2000, [2, 0, 0, 80, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0])
        .words(0x3000, &[0x4000, 3, 0x4100, 40])
        .with(0x4000, "GET")
        .with(0x4100, [b'y'; 64])
        .with(0x5000, [20, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0]);
    let sendmsg = x86_64("sendmsg", &[3, 0x1000, 0x4000], Some(43));
    let address = r#"msg_name={sa_family=AF_INET, sin_port=htons(80), sin_addr=inet_addr("127.0.0.1")}, msg_namelen=16"#;
    let control = "msg_control=[{cmsg_len=20, cmsg_level=SOL_SOCKET, cmsg_type=SCM_RIGHTS, cmsg_data=[7]}], msg_controllen=24, msg_flags=0";
    let buffers =
        r#"[{iov_base="GET", iov_len=3}, {iov_base="yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy"..., iov_len=40}]"#;
    let expected =
        format!("sendmsg(3, {{{address}, msg_iov={buffers}, msg_iovlen=2, {control}}}, MSG_NOSIGNAL) = 43");
    assert_eq!(sendmsg.line(Level::All, &mut memory), expected);
    // Names without the buffers.
    let expected =
        format!("sendmsg(3, {{{address}, msg_iov=0x3000, msg_iovlen=2, {control}}}, MSG_NOSIGNAL) = 43");
    assert_eq!(sendmsg.line(Level::Names, &mut memory), expected);
}

#[test]
fn i386_has_layouts_of_its_own() {
    let i386 = |name: &str, args: &[u64], ret: i64, memory: &mut Pieces| {
        let mut all = [0; 6];
        all[..args.len()].copy_from_slice(args);
        let nr = by_name(Abi::I386, name).unwrap().number as i32;
        let limits = CaptureLimits::default();
        let [entry, exit] = [Moment::Entry, Moment::Exit]
            .map(|moment| capture(Abi::I386, nr, &all, Some(ret), moment, Level::All, &limits, memory));
        line(Abi::I386, nr, all, Some(ret), &entry, &exit)
    };
    let mut memory = Pieces::default()
        .with(0x1000, [1, 0, 0, 0, 0xf4, 1, 0, 0])
        .words(0x1100, &[2, 500])
        .with(0x1200, [0, 0x13, 0, 0, 3, 0, 0, 0])
        .with(0x1300, "abc")
        .with(0x1400, [5, 0, 0, 0, 0x00, 0x15, 0, 0, 4, 0, 0, 0])
        .with(0x1500, [1, 0, b'/', b'x'])
        .with(0x1600, "\x09\0\0\0msg");
    assert_eq!(
        i386("nanosleep", &[0x1000, 0], 0, &mut memory),
        "nanosleep({tv_sec=1, tv_nsec=500}, NULL) = 0"
    );
    assert_eq!(
        i386("clock_nanosleep_time64", &[1, 0, 0x1100, 0], 0, &mut memory),
        "clock_nanosleep_time64(CLOCK_MONOTONIC, 0, {tv_sec=2, tv_nsec=500}, NULL) = 0"
    );
    assert_eq!(
        i386("writev", &[1, 0x1200, 1], 3, &mut memory),
        r#"writev(1, [{iov_base="abc", iov_len=3}], 1) = 3"#
    );
    assert_eq!(
        i386("pread64", &[3, 0x1300, 2, 0xffff_fff0, 1], 2, &mut memory),
        r#"pread64(3, "ab", 2, 8589934576) = 2"#
    );
    assert_eq!(
        i386("socketcall", &[3, 0x1400], 0, &mut memory),
        r#"connect(5, {sa_family=AF_UNIX, sun_path="/x"}, 4) = 0"#
    );
    assert_eq!(i386("ipc", &[13, 0, 0o1600], 5, &mut memory), "msgget(IPC_PRIVATE, IPC_CREAT|0600) = 5");
    let ipc = i386("ipc", &[11, 5, 3, 0, 0x1600], 0, &mut memory);
    assert_eq!(ipc, r#"msgsnd(5, {mtype=9, mtext="msg"}, 3, 0) = 0"#);
    assert_eq!(i386("setuid", &[0xffff], 0, &mut memory), "setuid(-1) = 0");
    assert_eq!(
        i386("_llseek", &[3, 1, 2, 0, 1], 0, &mut memory),
        "_llseek(3, 4294967298, NULL, SEEK_CUR) = 0"
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, failure_persistence: None, max_shrink_iters: 20, ..ProptestConfig::default() })]

    /// Every call of every ABI, with registers and memory that lead anywhere.
    #[test]
    fn nothing_that_a_program_passes_is_too_much(
        mut bytes in proptest::collection::vec(any::<u8>(), 1..64),
        registers in proptest::array::uniform6(prop_oneof![
            any::<u64>(), 0u64..40, Just(u64::MAX), Just(0xffff_ffff), 0x1000u64..0x2000
        ]),
        ret in prop_oneof![Just(None), (0i64..5000).prop_map(Some), (-600i64..0).prop_map(Some), any::<i64>().prop_map(Some)],
        is_text in any::<bool>(),
    ) {
        if is_text {
            // No NUL anywhere: strings and vectors do not end.
            bytes.iter_mut().for_each(|byte| *byte |= 1);
        }
        let mut memory = Everywhere(bytes);
        let limits = CaptureLimits::default();
        for abi in Abi::ALL {
            for call in calls(abi) {
                let nr = call.number as i32;
                let [entry, exit] = [Moment::Entry, Moment::Exit].map(|moment| {
                    let fragments =
                        capture(abi, nr, &registers, ret, moment, Level::All, &limits, &mut memory);
                    let kept: usize = fragments.iter().map(|fragment| fragment.bytes.len()).sum();
                    assert!(kept <= limits.total_bytes && fragments.len() <= limits.fragments, "{}", call.name);
                    fragments
                });
                let text = line(abi, nr, registers, ret, &entry, &exit);
                prop_assert!(text.len() < 1 << 20, "{} bytes: {}", text.len(), &text[..200]);
                prop_assert!(text.bytes().all(|byte| (0x20..0x7f).contains(&byte)), "{text:?}");
            }
        }
    }
}
