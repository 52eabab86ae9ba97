//! The meaning of arguments as JSON.

use serde::Serialize;
use serde_json::{Map, Value as Json, json};
use sysrec_syscalls::{Decoded, DescriptorNames, Outcome, Value};

/// One argument.
#[derive(Serialize)]
pub(super) struct ArgumentJson {
    name: &'static str,
    kind: &'static str,
    value: Json,
    text: String,
}

/// All arguments that mean something in the call.
pub(super) fn arguments(decoded: &Decoded, names: &dyn DescriptorNames) -> Vec<ArgumentJson> {
    decoded
        .args
        .iter()
        .map(|arg| {
            let mut text = String::new();
            arg.value.write(&mut text, names);
            ArgumentJson { name: arg.name, kind: kind(&arg.value), value: value(&arg.value), text }
        })
        .collect()
}

/// The result as a line has it.
pub(super) fn result(decoded: &Decoded, names: &dyn DescriptorNames) -> Option<String> {
    if decoded.outcome == Outcome::None {
        return None;
    }
    let mut text = String::new();
    decoded.write_result(&mut text, names);
    Some(text)
}

/// A word for what a value is.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::Signed(_) | Value::Unsigned(_) => "number",
        Value::Hex(_) | Value::Octal(_) => "bits",
        Value::Name(_) => "name",
        Value::Fd(..) | Value::DirFd(_) => "descriptor",
        Value::Address(_) => "address",
        Value::Text { .. } => "text",
        Value::Struct { .. } => "struct",
        Value::Array { .. } => "array",
        Value::Set { .. } => "set",
        Value::Change(..) => "change",
        Value::Remark(value, _) => kind(value),
        _ => "unknown",
    }
}

/// Numbers as numbers, addresses as strings in hexadecimal, structs as objects, what has more than was kept with the
/// member `more`.
fn value(of: &Value) -> Json {
    match of {
        Value::Signed(number) => json!(number),
        Value::Unsigned(number) | Value::Hex(number) | Value::Octal(number) => json!(number),
        Value::Name(name) => json!(name),
        Value::Fd(fd, _) | Value::DirFd(fd) => json!(fd),
        Value::Address(address) => json!(format!("{address:#x}")),
        Value::Text { bytes, is_cut: false, .. } => json!(String::from_utf8_lossy(bytes)),
        Value::Text { bytes, .. } => json!({ "begin": String::from_utf8_lossy(bytes), "more": true }),
        Value::Struct { fields, has_more } => {
            let mut object: Map<String, Json> =
                fields.iter().map(|(name, field)| (member(name), value(field))).collect();
            if *has_more {
                object.insert("more".to_owned(), json!(true));
            }
            Json::Object(object)
        }
        Value::Array { items, has_more: false } => items.iter().map(value).collect(),
        Value::Array { items, .. } => {
            json!({ "begin": items.iter().map(value).collect::<Json>(), "more": true })
        }
        Value::Set { items, is_inverted: false } => items.iter().map(value).collect(),
        Value::Set { items, .. } => json!({ "all_but": items.iter().map(value).collect::<Json>() }),
        Value::Change(before, after) => json!({ "before": value(before), "after": value(after) }),
        Value::Remark(of, remark) => json!({ "value": value(of), "remark": remark }),
        _ => Json::Null,
    }
}

/// The name of a field; the address of IPv6, which a line shows without one, has its header's.
fn member(name: &str) -> String {
    if name.is_empty() { "sin6_addr" } else { name }.to_owned()
}
