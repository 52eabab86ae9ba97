//! Socket addresses, by their family.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::Decoder;
use super::number::ether_type;
use super::shape::little_endian;
use crate::Moment;
use crate::constants as sets;
use crate::value::Value;

/// `sizeof(struct sockaddr_storage)`: the kernel takes no more.
const MAX_BYTES: usize = 128;

impl Decoder<'_, '_> {
    /// A socket address of that many bytes.
    pub(crate) fn sockaddr(&mut self, address: u64, bytes: u64, moment: Moment) -> Option<Value> {
        if bytes < 2 {
            return None;
        }
        let read = self.read(moment, address, bytes, MAX_BYTES);
        if read.len() < 2 { None } else { Some(decode(&read)) }
    }
}

fn decode(bytes: &[u8]) -> Value {
    let family = little_endian(&bytes[..2]);
    let rest = &bytes[2..];
    let mut fields = vec![("sa_family", Value::name(sets::FAMILY.one(family, 16)))];
    let more = match family {
        1 => unix(rest),
        2 => inet(rest),
        10 => inet6(rest),
        16 => netlink(rest),
        17 => packet(rest),
        40 => vsock(rest),
        _ => None,
    };
    match more {
        Some(more) => fields.extend(more),
        None if rest.is_empty() => {}
        None => fields.push(("sa_data", Value::text(rest))),
    }
    Value::whole(fields)
}

type Fields = Vec<(&'static str, Value)>;

/// A path, an abstract name (which begins with NUL and may hold any byte), or nothing: unix(7).
fn unix(rest: &[u8]) -> Option<Fields> {
    Some(match rest {
        [] => Vec::new(),
        [0, name @ ..] => {
            vec![("sun_path", Value::Text { bytes: abstract_name(name), is_cut: false, is_binary: false })]
        }
        path => {
            let end = path.iter().position(|byte| *byte == 0).unwrap_or(path.len());
            vec![("sun_path", Value::text(&path[..end]))]
        }
    })
}

/// Kept with its NUL in front, which [`render`](crate::render) shows as `@"name"`.
fn abstract_name(name: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0];
    bytes.extend_from_slice(name);
    bytes
}

fn port(bytes: &[u8]) -> Option<Value> {
    Some(Value::name(format!("htons({})", u16::from_be_bytes(bytes.get(..2)?.try_into().ok()?))))
}

fn inet(rest: &[u8]) -> Option<Fields> {
    let address: [u8; 4] = rest.get(2..6)?.try_into().ok()?;
    Some(vec![
        ("sin_port", port(rest)?),
        ("sin_addr", Value::name(format!("inet_addr(\"{}\")", Ipv4Addr::from(address)))),
    ])
}

fn inet6(rest: &[u8]) -> Option<Fields> {
    let flow = u32::from_be_bytes(rest.get(2..6)?.try_into().ok()?);
    let address: [u8; 16] = rest.get(6..22)?.try_into().ok()?;
    // Older programs pass a struct without a scope.
    let scope = rest.get(22..26).map_or(0, little_endian);
    Some(vec![
        ("sin6_port", port(rest)?),
        ("sin6_flowinfo", Value::name(format!("htonl({flow})"))),
        ("", Value::name(format!("inet_pton(AF_INET6, \"{}\", &sin6_addr)", Ipv6Addr::from(address)))),
        ("sin6_scope_id", Value::Unsigned(scope)),
    ])
}

fn netlink(rest: &[u8]) -> Option<Fields> {
    let id = little_endian(rest.get(2..6)?);
    let groups = little_endian(rest.get(6..10)?);
    Some(vec![
        ("nl_pid", Value::Signed(id as i32 as i64)),
        ("nl_groups", Value::name(format!("{groups:08x}"))),
    ])
}

fn packet(rest: &[u8]) -> Option<Fields> {
    let protocol = ether_type(u16::from_be_bytes(rest.get(..2)?.try_into().ok()?));
    let length = usize::from(*rest.get(9)?);
    let address = rest.get(10..10 + length.min(8)).unwrap_or(&[]);
    Some(vec![
        ("sll_protocol", protocol),
        ("sll_ifindex", Value::Signed(i64::from(little_endian(rest.get(2..6)?) as i32))),
        ("sll_hatype", Value::Unsigned(little_endian(rest.get(6..8)?))),
        ("sll_pkttype", Value::Unsigned(u64::from(*rest.get(8)?))),
        ("sll_halen", Value::Unsigned(length as u64)),
        ("sll_addr", Value::Text { bytes: address.to_vec(), is_cut: false, is_binary: true }),
    ])
}

fn vsock(rest: &[u8]) -> Option<Fields> {
    Some(vec![
        ("svm_cid", Value::Hex(little_endian(rest.get(6..10)?))),
        ("svm_port", Value::Hex(little_endian(rest.get(2..6)?))),
    ])
}
