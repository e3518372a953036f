//! Messages and peers: what comes back of what was kept.

use hobnob::effect::{Known, PAGE, Silent};
use hobnob::text::clean_line;
use tempfile::tempdir;

use super::*;

#[tokio::test]
async fn messages_come_back_in_order_and_byte_for_byte() {
    let place = tempdir().unwrap();
    let sent: Vec<&[u8]> =
        vec![b"hello", b"half \xe4\xbd", "你好\n\x1b[2J".as_bytes(), b"", "👋\u{fe0f}".as_bytes()];
    let mut keeper = Keeper::sound(place.path());
    for (nth, bytes) in (1..).zip(&sent) {
        let saved = keeper.save(message(nth, lin(), Delivery::Received, bytes)).await;
        assert_eq!((saved.id, saved.nth), (MessageId(nth), nth));
    }
    keeper.end().await;
    let mut keeper = Keeper::sound(place.path());
    let page = keeper.page(lin(), Part::Before(u64::MAX)).await;
    assert_eq!(texts(&page), ["hello", "half \\xe4\\xbd", "你好\n␛[2J", "", "👋"]);
    for ((stored, bytes), nth) in page.iter().zip(sent).zip(1..) {
        assert_eq!((stored.nth, stored.at), (nth, at(nth)));
        let raw = stored.raw.as_ref().map_or(stored.text.as_bytes(), |raw| &raw.0);
        assert_eq!(raw, bytes);
        let details = keeper.details(stored.row).await;
        assert_eq!((details.row, &*details.bytes.0), (stored.row, bytes));
        assert_eq!(details.history, [(at(nth), Delivery::Received)]);
    }
    keeper.end().await;
}

#[tokio::test]
async fn each_conversation_counts_its_messages_and_rows_grow_over_all() {
    let place = tempdir().unwrap();
    let mut keeper = Keeper::sound(place.path());
    let (other, everyone) = (peer("[::1]:9"), peer("everyone:7890"));
    let mut rows = Vec::new();
    for (peer, nth) in [(lin(), 1), (other, 1), (lin(), 2), (everyone, 1), (other, 2), (lin(), 3)] {
        let saved = keeper.receive(peer, "x").await;
        assert_eq!(saved.nth, nth);
        rows.push(saved.row);
    }
    assert!(rows.is_sorted_by(|a, b| a < b));
    keeper.end().await;
}

#[tokio::test]
async fn a_page_is_what_is_next_to_a_message_without_a_gap() {
    let place = tempdir().unwrap();
    let mut keeper = Keeper::sound(place.path());
    for number in 1..=600 {
        keeper.tell(StoreRequest::Save(Box::new(message(number, lin(), Delivery::Received, b"x"))));
    }
    let mut saved = 0;
    while saved < 600 {
        let StoreEvent::Saved(more) = keeper.next().await else { panic!() };
        saved += more.len();
    }
    let page = PAGE as u64;
    for (part, first, last) in [
        (Part::Before(u64::MAX), 601 - page, 600),
        (Part::Before(300), 300 - page, 299),
        (Part::Before(3), 1, 2),
        (Part::After(0), 1, page),
        (Part::After(598), 599, 600),
        (Part::Around(300), 300 - (page - 1) / 2, 300 + (page - 1) / 2),
        (Part::Around(1), 1, 1 + (page - 1) / 2),
        (Part::Around(600), 600 - (page - 1) / 2, 600),
    ] {
        let found: Vec<u64> = keeper.page(lin(), part).await.iter().map(|message| message.nth).collect();
        assert_eq!(found, (first..=last).collect::<Vec<_>>(), "{part:?}");
    }
    for part in [Part::Before(1), Part::Before(0), Part::After(600), Part::After(u64::MAX)] {
        assert!(keeper.page(lin(), part).await.is_empty(), "{part:?}");
    }
    assert!(keeper.page(peer("127.0.0.1:1"), Part::After(0)).await.is_empty());
    keeper.end().await;
}

#[tokio::test]
async fn a_page_of_huge_messages_is_shorter_but_never_empty() {
    let place = tempdir().unwrap();
    let mut keeper = Keeper::sound(place.path());
    for _ in 0..10 {
        keeper.receive(lin(), &"x".repeat(65_507)).await;
    }
    let page = keeper.page(lin(), Part::Before(11)).await;
    assert!((1..10).contains(&page.len()) && page.last().unwrap().nth == 10, "{}", page.len());
    let page = keeper.page(lin(), Part::Around(5)).await;
    assert!(page.iter().any(|message| message.nth == 5));
    assert!(page.windows(2).all(|pair| pair[0].nth + 1 == pair[1].nth));
    keeper.end().await;
}

#[tokio::test]
async fn what_became_of_a_message_is_kept_with_its_history() {
    let place = tempdir().unwrap();
    let mut keeper = Keeper::sound(place.path());
    let saved = keeper.write(lin(), Delivery::Queued, "hi").await;
    let mut expected = vec![(at(1), Delivery::Queued)];
    for (nth, delivery) in [
        Delivery::Failed(Fault::Network(clean_line("No buffer space: 你好".as_bytes()))),
        Delivery::Sent,
        Delivery::Refused,
        Delivery::Failed(Fault::Unreachable),
    ]
    .into_iter()
    .enumerate()
    {
        let at = at(nth as u64 + 10);
        keeper.tell(StoreRequest::Update { row: saved.row, at, delivery: delivery.clone(), waiting: false });
        expected.push((at, delivery));
    }
    keeper.end().await;
    let mut keeper = Keeper::sound(place.path());
    assert_eq!(keeper.details(saved.row).await.history, expected);
    let page = keeper.page(lin(), Part::After(0)).await;
    assert_eq!((&page[0].delivery, page[0].at), (&Delivery::Failed(Fault::Unreachable), at(1)));
    keeper.end().await;
}

#[tokio::test]
async fn a_folded_message_grows() {
    let place = tempdir().unwrap();
    let mut keeper = Keeper::sound(place.path());
    let folded = keeper.write(lin(), Delivery::Folded(3), "").await;
    let update = StoreRequest::Update {
        row: folded.row,
        at: at(9),
        delivery: Delivery::Folded(12_345),
        waiting: false,
    };
    keeper.tell(update);
    keeper.receive(lin(), "x").await;
    keeper.end().await;
    let mut keeper = Keeper::sound(place.path());
    let page = keeper.page(lin(), Part::After(0)).await;
    assert_eq!((&page[0].delivery, &page[1].delivery), (&Delivery::Folded(12_345), &Delivery::Received));
    keeper.end().await;
}

#[tokio::test]
async fn what_was_on_its_way_when_the_program_ended_waits_and_what_is_now_does_not() {
    let place = tempdir().unwrap();
    let mut keeper = Keeper::sound(place.path());
    keeper.write(lin(), Delivery::Sent, "sent").await;
    keeper.write(lin(), Delivery::Queued, "interrupted").await;
    let refused = keeper.write(lin(), Delivery::Queued, "left").await;
    keeper.tell(StoreRequest::Update {
        row: refused.row,
        at: at(5),
        delivery: Delivery::Refused,
        waiting: true,
    });
    let done = keeper.write(lin(), Delivery::Queued, "done").await;
    keeper.tell(StoreRequest::Update { row: done.row, at: at(6), delivery: Delivery::Sent, waiting: false });
    keeper.end().await;
    let mut keeper = Keeper::sound(place.path());
    assert_eq!(keeper.memory.known[0].waiting, 2);
    keeper.write(lin(), Delivery::Queued, "now").await;
    assert_eq!(texts(&keeper.outbox(lin()).await), ["interrupted", "left"]);
    let page = keeper.page(lin(), Part::After(0)).await;
    let waiting: Vec<bool> = page.iter().map(|message| message.waiting).collect();
    assert_eq!(waiting, [false, true, true, false, false]);
    keeper.end().await;
}

#[tokio::test]
async fn a_peer_is_known_as_it_was_kept_with_what_was_not_read() {
    let place = tempdir().unwrap();
    let mut keeper = Keeper::sound(place.path());
    let mut kept = contact(lin());
    kept.name = Some(clean_line("林".as_bytes()));
    (kept.named, kept.invited, kept.muted) = (true, true, true);
    kept.silent = Silent { bell: true, desktop: false, title: true };
    kept.draft = "half a\nthought\0".to_owned();
    kept.read = 2;
    for text in ["1", "2"] {
        keeper.receive(lin(), text).await;
    }
    keeper.write(lin(), Delivery::Sent, "3").await;
    keeper.receive(lin(), "4").await;
    keeper.write(lin(), Delivery::Folded(7), "").await;
    keeper.write(lin(), Delivery::Sent, "6").await;
    keeper.tell(contact_request(&kept));
    keeper.end().await;
    let keeper = Keeper::sound(place.path());
    let known = Known {
        contact: kept,
        newest: 6,
        latest: Some(at(6)),
        heard: Some((5, at(5))),
        unread: 2,
        waiting: 0,
    };
    assert_eq!(keeper.memory.known, [known]);
    keeper.end().await;
}

#[tokio::test]
async fn every_chosen_peer_is_known_and_of_the_strangers_the_latest() {
    let place = tempdir().unwrap();
    let keeper = Keeper::sound(place.path());
    let mut chosen = contact(peer("127.0.0.1:1"));
    chosen.blocked = true;
    keeper.tell(contact_request(&chosen));
    let mut said = keeper.said;
    let Keeper { store, .. } = Keeper { said: channel(1).1, ..keeper };
    for number in 0..1010_u16 {
        let peer = Peer::Address(([127, 1, 0, 1], 1000 + number).into());
        let request = StoreRequest::Save(Box::new(message(number.into(), peer, Delivery::Received, b"x")));
        assert!(store.tell(request).is_none(), "the queue is too short for this test");
        while said.try_recv().is_ok() {}
    }
    drop(said);
    assert_eq!(store.end().await, Ok(()));
    let keeper = Keeper::sound(place.path());
    let known = &keeper.memory.known;
    assert_eq!(known.len(), 1001);
    assert_eq!(known[0].contact.peer, peer("127.1.0.1:2009"));
    assert_eq!(known[999].contact.peer, peer("127.1.0.1:1010"));
    assert_eq!(known[1000].contact, chosen);
    keeper.end().await;
}

#[tokio::test]
async fn nothing_is_left_of_a_peer_that_is_forgotten() {
    let place = tempdir().unwrap();
    let mut keeper = Keeper::sound(place.path());
    let other = peer("127.0.0.1:9");
    let (secret, harmless) = ("xylophonic Geheimnis 秘密文件", "harmless");
    let mut kept = contact(lin());
    kept.name = Some(clean_line(b"Zebedee"));
    kept.draft = "unwritten quibble".to_owned();
    keeper.tell(contact_request(&kept));
    for _ in 0..50 {
        keeper.receive(lin(), secret).await;
        keeper.receive(other, harmless).await;
    }
    let last = keeper.receive(lin(), secret).await;
    keeper.tell(StoreRequest::Forget(lin()));
    keeper.tell(StoreRequest::Update { row: last.row, at: at(1), delivery: Delivery::Sent, waiting: false });
    // The message and the answer come after it.
    let next = keeper.receive(other, harmless).await;
    assert_eq!(next.nth, 51);
    assert!(next.row > last.row);
    let files = std::fs::read_dir(place.path()).unwrap();
    let left: Vec<u8> = files.flat_map(|file| std::fs::read(file.unwrap().path()).unwrap()).collect();
    let finds = |text: &str| left.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(finds(harmless));
    for part in ["xylophonic", "ylophoni", "geheimnis", "Geheim", "秘密", "秘", "Zebedee", "quibble"] {
        assert!(!finds(part), "{part}");
    }
    assert!(keeper.page(lin(), Part::After(0)).await.is_empty());
    assert_eq!(keeper.find(None, "xylophonic").await.total, 0);
    assert_eq!(keeper.find(Some(lin()), "xylophonic").await.total, 0);
    assert_eq!(keeper.find(None, "harmless").await.total, 51);
    // And a new conversation begins.
    let again = keeper.receive(lin(), "again").await;
    assert_eq!((again.nth, again.row > next.row), (1, true));
    keeper.end().await;
}

#[tokio::test]
async fn two_programs_can_keep_in_one_conversation() {
    let place = tempdir().unwrap();
    let (one, two) = (Keeper::sound(place.path()), Keeper::sound(place.path()));
    let tasks = [one, two].map(|mut keeper| {
        tokio::spawn(async move {
            let mut saved = Vec::new();
            for _ in 0..100 {
                saved.push(keeper.receive(lin(), "x").await);
            }
            keeper.end().await;
            saved
        })
    });
    let mut saved = Vec::new();
    for task in tasks {
        saved.extend(task.await.unwrap());
    }
    saved.sort_by_key(|saved| saved.nth);
    assert_eq!(saved.iter().map(|saved| saved.nth).collect::<Vec<_>>(), (1..=200).collect::<Vec<_>>());
    let rows: Vec<RowId> = saved.iter().map(|saved| saved.row).collect();
    assert!(rows.is_sorted());
}
