//! Values of socket options.

use super::Decoder;
use super::shape::little_endian;
use crate::Moment;
use crate::call::ArgKind;
use crate::structs;
use crate::value::Value;

/// `SOL_SOCKET`.
const SOL_SOCKET: u32 = 1;

impl Decoder<'_, '_> {
    /// The value of the option that the call's other arguments name.
    pub(crate) fn option_value(&mut self, address: u64, bytes: u64, moment: Moment) -> Option<Value> {
        let (level, option) = (self.args[1] as u32, self.args[2] as u32);
        let layout = match (level, option) {
            (SOL_SOCKET, 13) => Some(&structs::LINGER),
            (SOL_SOCKET, 17) => Some(&structs::UCRED),
            // SO_RCVTIMEO and SO_SNDTIMEO, old and new.
            (SOL_SOCKET, 20 | 21) => Some(&structs::TIMEVAL),
            (SOL_SOCKET, 66 | 67) => Some(&structs::TIMEVAL64),
            // IP_ADD_MEMBERSHIP and IP_DROP_MEMBERSHIP in their shortest form.
            (0, 35 | 36) if bytes == 8 => Some(&structs::IP_MREQ),
            _ => None,
        };
        if let Some(layout) = layout {
            let size = self.measure(layout).0;
            return if bytes >= size as u64 { self.structure(layout, address, moment) } else { None };
        }
        // SO_BINDTODEVICE, TCP_CONGESTION, TCP_ULP.
        if matches!((level, option), (SOL_SOCKET, 25) | (6, 13 | 31)) {
            return match moment {
                Moment::Entry => self.bytes(address, bytes, moment),
                Moment::Exit => self.string_at(moment, address, usize::try_from(bytes.min(64)).ok()?),
            };
        }
        match bytes {
            // A number in all likelihood.
            4 => Some(Value::all(vec![self.number_at(ArgKind::Int, address, moment)?])),
            1 => {
                let byte = self.read(moment, address, 1, 1);
                Some(Value::all(vec![Value::Unsigned(little_endian(byte.get(..1)?))]))
            }
            _ => match self.bytes(address, bytes, moment)? {
                Value::Text { bytes, is_cut, .. } => Some(Value::Text { bytes, is_cut, is_binary: false }),
                value => Some(value),
            },
        }
    }
}
