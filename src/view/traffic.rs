//! The pane of the traffic: what went over the wire, line by line, and one of it to the last byte.

use jiff::tz::TimeZone;
use ratatui::buffer::Buffer;
use ratatui::style::Style;
use ratatui::widgets::{Clear, Widget};

use super::paint::{self, Piece};
use super::{Look, wording};
use crate::app::State;
use crate::app::layout::{Area, TrafficLayout};
use crate::app::traffic::{BYTE_LIMIT, Carrier, Fate, Loss, Pane, Record, Sight, Way, What};
use crate::locale::fill;
use crate::text::size::{bytes, bytes_exact, grouped};
use crate::text::width::{ellipsis_middle, pad_to, width};
use crate::text::wrap::{Spaces, wrap};
use crate::text::{Clean, clean_line, hex};

/// `10:21:03.123`, with the mark of the selected row before it and a blank behind.
const TIME: u16 = 14;
/// The longest address of IPv4 with its port; most others fit as well.
const ADDRESS: usize = 21;
/// `65,507 B`
const LENGTH: usize = 8;
/// Rows for what a record says in words, where its bytes follow.
const WORDS: usize = 3;

/// Draws the pane over what is there.
pub(super) fn draw(state: &State, areas: &TrafficLayout, look: &Look, buffer: &mut Buffer) {
    Clear.render(areas.pane.into(), buffer);
    let view = View { state, look };
    let window = state.traffic.window(areas.records());
    view.rule(areas.rule, if areas.list.height == 0 { 0 } else { window.below }, buffer);
    let selected = state.traffic.selected();
    for (nth, record) in (0..).zip(&window.records) {
        let here = selected.is_some_and(|selected| selected.nth == record.nth);
        let rows = Area { y: areas.list.y + nth * areas.record, height: areas.record, ..areas.list };
        view.record(record, here, rows, buffer);
    }
    if window.records.is_empty() && areas.list.height > 0 {
        let words = &look.words.traffic;
        let empty = match &state.traffic.only {
            None => words.empty.clone(),
            Some(only) => fill(&words.no_match, &[("peer", &clean_line(only.to_string().as_bytes()))]),
        };
        paint::middle(buffer, areas.list, &[(&empty, look.theme.dim)]);
    }
    if let (Some(record), Some(area)) = (selected, areas.details) {
        let beside = area.x > areas.list.x;
        for row in (area.y..area.y + area.height).filter(|_| beside) {
            let line = Area { x: area.x - 1, y: row, width: 1, height: 1 };
            paint::left(buffer, line, &[("│", look.theme.border)]);
        }
        view.details(record, area, buffer);
    }
}

struct View<'a> {
    state: &'a State,
    look: &'a Look,
}

impl View<'_> {
    /// The line above the pane: what it is, to whom it is narrowed down, what is not in view.
    fn rule(&self, area: Area, below: usize, buffer: &mut Buffer) {
        let (words, theme, traffic) = (&self.look.words.traffic, &self.look.theme, &self.state.traffic);
        let focused = traffic.pane == Pane::Focused && self.state.overlay.is_none();
        let border = if focused { theme.border_focused } else { theme.border };
        paint::left(buffer, area, &[(&"─".repeat(usize::from(area.width)), border)]);
        let mut facts = vec![format!(" {}", words.title)];
        if let Some(only) = &traffic.only {
            facts.push(fill(&words.only, &[("peer", &clean_line(only.to_string().as_bytes()))]));
        }
        if traffic.log.dropped() > 0 {
            facts.push(fill(&words.dropped, &[("count", &grouped(traffic.log.dropped()))]));
        }
        let more = fill(&self.look.words.chat.more_below, &[("count", &below.to_string())]);
        let more = if below > 0 { format!(" {more} ") } else { String::new() };
        let right = paint::right(buffer, area, &[(&more, theme.unread)]);
        let rest = Area { width: area.width - right, ..paint::inset(area, 1) };
        paint::left(buffer, rest, &[(&facts.join(" · "), theme.title), (" ", theme.title)]);
    }

    /// A record in one row, or in two where the screen is narrow.
    fn record(&self, record: &Record, here: bool, area: Area, buffer: &mut Buffer) {
        let theme = &self.look.theme;
        if here {
            paint::tint(buffer, area, theme.selected);
        }
        let time = clock(record, &self.state.zone, "%H:%M:%S%.3f");
        let first = paint::row(area, 0);
        paint::left(buffer, first, &[(if here { "▌" } else { " " }, theme.mark), (&time, theme.dim)]);
        let rest = paint::inset(first, TIME);
        let (way, carrier) = (self.way(record), self.carrier(record));
        let length = record.datagram().map(|kept| bytes_exact(kept.length as u64)).unwrap_or_default();
        let length = format!("{}{length}", " ".repeat(LENGTH.saturating_sub(width(&length))));
        let whom = clean_line(record.whom.to_string().as_bytes());
        let said = self.said(record);
        let said = said.iter().map(|(text, style)| (text.as_str(), *style));
        let style = self.style_of(record);
        let mut pieces =
            vec![(way.as_str(), style), (" ", theme.text), (carrier.as_str(), theme.dim), (" ", theme.text)];
        if area.height == 1 {
            let shown = pad_to(&ellipsis_middle(&whom, ADDRESS), ADDRESS);
            pieces.extend([
                (shown.as_str(), theme.peer),
                (" ", theme.text),
                (&length, theme.dim),
                ("  ", theme.text),
            ]);
            pieces.extend(said);
            paint::left(buffer, rest, &pieces);
        } else {
            pieces.push((&length, theme.dim));
            paint::left(buffer, rest, &pieces);
            let second = paint::inset(paint::row(area, 1), 2);
            let shown = ellipsis_middle(&whom, ADDRESS);
            let gap = if shown.is_empty() { "" } else { "  " };
            let mut pieces = vec![(&*shown, theme.peer), (gap, theme.text)];
            pieces.extend(said);
            paint::left(buffer, second, &pieces);
        }
    }

    /// All that is known of a record: what it is, what it says, its bytes.
    fn details(&self, record: &Record, area: Area, buffer: &mut Buffer) {
        let (words, theme) = (&self.look.words.traffic, &self.look.theme);
        let area = Area { width: area.width.saturating_sub(2), ..paint::inset(area, 1) };
        let columns = usize::from(area.width);
        let kept = record.datagram();
        let mut head = vec![
            clock(record, &self.state.zone, "%Y-%m-%d %H:%M:%S%.3f"),
            format!("{} {}", self.way(record).trim_end(), self.carrier(record).trim_end()),
            kept.map(|kept| bytes_exact(kept.length as u64)).unwrap_or_default(),
            clean_line(record.whom.to_string().as_bytes()).to_string(),
        ];
        head.retain(|fact| !fact.is_empty());
        let head = head.join(" · ");
        let mut rows: Vec<Vec<(String, Style)>> = Vec::new();
        rows.extend(
            wrap(&head, columns, Spaces::Hang)
                .into_iter()
                .map(|range| vec![(head[range].to_owned(), theme.title)]),
        );
        let said: Vec<(String, Style)> = self.said(record);
        let (text, style) = (
            said.iter().map(|(text, _)| text.as_str()).collect::<String>(),
            said.last().map_or(theme.text, |last| last.1),
        );
        let most = if kept.is_some() { WORDS } else { usize::from(area.height) };
        let wrapped = wrap(&text, columns, Spaces::Hang);
        rows.extend(wrapped.into_iter().take(most).map(|range| vec![(text[range].to_owned(), style)]));
        if let Some(kept) = kept {
            if kept.length > BYTE_LIMIT {
                let values =
                    [("kept", &*grouped(BYTE_LIMIT as u64)), ("length", &*bytes_exact(kept.length as u64))];
                rows.push(vec![(fill(&words.kept, &values), theme.warning)]);
            }
            let top = if let Sight::Details(_, top) = self.state.traffic.sight { top } else { 0 };
            let dump = hex::rows(&kept.start.0, hex::bytes_per_row(columns)).skip(top);
            rows.extend(dump.map(|row| {
                let digits = format!(" {} ", row.digits);
                vec![(row.offset, theme.dim), (digits, theme.text), (row.characters, theme.peer)]
            }));
        }
        for (nth, row) in (0..area.height).zip(&rows) {
            let pieces: Vec<Piece<'_>> = row.iter().map(|(text, style)| (text.as_str(), *style)).collect();
            paint::left(buffer, paint::row(area, nth), &pieces);
        }
    }

    fn way(&self, record: &Record) -> String {
        let words = &self.look.words.traffic;
        let all = [("→", &words.way_out), ("←", &words.way_in), ("·", &words.way_here)];
        let wide = all.iter().map(|(_, word)| width(word)).max().unwrap_or_default();
        let [out, inwards, here] = all;
        let (arrow, word) = match record.way() {
            Way::Out => out,
            Way::In => inwards,
            Way::Here => here,
        };
        format!("{arrow} {}", pad_to(word, wide))
    }

    fn carrier(&self, record: &Record) -> String {
        let word = match record.carrier() {
            Carrier::Udp => "UDP",
            Carrier::Tcp => "TCP",
            Carrier::Icmp => "ICMP",
            Carrier::Name => &self.look.words.traffic.name,
        };
        pad_to(word, width(&self.look.words.traffic.name).max(4))
    }

    fn style_of(&self, record: &Record) -> Style {
        let theme = &self.look.theme;
        match (&record.what, record.way()) {
            (
                What::NotSent(_) | What::Bounced(_) | What::Down(_) | What::Unresolved(_) | What::Failed(_),
                _,
            ) => theme.error,
            (What::Lost(..), _) => theme.warning,
            (_, Way::Out) => theme.me,
            (_, Way::In | Way::Here) => theme.good,
        }
    }

    /// What it says, in words or in its own.
    fn said(&self, record: &Record) -> Vec<(String, Style)> {
        let (words, theme) = (&self.look.words.traffic, &self.look.theme);
        let reason = |fault| wording::fault(&self.look.words, fault);
        let about = |sentence: &str, name: &str, value: &str| fill(sentence, &[(name, value)]);
        let text = |start: &[u8]| match &*clean_line(start) {
            "" => (self.look.words.chat.empty.clone(), theme.dim),
            text => (text.to_owned(), theme.text),
        };
        let known = match &record.what {
            What::Received { bytes, broadcast } => {
                let mark = if *broadcast { format!("[{}] ", words.broadcast) } else { String::new() };
                return vec![(mark, theme.warning), text(&bytes.start.0)];
            }
            What::Sent { bytes, part, fate, .. } => {
                return vec![(self.progress(*part, *fate), theme.warning), text(&bytes.start.0)];
            }
            What::NotSent(fault) => about(&self.look.words.chat.failed, "reason", &reason(fault)),
            What::Bounced(fault) => about(&words.bounced, "reason", &reason(fault)),
            What::Down(fault) => about(&self.look.words.notice.socket_down, "reason", &reason(fault)),
            What::Lost(Loss::Folded, count) => about(&words.folded, "count", &grouped(*count)),
            What::Lost(Loss::Blocked, count) => about(&words.blocked, "count", &grouped(*count)),
            What::Lost(Loss::Overflowed, count) => about(&words.overflowed, "count", &grouped(*count)),
            What::Lookup(_) => words.lookup.clone(),
            What::Resolved(addresses) => {
                let addresses: Vec<String> =
                    addresses.iter().map(|address| address.ip().to_string()).collect();
                about(&words.resolved, "addresses", &addresses.join(", "))
            }
            What::Unresolved(fault) | What::Failed(fault) => reason(fault),
            What::List(_, path) => about(&words.list, "path", path),
            What::Fetch(_, path) => about(&words.fetch, "path", path),
            What::Listed(count) => about(&self.look.words.files.items, "count", &grouped(*count as u64)),
            What::Plain => words.plain.clone(),
            What::Started(Some(total)) => about(&words.started, "size", &bytes(*total)),
            What::Started(None) => self.look.words.files.no_length.clone(),
            What::Finished(total, took) => fill(
                &words.finished,
                &[("size", &bytes_exact(*total)), ("seconds", &format!("{:.3}", took.as_secs_f64()))],
            ),
            What::Stopped(_) => words.stopped.clone(),
        };
        let known: Clean = clean_line(known.as_bytes());
        let style = if matches!(record.what, What::Lookup(_) | What::List(..) | What::Fetch(..)) {
            theme.text
        } else {
            self.style_of(record)
        };
        vec![(known.to_string(), style)]
    }

    /// Which part of a message a datagram is, and where it is, as far as there is anything to say.
    fn progress(&self, (part, parts): (usize, usize), fate: Fate) -> String {
        let words = &self.look.words.traffic;
        let mut facts = Vec::new();
        if parts > 1 {
            facts.push(fill(&words.split, &[("part", &part.to_string()), ("count", &parts.to_string())]));
        }
        match fate {
            Fate::Queued => facts.push(words.queued.clone()),
            Fate::Failed => facts.push(words.not_sent.clone()),
            Fate::Sent => {}
        }
        if facts.is_empty() { String::new() } else { format!("[{}] ", facts.join(", ")) }
    }
}

fn clock(record: &Record, zone: &TimeZone, format: &str) -> String {
    record.at.to_zoned(zone.clone()).strftime(format).to_string()
}
