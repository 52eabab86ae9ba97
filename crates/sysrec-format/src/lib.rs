//! The sysrec trace file.
pub mod event;
