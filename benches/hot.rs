//! How long the parts take that every byte or every entry goes through (`cargo bench --bench hot`).

#![allow(missing_docs, clippy::expect_used, reason = "a measurement is made, or there is none")]

use std::fmt::Write as _;
use std::hint::black_box;
use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use hobnob::app::folder::{Arrangement, Folder};
use hobnob::app::keys::Keymap;
use hobnob::app::queue::QueueSettings;
use hobnob::app::{Me, State};
use hobnob::effect::{Conflict, Effect, NamePolicy, StoreRequest};
use hobnob::event::{ChatEvent, Datagram, Event, Listing, Now, RowId, Saved, Size, StoreEvent};
use hobnob::text::{clean_line, clean_text};
use hobnob::wire::Raw;
use hobnob::wire::listing::{Entry, Form, Kind, Role, read};
use hobnob::wire::name::portable_name;
use hobnob::wire::source::Source;

const ENTRIES: u32 = 100_000;

fn name(nth: u32) -> String {
    format!("lecture {nth:06} 第{nth}讲.pdf")
}

fn listings(criterion: &mut Criterion) {
    let (mut json, mut html) =
        (String::from("["), String::from("<html><h1>Index of /</h1><pre><a href=\"../\">../</a>\n"));
    for nth in 0..ENTRIES {
        let comma = if nth == 0 { "" } else { "," };
        let name = name(nth);
        let _ = write!(
            json,
            r#"{comma}{{"name":"{name}","size":{nth},"url":"./{name}","mod_time":"2026-11-02T09:14:05Z","mode":420,"is_dir":false,"is_symlink":false}}"#
        );
        let _ = writeln!(html, r#"<a href="{name}">{name}</a>        02-Nov-2026 09:14     {nth}"#);
    }
    json.push(']');
    let page = Source::parse("http://box/").expect("a source");
    let mut group = criterion.benchmark_group("a list of 100,000 entries");
    group.sample_size(20).throughput(Throughput::Elements(u64::from(ENTRIES)));
    group.bench_function("in JSON", |bench| {
        bench.iter(|| {
            let mut entries = Vec::new();
            read(&page, Role::of(&page), Form::Json, black_box(json.as_bytes()), &mut entries)
                .expect("a list");
            entries
        });
    });
    group.bench_function("in HTML", |bench| {
        bench.iter(|| {
            let mut entries = Vec::new();
            read(&page, Role::of(&page), Form::Html, black_box(html.as_bytes()), &mut entries)
                .expect("a list");
            entries
        });
    });
    group.finish();
}

fn listing(name: impl Fn(u32) -> String) -> Listing {
    let entry = |nth| {
        let name = name(nth);
        let raw = Raw(name.clone().into());
        Entry {
            name: clean_line(name.as_bytes()),
            raw,
            kind: Kind::File,
            size: None,
            modified: None,
            may_be_folder: false,
            is_link: false,
        }
    };
    let source = Source::parse("http://box/").expect("a source");
    Listing {
        source,
        entries: (0..ENTRIES).map(entry).collect(),
        is_cut: false,
        unlisted: hobnob::event::Unlisted::default(),
    }
}

/// Single keys, before which something is typed already: that many names fit makes them slow, or that none does.
fn filters(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("a filter over 100,000 names");
    group.sample_size(10).warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(1));
    let long = "a name that goes on and on, as those of films and papers do - ".repeat(2);
    let folder = |listing| Folder::new(listing, Arrangement::default());
    let listings = [
        ("short", listing(|nth| format!("lecture-{nth:06}.pdf"))),
        ("Chinese", listing(name)),
        ("accented", listing(|nth| format!("Résumé de la leçon {nth:06} été.pdf"))),
        ("long", listing(|nth| format!("{long}lecture {nth:06}.pdf"))),
        ("long Chinese", listing(|nth| format!("{} lecture {nth:06}.pdf", "第一讲：套接字".repeat(8)))),
    ];
    for (kind, listing) in &listings {
        group.bench_function(format!("{kind}: opened"), |bench| {
            bench.iter_batched(|| listing.clone(), folder, BatchSize::PerIteration);
        });
        let folder = folder(listing.clone());
        for typed in ["l", "le0", "le 12", "le123", "讲", "é1"] {
            let mut folder = folder.clone();
            let (last, _) = typed.char_indices().next_back().expect("something typed");
            folder.filter.replace(&typed[..last]);
            folder.filter_changed();
            let key = |folder: &mut Folder| {
                folder.filter.replace(typed);
                folder.filter_changed();
            };
            group.bench_function(format!("{kind}: {typed}"), |bench| {
                bench.iter_batched_ref(|| folder.clone(), key, BatchSize::PerIteration);
            });
        }
    }
    group.finish();
}

fn texts(criterion: &mut Criterion) {
    let plain = "the quick brown fox, 你好，世界\n".repeat(2000);
    let hostile = "\u{1b}[31m\u{202e}a\u{300}\u{300}\u{200b}\r\n\u{7}".repeat(2000);
    let mut group = criterion.benchmark_group("a text made fit to be shown");
    for (kind, text) in [("plain", &plain), ("hostile", &hostile)] {
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function(kind, |bench| bench.iter(|| clean_text(black_box(text.as_bytes()))));
    }
    group.finish();
}

fn names(criterion: &mut Criterion) {
    let names: Vec<_> = (0..1000).map(name).collect();
    let mut group = criterion.benchmark_group("a name made safe");
    group.throughput(Throughput::Elements(1000));
    group.bench_function("of a file", |bench| {
        bench
            .iter(|| names.iter().map(|name| portable_name(black_box(name.as_bytes())).len()).sum::<usize>());
    });
    group.finish();
}

/// A datagram through the state, and the news that it is saved, with so many peers.
fn datagrams(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("a datagram");
    for peers in [10_u16, 100, 1000] {
        let (mut state, mut now) = chatting();
        let mut nth = 0;
        let mut hear = |nth: u16| {
            now.wall += Duration::from_millis(10);
            let from = (Ipv4Addr::from(u32::from(nth % peers) + 1), 9).into();
            let (at, text, raw) = (now.wall.timestamp(), clean_text(b"hello"), Raw(b"hello"[..].into()));
            let datagram = Datagram { from, at, text, raw, broadcast: false };
            let mut out = Vec::new();
            state.update(&now, Event::Chat(ChatEvent::Received(datagram)), &mut out);
            let saved = out.iter().filter_map(|effect| {
                let Effect::Store(StoreRequest::Save(message)) = effect else { return None };
                let nth = state.chat.with(message.peer)?.count();
                Some(Saved { id: message.id, peer: message.peer, row: RowId(1), nth })
            });
            let saved = Event::Store(StoreEvent::Saved(saved.collect()));
            state.update(&now, saved, &mut Vec::new());
            black_box((state.chat.peer_rows(26).len(), state.chat.unread(), state.chat.unread_for_title()));
        };
        (0..peers).for_each(&mut hear);
        group.bench_function(format!("with {peers} peers"), |bench| {
            bench.iter(|| {
                nth = (nth + 7) % peers;
                hear(nth);
            });
        });
    }
    group.finish();
}

/// The program on a screen of 100 columns and 30 rows.
fn chatting() -> (State, Now) {
    #[expect(clippy::disallowed_methods, reason = "a measurement needs a clock")]
    let now = Now { instant: Instant::now(), wall: jiff::Zoned::now() };
    let downloads = QueueSettings {
        names: NamePolicy::Exact,
        hidden: false,
        dir: "/x".into(),
        prefix: String::new(),
        conflict: Conflict::Ask,
        at_once: 1,
        rate: None,
    };
    let nobody = clean_line(b"");
    let me = Me { name: nobody.clone(), address: ([127, 0, 0, 1], 7890).into(), download_dir: nobody };
    let mut state = State::new(me, Keymap::preset().expect("keys"), downloads, &now);
    state.update(&now, Event::Resized(Size { width: 100, height: 30 }), &mut Vec::new());
    (state, now)
}

criterion_group!(hot, listings, filters, texts, names, datagrams);
criterion_main!(hot);
