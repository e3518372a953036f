//! The list of those who take something now, each with a gauge, and below it of those who took something before.

use ratatui::buffer::Buffer;
use ratatui::style::Style;

use crate::app::State;
use crate::app::layout::Area;
use crate::app::queue::percent;
use crate::app::share::Taker;
use crate::event::served::{Answer, End, Request, Served, Way};
use crate::text::size::bytes;
use crate::text::width::{ellipsis_middle, pad_to, width};
use crate::view::paint::Piece;
use crate::view::transfers::{clock, gauge, right_in};
use crate::view::{Look, paint, wording};

/// From this width on there is room for more than the most important, and from the other for all that is known.
const WIDE: u16 = 60;
const WIDEST: u16 = 90;

/// Draws as many rows as there is room for, from this one on.
pub(super) fn draw(state: &State, top: usize, look: &Look, area: Area, buffer: &mut Buffer) {
    if state.share.rows() == 0 {
        return paint::middle(buffer, area, &[(&look.words.share.nobody, look.theme.dim)]);
    }
    let running = state.share.shared().map_or(&[][..], |shared| &shared.running);
    let before = state.share.log();
    let top = state.share.top(top, state.size);
    for (nth, at) in (0..area.height).zip(top..state.share.rows()) {
        let line = paint::row(area, nth);
        match (running.get(at), before.get(at.saturating_sub(running.len()))) {
            (Some(taker), _) => now(state, taker, look, line, buffer),
            (None, Some(served)) => past(state, served, look, line, buffer),
            (None, None) => {}
        }
    }
}

/// Who asks, on the columns for that; what is right of it.
fn who(
    peer: std::net::SocketAddr,
    before: &[Piece<'_>],
    look: &Look,
    area: Area,
    buffer: &mut Buffer,
) -> Area {
    let columns = match area.width {
        ..WIDE => 11,
        WIDE..WIDEST => 15,
        WIDEST.. => 24,
    };
    let peer = pad_to(&ellipsis_middle(&peer.ip().to_string(), columns), columns + 2);
    let rest = paint::inset(area, paint::left(buffer, area, before));
    paint::inset(rest, paint::left(buffer, rest, &[(&peer, look.theme.peer)]))
}

/// Somebody takes something, or brings it.
fn now(state: &State, taker: &Taker, look: &Look, area: Area, buffer: &mut Buffer) {
    let answer = &taker.running;
    let theme = &look.theme;
    let took = right_in(&clock(answer.took), 8);
    let (sign, narrow) = match answer.way {
        Way::Out => (" ⇡ ", "⇡ "),
        Way::In => (" ⇣ ", "⇣ "),
    };
    let before = [(&*took, theme.dim), (sign, theme.gauge)];
    // On a narrow row the gauge says more than the time.
    let before = if area.width < WIDE { &[(narrow, theme.gauge)] } else { &before[..] };
    let rest = who(answer.peer, before, look, area, buffer);
    let percent = answer.total.and_then(|total| percent(answer.bytes, total));
    let mut facts = percent.map(|percent| format!("{percent:>4}%")).unwrap_or_default();
    if area.width >= WIDEST {
        let total = answer.total.map(|total| format!("/{}", bytes(total))).unwrap_or_default();
        facts += &right_in(&format!("{}{total}", bytes(answer.bytes)), 19);
    }
    if area.width >= WIDE {
        facts += &right_in(&format!("{}/s", bytes(taker.speed(state.at))), 11);
    }
    let used = paint::right(buffer, rest, &[(&facts, theme.text)]);
    let rest = Area { width: rest.width.saturating_sub(used), ..rest };
    let bar = (rest.width / 3).max(4).min(rest.width);
    let (name, bar) = (Area { width: rest.width - bar, ..rest }, paint::inset(rest, rest.width - bar));
    let columns = usize::from(name.width).saturating_sub(1);
    let what = ellipsis_middle(what(&answer.request, area), columns).into_owned();
    paint::left(buffer, name, &[(&what, theme.text)]);
    if let Some(total) = answer.total {
        gauge::draw(answer.bytes, total, look, bar, buffer);
    }
}

/// Somebody took something, or wanted to.
fn past(state: &State, served: &Served, look: &Look, area: Area, buffer: &mut Buffer) {
    let theme = &look.theme;
    let at = served.at.to_zoned(state.zone.clone());
    let at = at.strftime(if area.width < WIDE { "%H:%M" } else { "%H:%M:%S" }).to_string();
    let (sign, style) = sign(served, look);
    let rest = who(served.peer, &[(&at, theme.dim), (sign, style)], look, area, buffer);
    let what = what(&served.request, area);
    let columns = usize::from(rest.width);
    let room = columns.saturating_sub(width(what).min(columns / 2) + 1);
    let facts = facts(served, look, area.width >= WIDE, room);
    let left = paint::inset(rest, u16::try_from(columns - room).unwrap_or(rest.width));
    let used = paint::right(buffer, left, &[(&facts, if sign == GOOD { theme.dim } else { style })]);
    let rest = Area { width: rest.width.saturating_sub(used + 1), ..rest };
    let what = ellipsis_middle(what, usize::from(rest.width)).into_owned();
    paint::left(buffer, rest, &[(&what, theme.text)]);
}

/// What became of it: all that is known where there is room, or else what matters most.
fn facts(served: &Served, look: &Look, wide: bool, room: usize) -> String {
    let facts = wording::served_facts(&look.words, served);
    let all = facts.join(", ");
    if wide && width(&all) <= room {
        return all;
    }
    let most = match (served.end, sign(served, look).0) {
        (End::BrokenOff | End::Stalled | End::CutOff, _) => facts.last().cloned(),
        (End::Whole, GOOD) => Some(bytes(if served.received > 0 { served.received } else { served.bytes })),
        (End::Whole, _) => facts.first().cloned(),
    };
    most.unwrap_or_default()
}

const GOOD: &str = " ✓ ";
const BAD: &str = " ✗ ";

/// Whether all of what was asked for was sent.
fn sign(served: &Served, look: &Look) -> (&'static str, Style) {
    let theme = &look.theme;
    match (served.end, served.answer) {
        (End::Whole, Answer::File | Answer::Status(..400)) => (GOOD, theme.good),
        (End::Whole, Answer::Nothing | Answer::Refused | Answer::Unanswered | Answer::Status(_)) => {
            (BAD, theme.warning)
        }
        (End::BrokenOff | End::Stalled | End::CutOff, _) => (BAD, theme.error),
    }
}

/// What was asked for: in a narrow row, without the folders that it is in.
fn what(request: &Request, area: Area) -> &str {
    let name = match request {
        Request::Http { path, .. } => path,
        Request::Plain(name) => name,
        Request::Garbled | Request::Handshake => return "",
    };
    let last = name.trim_end_matches('/').rfind('/').map_or(0, |at| at + 1);
    if area.width < WIDE && name.len() > 1 { &name[last..] } else { name }
}
