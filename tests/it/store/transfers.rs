//! Downloads that are not done: what is known of them after a restart, and what becomes of rows that make no sense.

use std::path::PathBuf;

use hobnob::effect::{Conflict, KeptItem, KeptPartial, KeptState, NamedBy, Partial};
use hobnob::wire::range::Validator;
use rusqlite::Connection;
use tempfile::tempdir;

use super::*;

fn item(place: u64, source: &str) -> KeptItem {
    KeptItem {
        place,
        source: Source::parse(source).unwrap(),
        to: PathBuf::from(format!("/downloads/{place}")),
        size: Some(place * 1000),
        here: place * 100,
        conflict: Conflict::Newer,
        checksum: None,
        sums: Vec::new(),
        named_by: [NamedBy::User, NamedBy::List, NamedBy::Server][usize::try_from(place % 3).unwrap()],
        owns_folder: place.is_multiple_of(2),
        state: KeptState::Going,
    }
}

fn partial(name: &[u8]) -> KeptPartial {
    let server = Source::parse("http://127.0.0.1:9/").unwrap();
    KeptPartial {
        source: server.at(server.path.join(name)),
        to: "/downloads/a b\u{fffd}".into(),
        partial: Partial { validator: Validator::from_kept("\"5f-\u{e9}\""), total: Some(1 << 40) },
    }
}

async fn told(place: &Path, requests: Vec<StoreRequest>) -> Memory {
    let keeper = Keeper::sound(place);
    for request in requests {
        keeper.tell(request);
    }
    keeper.end().await;
    let keeper = Keeper::sound(place);
    let memory = keeper.memory.clone();
    keeper.end().await;
    memory
}

#[tokio::test]
async fn what_is_not_done_is_there_again_in_its_order_with_all_that_was_said_of_it() {
    let place = tempdir().unwrap();
    let mut whole = item(7, "https://[::1]:9/a%20b%FF/?x=%2F#y");
    whole.checksum = Some(format!("sha512:{}", "0f".repeat(64)).parse().unwrap());
    whole.sums =
        vec![Source::parse("http://h/SHA256SUMS").unwrap(), Source::parse("http://h/a%0Ab").unwrap()];
    (whole.conflict, whole.state, whole.size) = (Conflict::Ask, KeptState::Paused, None);
    let mut first = item(3, "plain://127.0.0.1:9/a?b");
    first.state = KeptState::Failed;
    let changes = vec![(7, Some(whole.clone())), (3, Some(item(3, "h/x"))), (5, Some(item(5, "h/gone")))];
    let later = vec![(3, Some(first.clone())), (5, None), (9, None)];
    let memory = told(place.path(), vec![StoreRequest::Queue(changes), StoreRequest::Queue(later)]).await;
    assert_eq!(memory.queue, [first, whole]);
}

/// The states of what is in the queue of the next program.
async fn states(place: &Path) -> Vec<KeptState> {
    told(place, Vec::new()).await.queue.iter().map(|item| item.state).collect()
}

#[tokio::test]
async fn what_was_under_way_when_the_program_died_without_saying_so_is_told_from_the_rest() {
    let place = tempdir().unwrap();
    let items =
        [KeptState::Going, KeptState::Paused, KeptState::Failed, KeptState::Crashed].into_iter().zip(1..);
    let changes = items.map(|(state, nth)| (nth, Some(KeptItem { state, ..item(nth, &format!("h/{nth}")) })));
    told(place.path(), vec![StoreRequest::Queue(changes.collect())]).await;
    let in_order = [KeptState::Going, KeptState::Paused, KeptState::Failed, KeptState::Crashed];
    assert_eq!(states(place.path()).await, in_order);
    // One that owns the queue, and one that does not.
    let first = Keeper::sound(place.path());
    Keeper::sound(place.path()).end().await;
    drop(first);
    let crashed = [KeptState::Crashed, KeptState::Paused, KeptState::Failed, KeptState::Crashed];
    assert_eq!(states(place.path()).await, crashed);
    assert_eq!(states(place.path()).await, crashed, "though the last program came to its end in order");
}

#[tokio::test]
async fn the_queue_is_that_programs_which_opened_it_first_as_long_as_it_runs() {
    let place = tempdir().unwrap();
    let kept = |name: &str| StoreRequest::Queue(vec![(1, Some(item(1, name)))]);
    told(place.path(), vec![kept("h/before")]).await;
    let first = Keeper::sound(place.path());
    let second = Keeper::sound(place.path());
    assert_eq!((first.memory.queue.len(), second.memory.queue.len()), (1, 0), "nothing is begun twice");
    first.tell(kept("h/first"));
    second.tell(kept("h/second"));
    second.tell(StoreRequest::Partial(Box::new(partial(b"a"))));
    second.end().await;
    first.end().await;
    let memory = told(place.path(), Vec::new()).await;
    assert_eq!((memory.queue, memory.partials), (vec![item(1, "h/first")], vec![partial(b"a")]));
}

#[tokio::test]
async fn what_is_needed_to_go_on_is_known_until_it_is_not_needed_any_more() {
    let place = tempdir().unwrap();
    let (one, other) = (partial(b"a\xff/.."), partial(b"b"));
    let mut before = one.clone();
    before.partial.total = None;
    let requests = vec![before, one.clone(), other.clone()];
    let requests = requests.into_iter().map(|kept| StoreRequest::Partial(Box::new(kept))).collect();
    assert_eq!(told(place.path(), requests).await.partials, [one.clone(), other.clone()]);
    let drop = StoreRequest::DropPartial { source: one.source, to: one.to };
    assert_eq!(told(place.path(), vec![drop]).await.partials, [other]);
}

#[tokio::test]
async fn a_length_that_no_file_has_costs_nothing_else() {
    let place = tempdir().unwrap();
    let mut endless = partial(b"a");
    endless.partial.total = Some(u64::MAX);
    let mut huge = item(1, "h/a");
    (huge.size, huge.here) = (Some(u64::MAX), u64::MAX);
    let requests = vec![StoreRequest::Partial(Box::new(endless)), StoreRequest::Queue(vec![(1, Some(huge))])];
    let memory = told(place.path(), requests).await;
    assert_eq!((memory.partials[0].partial.total, memory.queue[0].size), (None, None));
    assert_eq!(memory.queue[0].here, 0);
}

#[tokio::test]
async fn rows_that_make_no_sense_are_left_out_and_cost_no_other() {
    let place = tempdir().unwrap();
    let sound = item(1, "http://h/a");
    let kept = partial(b"a");
    told(
        place.path(),
        vec![
            StoreRequest::Queue(vec![(1, Some(sound.clone()))]),
            StoreRequest::Partial(Box::new(kept.clone())),
        ],
    )
    .await;
    let file = Connection::open(place.path().join("hobnob.db")).unwrap();
    let rows = [
        "'gopher://h:1/a', '/d/a', 1, 'ask', NULL, ''",
        "'http://h', '/d/a', 1, 'ask', NULL, ''",
        "'http://h:80/a', 'relative', 1, 'ask', NULL, ''",
        "'http://h:80/a', '/d/../../etc/passwd', 1, 'ask', NULL, ''",
        "'http://h:80/a', '/', 1, 'ask', NULL, ''",
        "'http://h:80/a', '', 1, 'ask', NULL, ''",
        "'http://h:80/a', '/d/a', -1, 'ask', NULL, ''",
        "'http://h:80/a', '/d/a', 1, 'ask', 'md5:00', ''",
    ];
    for row in rows {
        let (source, rest) = row.split_once(", '").unwrap();
        let (target, rest) = rest.split_once("', ").unwrap();
        let sql = format!(
            "INSERT INTO transfer (source, target, size, conflict, checksum, sums, paused)
            VALUES ({source}, CAST('{target}' AS BLOB), {rest}, 0)"
        );
        file.execute_batch(&sql).unwrap();
    }
    file.execute_batch(
        "INSERT INTO transfer (place, source, target, conflict, sums, paused)
            VALUES (100, 'http://h:80/odd', CAST('/d/odd' AS BLOB), 'smash', 'nonsense', 2);
        INSERT INTO partial (source, target, validator) VALUES
            ('http://h:80/a', CAST('/d/a' AS BLOB), 'a' || char(13, 10) || 'Host: b'),
            ('http://h:80/a', CAST('../a' AS BLOB), NULL),
            ('', CAST('/d/a' AS BLOB), NULL);",
    )
    .unwrap();
    drop(file);
    let memory = told(place.path(), Vec::new()).await;
    let odd = memory.queue.last().unwrap();
    assert_eq!((memory.queue.len(), &memory.queue[0]), (2, &sound));
    assert_eq!((odd.place, odd.conflict, odd.sums.len()), (100, Conflict::Ask, 0));
    assert_eq!(memory.partials, [kept]);
}

#[tokio::test]
async fn a_file_of_the_first_version_gets_room_for_downloads_and_keeps_its_messages() {
    let place = tempdir().unwrap();
    let mut keeper = Keeper::sound(place.path());
    keeper.receive(lin(), "kept").await;
    keeper.end().await;
    let file = Connection::open(place.path().join("hobnob.db")).unwrap();
    file.execute_batch("DROP TABLE transfer; DROP TABLE partial; PRAGMA user_version = 1").unwrap();
    drop(file);
    let memory = told(place.path(), vec![StoreRequest::Queue(vec![(1, Some(item(1, "h/a")))])]).await;
    assert_eq!((memory.queue, memory.known.len()), (vec![item(1, "h/a")], 1));
}
