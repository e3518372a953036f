//! The dialogue in which the user says who asks a server. Of a password it shows how long it is.

use ratatui::buffer::Buffer;
use ratatui::layout::Position;

use super::paint::{self, Piece};
use super::{Look, bars, overlays, wording};
use crate::app::layout;
use crate::app::sign_in::{Problem, Row, SignIn};
use crate::event::{Fault, Size};
use crate::text::width::{pad_to, width};
use crate::text::wrap::{Spaces, wrap};
use crate::wire::source::Scheme;

/// Draws it; the caret, where something is typed.
pub(super) fn draw(sign_in: &SignIn, size: Size, look: &Look, buffer: &mut Buffer) -> Option<Position> {
    let (words, theme) = (&look.words.overlay, &look.theme);
    let areas = layout::sign_in(size)?;
    overlays::boxed(&words.sign_in, areas.frame, look, buffer);
    let (origin, realm) = (Box::new(sign_in.origin.clone()), sign_in.realm.clone());
    lines(
        &wording::fault(&look.words, &Fault::Unauthorized { origin, realm }),
        theme.text,
        areas.question,
        buffer,
    );
    let columns = width(&words.user).max(width(&words.password)) + 2;
    let fields = [
        (Row::User, areas.user, &words.user, sign_in.user.clone()),
        (Row::Password, areas.password, &words.password, sign_in.dots()),
    ];
    let mut caret = None;
    for (row, area, label, field) in fields {
        let here = sign_in.row == row;
        let pieces = [(mark(here), theme.mark), (&*pad_to(label, columns), theme.title)];
        let used = paint::left(buffer, area, &pieces);
        let position = bars::one_line(&field, theme.text, paint::inset(area, used), buffer);
        caret = if here { Some(position) } else { caret };
    }
    let here = sign_in.row == Row::Remember;
    if here {
        paint::tint(buffer, areas.remember, theme.selected);
    }
    let tick = if sign_in.remember { "[x] " } else { "[ ] " };
    let pieces: [Piece<'_>; 3] =
        [(mark(here), theme.mark), (tick, theme.text), (&words.remember, theme.text)];
    paint::left(buffer, areas.remember, &pieces);
    let (sentence, style) = match sign_in.problem {
        Some(Problem::Refused) => (&words.refused, theme.error),
        Some(Problem::Unsendable) => (&words.unsendable, theme.error),
        None if sign_in.origin.scheme == Scheme::Http => (&words.readable, theme.warning),
        None => return caret,
    };
    lines(sentence, style, areas.problem, buffer);
    caret
}

fn mark(here: bool) -> &'static str {
    if here { "▌ " } else { "  " }
}

/// A sentence on the rows of an area; what does not fit there is not shown.
fn lines(sentence: &str, style: ratatui::style::Style, area: layout::Area, buffer: &mut Buffer) {
    let ranges = wrap(sentence, usize::from(area.width), Spaces::Hang);
    let last = usize::from(area.height).saturating_sub(1);
    for (nth, range) in (0..area.height).zip(ranges.iter()) {
        // The last row says by its end that there is more.
        let rest = if usize::from(nth) == last { &sentence[range.start..] } else { &sentence[range.clone()] };
        paint::left(buffer, paint::row(area, nth), &[(rest, style)]);
    }
}
