//! Paths put together as the kernel walks them, as far as names alone tell: links are not known to a trace.

/// Bytes of a path that is put together; the kernel takes 4,096 at once, but directories can lie deeper.
const PATH_BYTES_MAX: usize = 16 << 10;

/// The path from the root that `path` names in the directory `from`. `None` where `from` is not known and counts.
pub(super) fn resolve(from: Option<&[u8]>, path: &[u8]) -> Option<Vec<u8>> {
    let mut whole: Vec<u8> = Vec::new();
    let start =
        if path.first() == Some(&b'/') { b"" } else { from.filter(|from| from.first() == Some(&b'/'))? };
    for part in start.split(|&byte| byte == b'/').chain(path.split(|&byte| byte == b'/')) {
        match part {
            b"" | b"." => {}
            b".." => whole.truncate(whole.iter().rposition(|&byte| byte == b'/').unwrap_or(0)),
            part if whole.len() + part.len() < PATH_BYTES_MAX => {
                whole.push(b'/');
                whole.extend_from_slice(part);
            }
            _ => return None,
        }
    }
    Some(if whole.is_empty() { b"/".to_vec() } else { whole })
}

/// The directory that a path lies in; `None` for what is no path.
pub fn directory(path: &[u8]) -> Option<&[u8]> {
    let last = path.iter().rposition(|&byte| byte == b'/').filter(|_| path.first() == Some(&b'/'))?;
    Some(&path[..last.max(1)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_walked_by_their_names() {
        let text = |from: Option<&str>, path: &str| {
            resolve(from.map(str::as_bytes), path.as_bytes()).map(|path| String::from_utf8(path).unwrap())
        };
        assert_eq!(text(Some("/srv/www"), "a//b/./c").as_deref(), Some("/srv/www/a/b/c"));
        assert_eq!(text(Some("/srv/www"), "../x").as_deref(), Some("/srv/x"));
        assert_eq!(text(None, "/a/../../b").as_deref(), Some("/b"));
        assert_eq!(text(Some("/a"), "..").as_deref(), Some("/"));
        assert_eq!(text(None, "a"), None);
        assert_eq!(text(Some("pipe:[1]"), "a"), None);
        assert_eq!(resolve(Some(b"/"), &vec![b'a'; 20_000]), None);
        assert_eq!(directory(b"/etc/passwd"), Some(b"/etc".as_slice()));
        assert_eq!(directory(b"/etc"), Some(b"/".as_slice()));
        assert_eq!(directory(b"pipe:[1]"), None);
    }
}
