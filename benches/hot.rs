//! How long the parts take that every byte or every entry goes through (`cargo bench --bench hot`).

#![allow(missing_docs, clippy::expect_used, reason = "a measurement is made, or there is none")]

use std::fmt::Write as _;
use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use hobnob::text::clean_text;
use hobnob::wire::listing::{Form, read};
use hobnob::wire::name::safe_name;
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
        bench.iter(|| read(&page, Form::Json, black_box(json.as_bytes())).expect("a list"));
    });
    group.bench_function("in HTML", |bench| {
        bench.iter(|| read(&page, Form::Html, black_box(html.as_bytes())).expect("a list"));
    });
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
        bench.iter(|| names.iter().map(|name| safe_name(black_box(name.as_bytes())).len()).sum::<usize>());
    });
    group.finish();
}

criterion_group!(hot, listings, texts, names);
criterion_main!(hot);
