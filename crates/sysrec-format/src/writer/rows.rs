//! Puts rows into the journal: the body first, then the header that makes it a row.

use std::io;
use std::sync::atomic::{Ordering, compiler_fence};

use super::{IDLE, TraceWriter};
use crate::event::{Capture, Entry, Exit, StackId, TaskId, UnfinishedReason, UserRegisters};
use crate::journal::make::{
    EntryBody, ExitBody, end_body, put_capture_body, put_registers, row_header, stack_body,
};
use crate::journal::{CALL_BYTES, ENTRY_BYTES, ROW_HEADER_BYTES, RowKind};
use crate::storage::Storage;

/// Which end of a call captures are of, as the detail of their row.
#[derive(Clone, Copy, Debug)]
pub(super) enum CaptureEnd {
    Entry = 0,
    Exit = 1,
}

impl<S: Storage> TraceWriter<S> {
    /// Both rows of a call that has finished already, where nothing stands against it: no call in flight, no register
    /// sets, room in the journal. Otherwise false, and nothing is done.
    #[inline]
    pub(super) fn append_call(&mut self, task: TaskId, entry: &Entry, exit: &Exit) -> bool {
        let simple = self.in_flight.get(task.0 as usize) == Some(&IDLE)
            && entry.registers.is_none()
            && entry.stack.is_none()
            && exit.registers.is_none()
            && entry.captures.is_empty()
            && exit.captures.is_empty()
            && self.full.is_none()
            && self.used + CALL_BYTES + ROW_HEADER_BYTES <= self.place.capacity;
        if !simple {
            return false;
        }
        let (first, second) = (EntryBody::new(task, entry), ExitBody::new(task, exit));
        let offset = self.place.offset + self.used as u64;
        let Ok(window) = self.storage.bytes(offset + ROW_HEADER_BYTES as u64, CALL_BYTES) else {
            return false;
        };
        let (body, window) = window.split_at_mut(ENTRY_BYTES);
        body.copy_from_slice(first.bytes());
        let (header, window) = window.split_at_mut(ROW_HEADER_BYTES);
        header.copy_from_slice(&self.seeds.exit_header(&second));
        let (body, next_header) = window.split_at_mut(second.bytes().len());
        body.copy_from_slice(second.bytes());
        next_header.fill(0);
        let header = self.seeds.entry_header(entry.abi, &first);
        // As in `store_row`. The header of the first row lets both be seen.
        compiler_fence(Ordering::SeqCst);
        let Ok(window) = self.storage.bytes(offset, ROW_HEADER_BYTES) else { return false };
        window.copy_from_slice(&header);
        self.used += CALL_BYTES;
        true
    }

    /// Appends the row of a call's start, for which there is room; where it begins.
    pub(super) fn append_entry(&mut self, task: TaskId, entry: &Entry) -> Option<usize> {
        let body = EntryBody::new(task, entry);
        match &entry.registers {
            None => {
                let header = self.seeds.entry_header(entry.abi, &body);
                self.append(header, body.bytes())
            }
            Some(all) => self.append_with(RowKind::ENTRY, entry.abi.0, body.bytes(), all),
        }
    }

    /// Appends the row of a call's stack, for which there is room; where it begins.
    pub(super) fn append_stack(&mut self, task: TaskId, stack: StackId) -> Option<usize> {
        let body = stack_body(task, stack);
        self.append(row_header(self.seeds.journal, RowKind::STACK, 0, &body), &body)
    }

    /// Appends the row of a call's end, for which there is room; where it begins.
    pub(super) fn append_exit(&mut self, task: TaskId, exit: &Exit) -> Option<usize> {
        let body = ExitBody::new(task, exit);
        match &exit.registers {
            None => self.append(self.seeds.exit_header(&body), body.bytes()),
            Some(all) => self.append_with(RowKind::EXIT, 0, body.bytes(), all),
        }
    }

    /// Appends the row of a call's end without exit, for which there is room; where it begins.
    pub(super) fn append_end(
        &mut self,
        task: TaskId,
        time_ns: u64,
        reason: UnfinishedReason,
    ) -> Option<usize> {
        let body = end_body(task, time_ns);
        self.append(row_header(self.seeds.journal, RowKind::END, reason.0, &body), &body)
    }

    /// Appends the captures of the task's call in flight, where there is room.
    pub(super) fn append_captures(&mut self, task: TaskId, end: CaptureEnd, captures: &[Capture]) {
        let mut row = std::mem::take(&mut self.row);
        row.clear();
        put_capture_body(&mut row, task, captures);
        if self.ensure(ROW_HEADER_BYTES + row.len()) {
            self.captured = true;
            let header = row_header(self.seeds.journal, RowKind::CAPTURE, end as u8, &row);
            _ = self.append(header, &row);
        }
        self.row = row;
    }

    fn append_with(&mut self, kind: RowKind, detail: u8, body: &[u8], all: &UserRegisters) -> Option<usize> {
        let mut row = std::mem::take(&mut self.row);
        row.clear();
        row.extend_from_slice(body);
        put_registers(&mut row, all);
        let at = self.append(row_header(self.seeds.journal, kind, detail, &row), &row);
        self.row = row;
        at
    }

    /// Appends a row for which there is room; where it begins.
    pub(super) fn append(&mut self, header: [u8; ROW_HEADER_BYTES], body: &[u8]) -> Option<usize> {
        match self.store_row(header, body) {
            Ok(at) => Some(at),
            Err(cause) => {
                self.fill(cause);
                None
            }
        }
    }

    fn store_row(&mut self, header: [u8; ROW_HEADER_BYTES], body: &[u8]) -> io::Result<usize> {
        let (at, offset) = (self.used, self.place.offset + self.used as u64);
        let row_bytes = ROW_HEADER_BYTES + body.len();
        let window = self.storage.bytes(offset + ROW_HEADER_BYTES as u64, row_bytes)?;
        let (window, next_header) = window.split_at_mut(body.len());
        window.copy_from_slice(body);
        next_header.fill(0);
        // Whoever finds the file after a kill sees the stores in the order of the program.
        compiler_fence(Ordering::SeqCst);
        self.storage.bytes(offset, ROW_HEADER_BYTES)?.copy_from_slice(&header);
        self.used += row_bytes;
        Ok(at)
    }

    /// Takes the row at `at` back.
    pub(super) fn void_row(&mut self, at: usize) -> io::Result<()> {
        let offset = self.place.offset + at as u64;
        let header = self.storage.bytes(offset, ROW_HEADER_BYTES)?;
        let body_bytes = 8 * usize::from(u16::from_le_bytes([header[6], header[7]]));
        let body = self.storage.bytes(offset + ROW_HEADER_BYTES as u64, body_bytes)?;
        let header = row_header(self.seeds.journal, RowKind::VOID, 0, body);
        self.storage.bytes(offset, ROW_HEADER_BYTES)?.copy_from_slice(&header);
        Ok(())
    }
}
