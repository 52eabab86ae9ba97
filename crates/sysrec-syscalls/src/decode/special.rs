//! Structs whose meaning is more than their fields: interfaces, capabilities, handles of files.

use super::Decoder;
use super::shape::little_endian;
use crate::call::ArgKind;
use crate::constants as sets;
use crate::value::Value;
use crate::{Moment, Shape};

/// Bytes of an interface's name (`IFNAMSIZ`, include/uapi/linux/if.h).
const NAME_BYTES: usize = 16;
/// Bytes of a handle (`MAX_HANDLE_SZ`, include/linux/exportfs.h).
const HANDLE_BYTES: u64 = 128;

impl Decoder<'_, '_> {
    /// `struct ifreq`: the interface's name, and at the exit what was asked for; `Unused` is a socket address.
    pub(crate) fn ifreq(
        &mut self,
        field: &'static str,
        kind: ArgKind,
        address: u64,
        moment: Moment,
    ) -> Option<Value> {
        let name = self.read(moment, address, NAME_BYTES as u64, NAME_BYTES);
        let end = name.iter().position(|byte| *byte == 0).unwrap_or(name.len());
        if name.len() < NAME_BYTES {
            return None;
        }
        let mut fields = vec![("ifr_name", Value::text(&name[..end]))];
        if moment == Moment::Exit {
            let member = address.checked_add(NAME_BYTES as u64)?;
            fields.push((
                field,
                match kind {
                    ArgKind::Unused if field == "ifr_hwaddr" => self.hardware_address(member, moment)?,
                    ArgKind::Unused => self.sockaddr(member, 16, moment)?,
                    kind => self.number_at(kind, member, moment)?,
                },
            ));
        }
        Some(Value::whole(fields))
    }

    /// A socket address whose family is a sort of hardware (`include/uapi/linux/if_arp.h`), of six bytes as most have.
    fn hardware_address(&mut self, address: u64, moment: Moment) -> Option<Value> {
        let bytes = self.read(moment, address, 8, 8);
        let family = match little_endian(bytes.get(..2)?) {
            1 => Value::name("ARPHRD_ETHER"),
            772 => Value::name("ARPHRD_LOOPBACK"),
            family => Value::Unsigned(family),
        };
        let parts: Vec<String> = bytes.get(2..8)?.iter().map(|byte| format!("{byte:02x}")).collect();
        Some(Value::whole(vec![("sa_family", family), ("sa_data", Value::name(parts.join(":")))]))
    }

    /// Three sets of capabilities; from the second version on their lower halves first, then their upper ones
    /// (`include/uapi/linux/capability.h`).
    pub(crate) fn cap_data(&mut self, address: u64, moment: Moment) -> Option<Value> {
        let header = self.word(self.args[0]);
        let version = self.read(moment, header, 4, 4);
        // _LINUX_CAPABILITY_VERSION_1
        let is_short = little_endian(version.get(..4)?) == 0x1998_0330;
        let size = if is_short { 12 } else { 24 };
        let bytes = self.read(moment, address, size as u64, size);
        let half = |at: usize| bytes.get(at * 4..at * 4 + 4).map(little_endian);
        let set = |at: usize| {
            let upper = if is_short { 0 } else { half(at + 3)? };
            Some(Value::name(capabilities(half(at)? | upper << 32)))
        };
        Some(Value::whole(vec![("effective", set(0)?), ("permitted", set(1)?), ("inheritable", set(2)?)]))
    }

    /// `struct file_handle`; of one that is still to be filled, the room alone.
    pub(crate) fn file_handle(&mut self, address: u64, moment: Moment) -> Option<Value> {
        let head = self.read(moment, address, 8, 8);
        let bytes = little_endian(head.get(..4)?);
        let mut fields = vec![("handle_bytes", Value::Unsigned(bytes))];
        let is_output =
            matches!(self.row.args.get(2).map(|arg| arg.kind), Some(ArgKind::InOut(Shape::FileHandle)));
        if moment == Moment::Exit || !is_output {
            let kind = little_endian(head.get(4..8)?) as i32;
            fields.push(("handle_type", Value::Signed(kind.into())));
            let handle =
                self.read(moment, address.checked_add(8)?, bytes.min(HANDLE_BYTES), HANDLE_BYTES as usize);
            fields.push((
                "f_handle",
                Value::Text { bytes: handle, is_cut: bytes > HANDLE_BYTES, is_binary: true },
            ));
        }
        Some(Value::whole(fields))
    }
}

/// `1<<CAP_CHOWN|1<<CAP_KILL`, and what has no name as a number.
fn capabilities(set: u64) -> String {
    let mut rest = set;
    let mut parts: Vec<String> = Vec::new();
    for bit in 0..64 {
        if let Some(name) = sets::CAPABILITY.name_of(bit, 32).filter(|_| set >> bit & 1 != 0) {
            parts.push(format!("1<<{name}"));
            rest &= !(1 << bit);
        }
    }
    match (rest, parts.is_empty()) {
        (0, true) => return "0".to_owned(),
        (0, false) => {}
        (rest, _) => parts.push(format!("{rest:#x}")),
    }
    parts.join("|")
}
