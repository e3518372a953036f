//! The folder that is shared: where others reach it, who takes what, and who took what.

use ratatui::buffer::Buffer;
use ratatui::layout::Position;

use super::footer::Hint;
use super::paint;
use super::{Look, overlays, wording};
use crate::app::State;
use crate::app::keys::{self, Edit, Global, Move, ShareAct};
use crate::app::layout::{self, ShareLayout};
use crate::app::share::{Adding, Phase, Shared, Sharing};
use crate::locale::{HintWords, fill};
use crate::text::size::grouped;
use crate::text::width::{ellipsis_middle, width};

mod choosing;
mod code;
mod list;

/// Draws it; the caret, where something is typed.
pub(super) fn draw(state: &State, sharing: &Sharing, look: &Look, buffer: &mut Buffer) -> Option<Position> {
    let areas = layout::share(state.size)?;
    match (sharing, state.share.shared()) {
        (Sharing::Choosing(choosing), _) => Some(choosing::draw(state, choosing, &areas, look, buffer)),
        (Sharing::Code, Some(shared)) => {
            let inside = overlays::boxed(&look.words.share.shared, areas.frame, look, buffer);
            code::draw(&shared.url(), look, inside, buffer);
            None
        }
        (Sharing::Shown(top), Some(shared)) => {
            overlays::boxed(&look.words.share.shared, areas.frame, look, buffer);
            self::shared(state, shared, &areas, look, buffer);
            list::draw(state, *top, look, areas.list, buffer);
            None
        }
        (Sharing::Shown(_) | Sharing::Code, None) => None,
    }
}

/// What others can add, where they can.
fn adding<'a>(state: &State, look: &'a Look) -> Option<&'a str> {
    match state.share.extent.adding {
        Adding::Nothing => None,
        Adding::New => Some(&look.words.serve.uploading),
        Adding::Instead => Some(&look.words.serve.overwriting),
    }
}

/// Which folder, since when, and the address to tell others.
fn shared(state: &State, shared: &Shared, areas: &ShareLayout, look: &Look, buffer: &mut Buffer) {
    let (theme, words) = (&look.theme, &look.words.share);
    let since = shared.since.to_zoned(state.zone.clone()).strftime("%H:%M").to_string();
    let since = fill(&words.since, &[("time", &since)]);
    let room = usize::from(areas.folder.width).saturating_sub(width(&since) + 2);
    let folder = ellipsis_middle(&wording::shown_path(&shared.folder), room).into_owned();
    paint::both(buffer, to_border(areas.folder), &[(&folder, theme.folder)], (&since, theme.dim));
    if let Phase::Stopping(_) = state.share.phase {
        paint::left(buffer, areas.address, &[(&words.stopping, theme.warning)]);
    } else {
        let key = keys::first_key(&state.keymap.global, Global::NextPane).map(|key| format!(" · {key}"));
        let others = match shared.place() {
            (_, 0 | 1) => String::new(),
            (nth, count) => format!("{nth}/{count}{}", key.unwrap_or_default()),
        };
        let url = shared.url();
        paint::both(buffer, to_border(areas.address), &[(&url, theme.title)], (&others, theme.dim));
    }
    let notes = notes(state, shared, look).join(" · ");
    paint::left(buffer, areas.note, &[(&notes, theme.warning)]);
    rule(state, areas, look, buffer);
}

/// The same up to the border, for what keeps a blank at its right.
fn to_border(area: layout::Area) -> layout::Area {
    layout::Area { width: area.width + 1, ..area }
}

/// What is not as one would think: what may be lost first.
fn notes(state: &State, shared: &Shared, look: &Look) -> Vec<String> {
    let (words, extent) = (&look.words.share, state.share.extent);
    let mut notes: Vec<_> = adding(state, look).map(str::to_owned).into_iter().collect();
    notes.extend(extent.hidden.then(|| words.hidden.clone()));
    notes.extend(extent.outside.then(|| words.outside.clone()));
    let chat = state.me.address.port();
    match shared.address() {
        Some(address) if address.ip().is_loopback() => notes.push(words.local_only.clone()),
        Some(address) if address.port() != chat => {
            let values = [("wanted", &*chat.to_string()), ("got", &*address.port().to_string())];
            notes.push(fill(&words.other_port, &values));
        }
        Some(_) | None => {}
    }
    notes
}

/// The line above the list, with what it does not show.
fn rule(state: &State, areas: &ShareLayout, look: &Look, buffer: &mut Buffer) {
    let (theme, words) = (&look.theme, &look.words.share);
    if areas.rule.height == 0 {
        return;
    }
    let line = "─".repeat(usize::from(areas.rule.width));
    paint::left(buffer, areas.rule, &[(&line, theme.border)]);
    let mut facts = Vec::new();
    if state.share.takers() > 0 {
        facts.push(fill(&words.now, &[("count", &grouped(state.share.takers() as u64))]));
    }
    facts.push(fill(&words.before, &[("count", &grouped(state.share.log().len() as u64))]));
    if state.share.unlogged > 0 {
        facts.push(fill(&words.unlogged, &[("count", &grouped(state.share.unlogged))]));
    }
    let facts = format!(" {} ", facts.join(" · "));
    paint::left(buffer, paint::inset(areas.rule, 1), &[(&facts, theme.dim)]);
}

/// What the header says of it: that something is shared, and how many take something of it; nothing where nothing is.
pub(super) fn mark(state: &State) -> Option<String> {
    state.share.shared()?;
    Some(match state.share.takers() {
        0 => "⇡".to_owned(),
        takers @ 1..=99 => format!("⇡ {takers}"),
        _ => "⇡ 99+".to_owned(),
    })
}

/// The keys that matter.
pub(super) fn hints<'a>(state: &State, sharing: &Sharing, words: &'a HintWords) -> Vec<Hint<'a>> {
    let map = &state.keymap;
    let act = |act: ShareAct| keys::first_key(&map.share, act);
    let lead_on = keys::first_key(&map.global, Global::NextPane);
    let next = lead_on.filter(|_| state.share.shared().is_some_and(|shared| shared.place().1 > 1));
    match sharing {
        Sharing::Choosing(_) => {
            vec![(keys::first_key(&map.field, Edit::Accept), &*words.share), (lead_on, &words.complete)]
        }
        Sharing::Shown(_) => vec![
            (act(ShareAct::Message), &*words.to_message),
            (act(ShareAct::Copy), &words.copy),
            (act(ShareAct::Code), &words.code),
            (act(ShareAct::Stop), &words.stop_sharing),
            (next, &words.next_address),
            (keys::first_key(&map.list, Move::Down), &words.scroll),
        ],
        Sharing::Code => vec![(next, &*words.next_address), (act(ShareAct::Copy), &words.copy)],
    }
}
