//! Who is told who we are.

use hobnob::event::Fault;
use hobnob::wire::credentials::Credentials;

use super::{ask, get, moved};
use crate::support::lasting::{Act, Heard, Lasting};
use crate::support::program::Program;
use crate::support::server::{Server, client, ok};

const BASIC: &str = "Basic bWU6c2VjcmV0";

fn me() -> Credentials {
    Credentials::new("me".into(), "secret".into()).unwrap()
}

/// Wants to know who asks.
fn guarded(heard: &Heard) -> Act {
    Act::Keep(if heard.field("authorization") == Some(BASIC) {
        ok("text/plain", "hello")
    } else {
        "HTTP/1.1 401 Who\r\nWWW-Authenticate: Basic realm=\"the files\"\r\nContent-Length: 3\r\n\r\nwho"
            .into()
    })
}

#[tokio::test]
async fn a_server_that_wants_to_know_who_asks_is_told_from_one_that_refuses() {
    let server = Lasting::new(guarded);
    let client = client();
    let source = server.source("http://", "/a");
    let wanted = |realm: &str| {
        let realm = hobnob::text::clean_line(realm.as_bytes());
        Err(Fault::Unauthorized { origin: Box::new(source.origin()), realm })
    };
    assert_eq!(get(&client, &source).await, wanted("the files"));
    // Also where it was told, and does not accept it.
    let wrong = Credentials::new("me".into(), "wrong".into()).unwrap();
    client.authorize(source.origin(), Some(&wrong));
    assert_eq!(get(&client, &source).await, wanted("the files"));
    client.authorize(source.origin(), Some(&me()));
    assert_eq!(get(&client, &source).await.unwrap(), "hello");
    client.authorize(source.origin(), None);
    assert_eq!(get(&client, &source).await, wanted("the files"));
    assert_eq!(server.heard(), ["1 GET /a"; 4]);
}

#[tokio::test]
async fn what_is_wanted_in_a_way_that_we_do_not_know_is_a_refusal() {
    let server = Server::sending(
        "HTTP/1.1 401 Who\r\nWWW-Authenticate: Digest realm=\"r\", nonce=\"n\"\r\nContent-Length: 0\r\n\r\n",
    );
    let answer = ask(&client(), &server.source("http://", "/a")).await.unwrap();
    assert_eq!(answer.refusal().await, Fault::Status(401));
}

#[tokio::test]
async fn a_server_that_knows_us_is_told_at_once_and_no_other_is() {
    let (known, other) = (Lasting::new(guarded), Lasting::new(guarded));
    let client = client();
    let source = known.source("http://", "/a");
    client.authorize(source.origin(), Some(&me()));
    assert_eq!(get(&client, &source).await.unwrap(), "hello");
    assert_eq!(get(&client, &known.source("", "/b")).await.unwrap(), "hello");
    assert_eq!(known.heard().len(), 2);
    // Another port of the same machine, and another name of the same port.
    assert!(get(&client, &other.source("http://", "/a")).await.is_err());
    let mut named = source.clone();
    named.endpoint.host = hobnob::wire::address::Host::Name("localhost".into());
    assert!(get(&client, &named).await.is_err());
    assert!([known.heads(), other.heads()].concat().iter().all(|head| !head.contains("authorization")));
}

#[tokio::test]
async fn a_redirect_takes_no_credentials_to_another_server_and_leads_back_with_them() {
    let there = Lasting::new(|heard| {
        let back = heard.path().strip_prefix("/back-to/").map(|address| format!("http://{address}/home"));
        Act::Keep(back.map_or_else(|| ok("text/plain", "there"), |back| moved(307, &back)))
    });
    let address = there.address;
    let here = Lasting::new(move |heard| {
        Act::Keep(match heard.path() {
            "/away" => moved(302, &format!("http://{address}/")),
            "/round" => moved(302, &format!("http://{address}/back-to/{}", heard.field("host").unwrap())),
            _ => ok("text/plain", "home"),
        })
    });
    let client = client();
    client.authorize(here.source("http://", "/").origin(), Some(&me()));
    assert_eq!(get(&client, &here.source("http://", "/away")).await.unwrap(), "there");
    assert_eq!(get(&client, &here.source("http://", "/round")).await.unwrap(), "home");
    let told = |head: &String| head.contains(BASIC);
    assert_eq!(here.heads().iter().map(told).collect::<Vec<_>>(), [true, true, true]);
    assert_eq!(there.heads().iter().map(told).collect::<Vec<_>>(), [false, false]);
}

#[tokio::test]
async fn the_server_that_wants_to_know_may_be_another_than_was_asked() {
    let there = Lasting::new(guarded);
    let address = there.address;
    let here = Lasting::new(move |_| Act::Keep(moved(302, &format!("http://{address}/b"))));
    let ended = get(&client(), &here.source("http://", "/a")).await;
    let Err(Fault::Unauthorized { origin, .. }) = ended else { panic!("{ended:?}") };
    assert_eq!(*origin, there.source("http://", "/").origin());
}

#[test]
fn on_the_command_line_they_stand_in_the_url_and_nowhere_else() {
    let server = Lasting::new(guarded);
    let run = |command: &[&str], who: &str, path: &str| {
        let source = format!("http://{who}{}{path}", server.address);
        Program::new(&[command, &[&source]].concat()).run()
    };
    let outcome = run(&["get", "-o", "-"], "me:secret@", "/a");
    assert_eq!((outcome.code, &*outcome.stdout, &*outcome.stderr), (Some(0), "hello", ""));
    // The file is no list, but it is not refused either.
    let outcome = run(&["ls"], "me:secret@", "/a");
    assert!(outcome.stderr.contains("that is a file"), "{}", outcome.stderr);
    for (command, who, path, code, said) in [
        (&["get", "-o", "-"][..], "", "/a", 1, "wants a user name and password for “the files”"),
        (&["get", "-o", "-"], "me:wrong@", "/a", 1, "wants a user name and password for “the files”"),
        (&["ls"], "me:wrong@", "/", 1, "wants a user name and password for “the files”"),
        (&["get"], "me:wrong@", "/", 2, "which file?"),
        (&["get"], "me%3A:wrong@", "/a", 2, "http://user:password@host/"),
    ] {
        let outcome = run(command, who, path);
        assert_eq!((outcome.code, &*outcome.stdout), (Some(code), ""), "{who}");
        assert!(outcome.stderr.contains(said), "{}", outcome.stderr);
        assert!(!outcome.stderr.contains("wrong"), "{}", outcome.stderr);
    }
}
