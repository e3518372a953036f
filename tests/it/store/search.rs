//! Finding messages by their words.

use hobnob::text::clean_text;
use hobnob::text::find::Query;
use proptest::prelude::*;
use tempfile::tempdir;

use super::*;

#[tokio::test]
async fn words_are_found_in_any_script_newest_first() {
    let place = tempdir().unwrap();
    let mut keeper = Keeper::sound(place.path());
    let other = peer("127.0.0.1:9");
    for (peer, text) in [
        (lin(), "Hello World"),
        (other, "你好，世界"),
        (lin(), "hello again, c++ 👍"),
        (other, "Ελλάδα ΟΔΟΣ x_y"),
        (lin(), "half \u{fffd} well"),
    ] {
        keeper.receive(peer, text).await;
    }
    for (query, expected) in [
        ("hello", &["hello again, c++ 👍", "Hello World"][..]),
        ("hel wor", &[]),
        ("world hel", &["Hello World"]),
        ("好", &["你好，世界"]),
        ("世界 你好", &["你好，世界"]),
        ("好世", &["你好，世界"]),
        ("界世", &[]),
        ("c++", &["hello again, c++ 👍"]),
        ("👍", &["hello again, c++ 👍"]),
        ("οδος", &["Ελλάδα ΟΔΟΣ x_y"]),
        ("Y", &["Ελλάδα ΟΔΟΣ x_y"]),
        ("\"", &[]),
        ("* OR hello", &[]),
        ("text:hello", &[]),
        ("p1", &[]),
        ("", &[]),
    ] {
        let found = keeper.find(None, query).await;
        assert_eq!(hits(&found), expected, "{query}");
        assert_eq!((found.total, found.more), (expected.len(), false));
    }
    assert_eq!(hits(&keeper.find(Some(other), "好").await), ["你好，世界"]);
    assert_eq!(keeper.find(Some(lin()), "好").await.total, 0);
    assert_eq!(keeper.find(Some(peer("127.0.0.1:1")), "hello").await.total, 0);
    let found = keeper.find(None, "hello").await;
    assert_eq!((found.hits[0].peer, found.hits[0].message.nth), (lin(), 2));
    let earlier = keeper.find_before(None, "hello", Some(found.hits[0].message.row)).await;
    assert_eq!(hits(&earlier), ["Hello World"]);
    keeper.end().await;
}

#[tokio::test]
async fn many_hits_are_counted_and_the_newest_are_shown() {
    let place = tempdir().unwrap();
    let mut keeper = Keeper::sound(place.path());
    for number in 1..=10_001 {
        keeper.tell(StoreRequest::Save(Box::new(message(number, lin(), Delivery::Received, b"same"))));
        if number % 500 == 0 || number > 10_000 {
            let mut last = 0;
            while last < number {
                let StoreEvent::Saved(saved) = keeper.next().await else { panic!() };
                last = saved.last().unwrap().nth;
            }
        }
        if number == 10_000 {
            let found = keeper.find(None, "same").await;
            assert_eq!((found.total, found.more), (10_000, false));
        }
    }
    let found = keeper.find(None, "same").await;
    assert_eq!((found.hits.len(), found.total, found.more), (256, 10_000, true));
    assert_eq!((found.hits[0].message.nth, found.hits[255].message.nth), (10_001, 9746));
    keeper.end().await;
}

#[tokio::test]
async fn of_searches_that_wait_only_the_last_is_answered() {
    let place = tempdir().unwrap();
    let mut keeper = Keeper::sound(place.path());
    keeper.receive(lin(), "hello").await;
    let typed = ["h", "he", "hel", "hell", "hello"];
    for (request, text) in (0..).map(RequestId).zip(typed) {
        keeper.tell(StoreRequest::Find { request, peer: None, text: text.to_owned(), before: None });
    }
    let mut answered = Vec::new();
    while answered.last() != Some(&RequestId(4)) {
        let StoreEvent::Found(request, found) = keeper.next().await else { panic!() };
        assert_eq!(found.total, 1);
        answered.push(request);
    }
    assert!(answered.is_sorted());
    let Keeper { store, mut said, .. } = keeper;
    assert_eq!(store.end().await, Ok(()));
    assert!(said.recv().await.is_none());
}

fn text() -> impl Strategy<Value = String> {
    let part = proptest::sample::select(
        [
            "a",
            "B",
            "é",
            "e\u{301}",
            "你",
            "好",
            "ที่",
            " ",
            ", ",
            "👍🏽",
            "+",
            "Σ",
            "が",
            "\n",
            "\"",
            "*",
            "_",
            "|",
            "1",
        ]
        .as_slice(),
    );
    prop_oneof![
        4 => proptest::collection::vec(part, 0..8).prop_map(|parts| parts.concat()),
        1 => proptest::collection::vec(any::<char>(), 0..8).prop_map(String::from_iter),
        1 => "[ -~]{0,8}",
    ]
}

#[test]
fn the_store_finds_what_is_highlighted_and_nothing_else() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let place = tempdir().unwrap();
    let keeper = std::cell::RefCell::new((Keeper::sound(place.path()), 0_u16));
    let texts = proptest::collection::vec(text(), 1..6);
    proptest!(ProptestConfig::with_cases(200), |(texts in texts, query in text())| {
        let (keeper, count) = &mut *keeper.borrow_mut();
        *count += 1;
        let peer = Peer::Address(([127, 0, 0, 1], *count).into());
        let mut expected = Vec::new();
        for text in &texts {
            let saved = runtime.block_on(keeper.receive(peer, text));
            if !Query::parse(&query).matches(&clean_text(text.as_bytes())).is_empty() {
                expected.insert(0, saved.row);
            }
        }
        let found = runtime.block_on(keeper.find(Some(peer), &query));
        let rows: Vec<RowId> = found.hits.iter().map(|hit| hit.message.row).collect();
        prop_assert_eq!(rows, expected);
    });
}
