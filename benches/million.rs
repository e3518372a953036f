//! How long the store takes with a million messages, and how much memory: prints both, and fails nobody.
//!
//! `cargo bench --bench million` makes the messages in a temporary folder, in English and Chinese, with 20 peers of whom
//! one has half of them. `cargo bench --bench million -- DIR` makes them in that folder and leaves them there, so that
//! the program can be tried with them (`--data-dir DIR`); where they are made already, they are only measured.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::wildcard_enum_match_arm,
    reason = "a measurement is printed, or there is none"
)]
#![expect(clippy::disallowed_methods, reason = "what takes how long is the question")]

#[path = "million/screen.rs"]
mod screen;

use std::env;
use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use bytes::Bytes;
use hobnob::effect::{NewMessage, Part, StoreRequest};
use hobnob::event::{Delivery, Event, MessageId, RequestId, StoreEvent};
use hobnob::store::{Store, open};
use hobnob::wire::Raw;
use hobnob::wire::peer::Peer;
use jiff::Timestamp;
use tokio::sync::mpsc::{Receiver, channel};

const MESSAGES: u64 = 1_000_000;
const PEERS: u64 = 20;
/// Requests that are told before the answers are looked at.
const AHEAD: u64 = 512;
/// Each measurement is the median of so many.
const TIMES: usize = 7;

/// Numbers without an order that anybody sees, the same in every run (`SplitMix64`).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut number = self.0;
        number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (number ^ (number >> 31)) % limit
    }

    /// The number n about n times as seldom as 1, as words are used (Zipf's law); less one.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is a small number at last"
    )]
    fn common(&mut self, limit: u64) -> u64 {
        let part = self.below(1 << 32) as f64 / (1_u64 << 32) as f64;
        (limit as f64).powf(part) as u64 - 1
    }
}

fn english(numbers: &mut Numbers) -> String {
    const WORDS: [&str; 40] = [
        "the", "and", "you", "that", "have", "file", "for", "not", "with", "this", "but", "from", "they",
        "will", "would", "there", "what", "about", "which", "when", "make", "like", "time", "just", "know",
        "take", "people", "lecture", "good", "slides", "notes", "server", "download", "look", "only", "come",
        "over", "think", "also", "back",
    ];
    let count = 3 + numbers.below(12);
    let mut words = Vec::new();
    for _ in 0..count {
        let nth = numbers.common(4000);
        words.push(
            usize::try_from(nth)
                .ok()
                .and_then(|nth| WORDS.get(nth))
                .map_or_else(|| format!("w{nth}"), |word| (*word).to_owned()),
        );
    }
    words.join(" ")
}

fn chinese(numbers: &mut Numbers) -> String {
    const WORDS: [&str; 24] = [
        "的",
        "我们",
        "你好",
        "是",
        "文件",
        "在",
        "服务器",
        "了",
        "有",
        "下载",
        "这",
        "时候",
        "可以",
        "看",
        "课件",
        "他们",
        "大学",
        "没有",
        "现在",
        "老师",
        "什么",
        "问题",
        "知道",
        "明天",
    ];
    let count = 3 + numbers.below(10);
    let mut text = String::new();
    for _ in 0..count {
        let nth = numbers.common(1500);
        match usize::try_from(nth).ok().and_then(|nth| WORDS.get(nth)) {
            Some(word) => text.push_str(word),
            None => text.extend(u32::try_from(nth).ok().and_then(|nth| char::from_u32(0x4e00 + nth))),
        }
    }
    text + "。"
}

fn peer(number: u64) -> Peer {
    let port = 10_000 + u16::try_from(number).unwrap_or_default();
    Peer::Address(SocketAddr::from(([127, 0, 0, 1], port)))
}

struct Bench {
    store: Store,
    said: Receiver<Event>,
}

impl Bench {
    fn tell(&self, request: StoreRequest) {
        assert!(self.store.tell(request).is_none(), "too many requests at a time");
    }

    fn next(&mut self) -> StoreEvent {
        match self.said.blocking_recv() {
            Some(Event::Store(event)) => event,
            other => panic!("{other:?}"),
        }
    }

    fn fill(&mut self) {
        let mut numbers = Numbers(7);
        let mut saved = 0;
        for id in 0..MESSAGES {
            let rare = id == MESSAGES / 3;
            let text = match id % 2 {
                _ if rare => "a zymurgist 罕见 here".to_owned(),
                0 => english(&mut numbers),
                _ => chinese(&mut numbers),
            };
            let whom = if numbers.below(2) == 0 { 0 } else { 1 + numbers.below(PEERS - 1) };
            let micros = 1_700_000_000_000_000 + i64::try_from(id).unwrap_or_default() * 30_000_000;
            let message = NewMessage {
                id: MessageId(id),
                peer: peer(whom),
                at: Timestamp::from_microsecond(micros).expect("a time"),
                delivery: if numbers.below(3) == 0 { Delivery::Sent } else { Delivery::Received },
                bytes: Raw(Bytes::from(text)),
                broadcast: false,
            };
            self.tell(StoreRequest::Save(Box::new(message)));
            while id + 1 == MESSAGES && saved < MESSAGES || id >= saved + AHEAD {
                match self.next() {
                    StoreEvent::Saved(more) => saved += more.len() as u64,
                    other => panic!("{other:?}"),
                }
            }
        }
    }

    fn page(&mut self, part: Part) -> usize {
        self.tell(StoreRequest::Page { request: RequestId(0), peer: peer(0), part });
        match self.next() {
            StoreEvent::Page(_, page) => page.messages.len(),
            other => panic!("{other:?}"),
        }
    }

    fn find(&mut self, peer: Option<Peer>, text: &str) -> (usize, bool) {
        self.tell(StoreRequest::Find { request: RequestId(0), peer, text: text.to_owned(), before: None });
        match self.next() {
            StoreEvent::Found(_, found) => (found.total, found.more),
            other => panic!("{other:?}"),
        }
    }
}

/// What it gives, and the median of how long that took.
fn timed<T>(mut what: impl FnMut() -> T) -> (T, Duration) {
    let mut took = Vec::new();
    let mut last = None;
    for _ in 0..TIMES {
        let begin = Instant::now();
        last = Some(what());
        took.push(begin.elapsed());
    }
    took.sort();
    (last.expect("it was done"), took[TIMES / 2])
}

/// What this program takes of the machine's memory, in MiB.
fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().next()).and_then(|kib| kib.parse::<u64>().ok());
    kib.unwrap_or_default() / 1024
}

fn start(dir: &std::path::Path) -> Bench {
    let (events, said) = channel(64);
    let store = open(dir).expect("a store").start(events).expect("threads");
    Bench { store, said }
}

fn main() {
    let temporary = tempfile::tempdir().expect("a folder");
    // Cargo puts an option of its own behind what is given.
    let given = env::args().skip(1).find(|argument| !argument.starts_with("--")).map(PathBuf::from);
    let place = given.unwrap_or_else(|| temporary.path().join("data"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let begin = Instant::now();
    let known = open(&place).expect("a store").memory.known;
    if known.is_empty() {
        let mut bench = start(&place);
        bench.fill();
        runtime.block_on(bench.store.end()).expect("all is on disk");
    }
    let size = fs::metadata(place.join("hobnob.db")).map_or(0, |file| file.len()) >> 20;
    println!("{MESSAGES} messages kept in {:.1?}, a file of {size} MiB", begin.elapsed());

    let before = resident();
    let (peers, took) = timed(|| open(&place).expect("a store").memory.known.len());
    println!("open, {peers} peers: {took:.1?}");
    let mut bench = start(&place);
    for (what, part) in [
        ("newest", Part::Before(u64::MAX)),
        ("oldest", Part::After(0)),
        ("around the middle", Part::Around(250_000)),
    ] {
        let (messages, took) = timed(|| bench.page(part));
        println!("page, {what}, {messages} messages: {took:.1?}");
    }
    for text in [
        "the",
        "th",
        "t",
        "lecture",
        "w3999",
        "the and",
        "zymurgist",
        "nothinglikeit",
        "你好",
        "服务器",
        "的",
        "课件 老师",
        "你是",
        "罕见",
        "龘龘",
    ] {
        for (whose, peer) in [("all", None), ("one of half a million", Some(peer(0)))] {
            let ((total, more), took) = timed(|| bench.find(peer, text));
            let more = if more { "+" } else { "" };
            println!("find {text:?} in {whose}, {total}{more} hits: {took:.1?}");
        }
    }
    println!("resident: {} MiB, {before} of them before the file was opened again", resident());
    runtime.block_on(bench.store.end()).expect("nothing is to be kept");

    let empty = temporary.path().join("empty");
    for (what, dir) in [("nothing kept", &empty), ("a million messages kept", &place)] {
        let (store, took) = timed(|| screen::Screen::open(dir).close());
        println!("first picture at 200x60, {what}: {took:.1?}");
        runtime.block_on(store.end()).expect("nothing is to be kept");
    }
    let mut screen = screen::Screen::open(&place);
    for key in ["pageup", "pagedown"] {
        let (middle, slowest) = screen.keys(key);
        println!("{key} at 200x60: {middle:.1?}, the slowest {slowest:.1?}");
    }
    println!("to the oldest message or back at 200x60, the slowest: {:.1?}", screen.jumps());
    println!("resident: {} MiB", resident());
}
