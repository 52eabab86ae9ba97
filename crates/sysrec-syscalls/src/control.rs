//! Control data of messages, as far as it passes descriptors from process to process: recvmsg(2), cmsg(3), unix(7).
//!
//! ```text
//!  struct msghdr    name | its length | vectors | their count | control | its length | flags      a word each
//!  struct cmsghdr   length (a word) | level (4 bytes) | type (4 bytes) | data, padded to a word
//! ```
//! Here nothing is taken that is not whole. What a broken message looks like, [`decode`](crate::decode()) shows.

use crate::Abi;

/// `SOL_SOCKET` (include/linux/socket.h).
const SOL_SOCKET: u64 = 1;
/// `SCM_RIGHTS` (include/linux/socket.h).
const SCM_RIGHTS: u64 = 1;

/// Bytes of the largest `struct msghdr`: seven words of 64 bits.
pub const MSGHDR_BYTES_MAX: usize = 7 * 8;

/// Where the control data of a message stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ControlPlace {
    /// The address of its first byte.
    pub address: u64,
    /// How many bytes it has.
    pub length_bytes: u64,
}

/// Bytes of a word in messages: the calls of x32 that take any have numbers, and so layouts, of their own.
const fn word_bytes(abi: Abi) -> usize {
    match abi {
        Abi::I386 | Abi::X32 => 4,
        Abi::X86_64 | Abi::Aarch64 => 8,
    }
}

fn number(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |number, &byte| number << 8 | u64::from(byte))
}

/// Where a message's control data stands, by its `struct msghdr`, of which what stands behind it does not matter.
/// `None` where the header is cut before it says so.
pub fn control_place(abi: Abi, header: &[u8]) -> Option<ControlPlace> {
    let word = word_bytes(abi);
    let (address, length_bytes) = (header.get(4 * word..5 * word)?, header.get(5 * word..6 * word)?);
    Some(ControlPlace { address: number(address), length_bytes: number(length_bytes) })
}

/// Where the header of a message stands among those that begin at an address: of `sendmmsg` and `recvmmsg` each has
/// its length behind it (`struct mmsghdr`, include/linux/socket.h), padded to a word.
pub fn message_place(abi: Abi, address: u64, index: u64) -> Option<u64> {
    address.checked_add(index.checked_mul(8 * word_bytes(abi) as u64)?)
}

/// The descriptors that control data passes (`SCM_RIGHTS`), in order, up to what is cut or makes no sense.
pub fn passed_descriptors(abi: Abi, mut control: &[u8]) -> Vec<i32> {
    let word = word_bytes(abi);
    let head = word + 8;
    let mut found = Vec::new();
    while let Some(fields) = control.get(..head) {
        let length = usize::try_from(number(&fields[..word])).unwrap_or(usize::MAX);
        let (level, kind) = (number(&fields[word..word + 4]), number(&fields[word + 4..]));
        let Some(data) = control.get(head..length) else { break };
        if (level, kind) == (SOL_SOCKET, SCM_RIGHTS) {
            found.extend(data.chunks_exact(4).map(|fd| number(fd) as i32));
        }
        let Some(rest) = control.get(length.next_multiple_of(word)..) else { break };
        control = rest;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Control data of two messages: credentials, then descriptors.
    fn control(word: usize) -> Vec<u8> {
        let mut control = Vec::new();
        let mut put = |level: u32, kind: u32, data: &[u8]| {
            let length = (word + 8 + data.len()) as u64;
            control.extend_from_slice(&length.to_le_bytes()[..word]);
            control.extend_from_slice(&level.to_le_bytes());
            control.extend_from_slice(&kind.to_le_bytes());
            control.extend_from_slice(data);
            control.resize(control.len().next_multiple_of(word), 0);
        };
        put(1, 2, &[9; 12]);
        put(1, 1, &[5, 0, 0, 0, 7, 1, 0, 0]);
        control
    }

    #[test]
    fn descriptors_of_a_message_are_found_behind_other_control_data() {
        for (abi, word) in [(Abi::X86_64, 8), (Abi::Aarch64, 8), (Abi::X32, 4), (Abi::I386, 4)] {
            let control = control(word);
            assert_eq!(passed_descriptors(abi, &control), [5, 263], "{abi}");
            assert_eq!(passed_descriptors(abi, &control[..control.len() - 1]), [], "{abi}");
            assert_eq!(passed_descriptors(abi, &[0; 64]), [], "{abi}");
            assert_eq!(passed_descriptors(abi, &[0xff; 64]), [], "{abi}");
        }
    }

    #[test]
    fn a_header_tells_where_its_control_data_stands() {
        let header = |word: usize| -> Vec<u8> {
            (1..=7_u64).flat_map(|n| (n * 0x0101).to_le_bytes().into_iter().take(word)).collect()
        };
        let place = Some(ControlPlace { address: 5 * 0x0101, length_bytes: 6 * 0x0101 });
        assert_eq!(control_place(Abi::X86_64, &header(8)), place);
        assert_eq!(control_place(Abi::I386, &header(4)), place);
        assert_eq!(control_place(Abi::X86_64, &header(8)[..47]), None);
        assert_eq!(control_place(Abi::X32, &header(4)[..23]), None);
    }
}
