//! The forms of a list, each made frame by frame while it is sent. Owns what stands in front of, between and behind the
//! rows; must never make more than a frame ahead.

use std::io;

use bytes::Bytes;

use super::{Room, Rows};
use crate::serve::body::FRAME;
use crate::serve::page::Page;
use crate::wire::listing::{Row, caddy, dufs, names};

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
    _room: Room,
    place: Place,
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
    /// Of rows that have this room.
    pub(super) fn new(form: Form, rows: Rows, room: Room) -> Self {
        Self { form, rows, _room: room, place: Place::Head }
    }

    /// In which form it is.
    pub(super) fn form(&self) -> &Form {
        &self.form
    }

    /// Whether all of it has been given.
    pub(super) fn is_done(&self) -> bool {
        self.place == Place::End
    }

    fn frame(&mut self) -> io::Result<Bytes> {
        let mut frame =
            Vec::with_capacity(self.rows.len().saturating_mul(LAST_ROW).clamp(LAST_ROW, FRAME + LAST_ROW));
        if self.place == Place::Head {
            self.form.write_head(&mut frame)?;
            self.place = Place::FirstRow;
        }
        while frame.len() < FRAME {
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
        (!self.is_done()).then(|| self.frame())
    }
}
