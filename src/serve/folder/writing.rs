//! The forms of a list, each made frame by frame while it is sent. Owns what stands in front of, between and behind the
//! rows; must never make more than a frame ahead.

use std::io;
use std::sync::Arc;

use bytes::Bytes;

use super::{Listed, Room, Rows};
use crate::serve::body::{FRAME, Frames};
use crate::serve::page::Page;
use crate::wire::listing::{Row, caddy, dufs, names};

/// Bytes of the first frame, which all who asked for the same list at the same time wait for.
const FIRST: usize = FRAME / 8;

/// Room for the row that a frame ends with.
const LAST_ROW: usize = 4096;

/// A form that we write.
pub(super) enum Form {
    /// JSON of Caddy.
    Caddy,
    /// JSON of dufs.
    Dufs {
        /// Which folder, decoded, without a slash at either end.
        folder: Vec<u8>,
        /// Whether files may be added to it.
        uploads: bool,
        /// How many things in it are in no row.
        left_out: usize,
    },
    /// Lines.
    Names,
    /// HTML.
    Page(Page),
}

impl Form {
    pub(super) fn media_type(&self) -> &'static str {
        match self {
            Self::Caddy | Self::Dufs { .. } => "application/json",
            Self::Names => "text/plain; charset=utf-8",
            Self::Page(_) => "text/html; charset=utf-8",
        }
    }

    fn write_head(&self, out: &mut Vec<u8>) -> io::Result<()> {
        match self {
            Self::Caddy => out.push(b'['),
            Self::Dufs { folder, uploads, left_out } => dufs::write_head(folder, *uploads, *left_out, out)?,
            Self::Names => {}
            Self::Page(page) => page.write_head(out),
        }
        Ok(())
    }

    fn write_row(&self, row: &Row, is_first: bool, out: &mut Vec<u8>) -> io::Result<()> {
        if !is_first && matches!(self, Self::Caddy | Self::Dufs { .. }) {
            out.push(b',');
        }
        match self {
            Self::Caddy => caddy::write_row(row, out)?,
            Self::Dufs { .. } => dufs::write_row(row, out)?,
            Self::Names => names::write_row(row, out),
            Self::Page(page) => page.write_row(row, out),
        }
        Ok(())
    }

    fn write_tail(&self, out: &mut Vec<u8>) {
        match self {
            Self::Caddy => out.push(b']'),
            Self::Dufs { .. } => out.extend_from_slice(dufs::TAIL),
            Self::Names => {}
            Self::Page(page) => page.write_tail(out),
        }
    }
}

/// A list on its way, whose frames this gives.
pub(super) struct Writing {
    form: Form,
    rows: Rows,
    _room: Arc<Room>,
    place: Place,
    /// Made already.
    first: Option<Bytes>,
    size: usize,
}

/// What comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Head,
    FirstRow,
    Row,
    End,
}

impl Writing {
    pub(super) fn new(form: Form, listed: Listed) -> Self {
        let Listed { rows, room } = listed;
        Self { form, rows, _room: room, place: Place::Head, first: None, size: FIRST }
    }

    /// In which form it is.
    pub(super) fn form(&self) -> &Form {
        &self.form
    }

    /// Makes the first frame, and gives it if it is all.
    pub(super) fn begin(&mut self) -> io::Result<Option<Bytes>> {
        let first = self.frame()?;
        if self.place == Place::End {
            return Ok(Some(first));
        }
        self.first = Some(first);
        Ok(None)
    }

    fn frame(&mut self) -> io::Result<Bytes> {
        let mut frame = Vec::with_capacity(
            self.rows.len().saturating_mul(LAST_ROW).clamp(LAST_ROW, self.size + LAST_ROW),
        );
        if self.place == Place::Head {
            self.form.write_head(&mut frame)?;
            self.place = Place::FirstRow;
        }
        while frame.len() < self.size {
            let Some(row) = self.rows.next() else {
                self.form.write_tail(&mut frame);
                self.place = Place::End;
                break;
            };
            self.form.write_row(&row, self.place == Place::FirstRow, &mut frame)?;
            self.place = Place::Row;
        }
        Ok(frame.into())
    }
}

impl Iterator for Writing {
    type Item = io::Result<Bytes>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(first) = self.first.take() {
            return Some(Ok(first));
        }
        (self.place != Place::End).then(|| self.frame())
    }
}

impl Frames for Writing {
    fn set_size(&mut self, bytes: usize) {
        self.size = bytes;
    }
}
