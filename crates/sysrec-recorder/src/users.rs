//! The user that a command runs as (`-u`).

use nix::unistd::{Gid, Uid, User, getgrouplist};

use crate::Error;
use crate::sys::child::Credentials;

/// A name or a uid, with its groups.
pub(crate) fn credentials(user: &str) -> Result<Credentials, Error> {
    let unknown = || Error::UnknownUser(user.to_owned());
    let by_name = User::from_name(user).ok().flatten();
    let found = match by_name {
        Some(user) => Some(user),
        None => user.parse().ok().and_then(|uid| User::from_uid(Uid::from_raw(uid)).ok().flatten()),
    };
    let Some(found) = found else {
        // A uid without an entry is one all the same.
        let uid = user.parse().map_err(|_| unknown())?;
        return Ok(Credentials { uid, gid: uid, groups: vec![uid] });
    };
    let name = std::ffi::CString::new(found.name).map_err(|_| unknown())?;
    let groups = getgrouplist(&name, found.gid).unwrap_or_else(|_| vec![found.gid]);
    Ok(Credentials {
        uid: found.uid.as_raw(),
        gid: found.gid.as_raw(),
        groups: groups.into_iter().map(Gid::as_raw).collect(),
    })
}
