//! What sockets are called: a word for the protocol, and addresses as text.

use std::net::{Ipv4Addr, Ipv6Addr};

/// Every word that [`socket_protocol`] has.
pub const SOCKET_PROTOCOLS: [&str; 14] = [
    "UNIX-STREAM",
    "UNIX-DGRAM",
    "UNIX-SEQPACKET",
    "UNIX",
    "TCP",
    "UDP",
    "RAW",
    "TCPv6",
    "UDPv6",
    "RAWv6",
    "NETLINK",
    "PACKET",
    "VSOCK",
    "SOCKET",
];

/// The word for a socket's protocol, from its family and type (include/linux/socket.h, include/linux/net.h).
pub fn socket_protocol(family: u64, kind: u64) -> &'static str {
    match (family, kind) {
        (1, 1) => "UNIX-STREAM",
        (1, 2) => "UNIX-DGRAM",
        (1, 5) => "UNIX-SEQPACKET",
        (1, _) => "UNIX",
        (2, 1) => "TCP",
        (2, 2) => "UDP",
        (2, 3) => "RAW",
        (10, 1) => "TCPv6",
        (10, 2) => "UDPv6",
        (10, 3) => "RAWv6",
        (16, _) => "NETLINK",
        (17, _) => "PACKET",
        (40, _) => "VSOCK",
        _ => "SOCKET",
    }
}

/// A socket address as text; `None` for one without an address, or of a family that has none worth telling. A path
/// may be any bytes; an abstract name of unix(7) has `@` for the NUL in front of it.
pub fn socket_address(bytes: &[u8]) -> Option<Vec<u8>> {
    let family = u16::from_le_bytes(bytes.get(..2)?.try_into().ok()?);
    let port = || Some(u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?));
    Some(match family {
        1 => match bytes.get(2..)? {
            [] | [0] => return None,
            [0, name @ ..] => [b"@", name].concat(),
            path => path.split(|&byte| byte == 0).next().unwrap_or_default().to_vec(),
        },
        2 => {
            let ip: [u8; 4] = bytes.get(4..8)?.try_into().ok()?;
            format!("{}:{}", Ipv4Addr::from(ip), port()?).into_bytes()
        }
        10 => {
            let ip: [u8; 16] = bytes.get(8..24)?.try_into().ok()?;
            format!("[{}]:{}", Ipv6Addr::from(ip), port()?).into_bytes()
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_protocol_has_its_word_and_every_word_is_known() {
        let words: std::collections::BTreeSet<_> =
            (0..50).flat_map(|family| (0..8).map(move |kind| socket_protocol(family, kind))).collect();
        assert_eq!(words, SOCKET_PROTOCOLS.into_iter().collect());
    }

    #[test]
    fn addresses_are_text() {
        let text = |bytes: &[u8]| socket_address(bytes).map(|text| String::from_utf8(text).unwrap());
        assert_eq!(text(b"\x02\0\0\x50\x7f\0\0\x01").as_deref(), Some("127.0.0.1:80"));
        let mut inet6 = [0; 28];
        (inet6[0], inet6[3], inet6[23]) = (10, 53, 1);
        assert_eq!(text(&inet6).as_deref(), Some("[::1]:53"));
        assert_eq!(text(b"\x01\0/run/x\0junk").as_deref(), Some("/run/x"));
        assert_eq!(text(b"\x01\0\0name").as_deref(), Some("@name"));
        for nothing in [&b"\x01\0"[..], b"\x01\0\0", b"\x10\0\0\0", b"\x02\0\0", b"\x02", b""] {
            assert_eq!(text(nothing), None, "{nothing:?}");
        }
    }
}
