//! What the parts of the state share while they deal with an event. Lasts no longer than that.

use super::Notice;
use super::keys::Keymap;
use super::queue::World;
use crate::effect::{Change, Effect, NotifySettings, Recent, StoreRequest};
use crate::event::{MessageId, Now, RequestId, ShareId, Size, TransferId};
use crate::wire::address::Endpoint;
use crate::wire::peer::Peer;
use crate::wire::source::Origin;

/// What the parts of the state need while they deal with an event.
pub(crate) struct Turn<'a> {
    pub(super) now: &'a Now,
    /// What the tab has of the screen.
    pub(super) size: Size,
    pub(super) keymap: &'a Keymap,
    pub(super) ids: &'a mut Ids,
    pub(super) notice: &'a mut Option<Notice>,
    pub(super) recent: &'a mut Recent,
    /// Whether the user has the conversation in front before the eyes.
    pub(super) watching: bool,
    /// How a user who is not looking is told.
    pub(super) notify: NotifySettings,
    /// What was said until the key that is looked at now.
    pub(super) said: Option<Notice>,
    pub(super) out: &'a mut Vec<Effect>,
}

impl Turn<'_> {
    /// The peer of whom it was said, until the key that is looked at now, that it sends too much.
    pub(super) fn noisy(&self) -> Option<Peer> {
        if let Some(Notice::Noisy(peer)) = self.said { Some(peer) } else { None }
    }

    /// The peer of whom it was said, until the key that is looked at now, that it is blocked.
    pub(super) fn blocked(&self) -> Option<Peer> {
        if let Some(Notice::Blocked(peer, true)) = self.said { Some(peer) } else { None }
    }

    /// Remembers something. What is known already needs not be kept once more.
    pub(super) fn remember(&mut self, change: Change) {
        if self.recent.change(&change) {
            self.out.push(Effect::Store(StoreRequest::Recent(change)));
        }
    }

    /// Another program remembers something, which is kept already.
    pub(super) fn learn(&mut self, change: &Change) {
        match change {
            Change::NoServer(server) => self.deny(server),
            Change::Credentials(origin, credentials) => {
                let (origin, credentials) = (origin.clone(), credentials.clone());
                self.out.push(Effect::Authorize { origin, credentials });
            }
            Change::Server(_)
            | Change::Folder(_)
            | Change::Name(_)
            | Change::Peer(_)
            | Change::Shared(_)
            | Change::Bookmark(_)
            | Change::NoBookmark(_)
            | Change::NoFolder(_)
            | Change::NoPeers(_) => {}
        }
        self.recent.change(change);
    }

    /// No credentials that are remembered go to this server any more.
    pub(super) fn deny(&mut self, server: &Endpoint) {
        let known = self.recent.credentials().iter().filter(|(origin, _)| origin.endpoint == *server);
        let nobody =
            |(origin, _): &(Origin, _)| Effect::Authorize { origin: origin.clone(), credentials: None };
        self.out.extend(known.map(nobody));
    }

    /// What the downloads need of it.
    pub(super) fn world(&mut self) -> World<'_> {
        World { now: self.now.instant, ids: self.ids, out: self.out }
    }
}

/// The numbers for what is asked of the world. None is used twice.
#[derive(Debug, Clone, Default)]
pub struct Ids {
    last: u64,
}

impl Ids {
    fn next(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    /// For a message.
    pub fn message(&mut self) -> MessageId {
        MessageId(self.next())
    }

    /// For a question.
    pub fn request(&mut self) -> RequestId {
        RequestId(self.next())
    }

    /// For a folder that is shared.
    pub fn share(&mut self) -> ShareId {
        ShareId(self.next())
    }

    /// For a download.
    pub fn transfer(&mut self) -> TransferId {
        TransferId(self.next())
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;
    use std::path::PathBuf;
    use std::time::{Duration, Instant};

    use jiff::Timestamp;
    use jiff::tz::TimeZone;

    use super::*;
    use crate::app::conversation::Conversation;
    use crate::app::files::Place;
    use crate::app::overlay::{GoTo, Goal, Overlay};
    use crate::app::queue::QueueSettings;
    use crate::app::{Me, State, Tab};
    use crate::effect::{Conflict, Partial};
    use crate::event::{
        BrowseEvent, ChatEvent, Datagram, Event, Fault, Finished, Listing, StoreEvent, TransferEvent,
    };
    use crate::text::{Clean, clean_text};
    use crate::wire::Raw;
    use crate::wire::name::NamePolicy;
    use crate::wire::source::Source;

    /// One run of the program, from what was remembered before it.
    struct Run {
        before: Recent,
        state: State,
        now: Now,
        out: Vec<Effect>,
    }

    impl Run {
        #[expect(clippy::disallowed_methods, reason = "there is no other way to an instant")]
        fn new(recent: Recent) -> Self {
            let now = Now { instant: Instant::now(), wall: Timestamp::UNIX_EPOCH.to_zoned(TimeZone::UTC) };
            let nobody = Clean::default();
            let downloads = QueueSettings {
                names: NamePolicy::Exact,
                hidden: false,
                dir: "/x".into(),
                prefix: String::new(),
                conflict: Conflict::Ask,
                at_once: 1,
                rate: None,
            };
            let me = Me { name: nobody.clone(), address: address(7890), download_dir: nobody };
            let mut state = State::new(me, Keymap::preset().unwrap(), downloads, &now);
            state.recent = recent.clone();
            Self { before: recent, state, now, out: Vec::new() }
        }

        fn on(&mut self, event: Event) {
            self.state.update(&self.now, event, &mut self.out);
        }

        fn press(&mut self, key: &str) {
            self.on(Event::Key(key.parse().unwrap()));
        }

        fn open_peer(&mut self, typed: &str) {
            self.state.start_with_peer(typed, &self.now, &mut self.out);
        }

        fn open_server(&mut self, typed: &str) {
            self.state.start_with_server(Source::parse(typed).unwrap(), &self.now, &mut self.out);
            self.press("f3");
        }

        /// Types a name, and the server answers.
        fn fetch(&mut self, name: &str, answer: TransferEvent) {
            self.on(Event::Paste(name.to_owned()));
            self.press("enter");
            let Some(Effect::Fetch { id, .. }) = self.out.last() else { panic!("nothing was asked for") };
            self.on(Event::Transfer(*id, answer));
        }

        /// What was to be kept so far.
        fn kept(&self) -> Vec<&Change> {
            let mut kept = Vec::new();
            for effect in &self.out {
                if let Effect::Store(StoreRequest::Recent(change)) = effect {
                    kept.push(change);
                }
            }
            kept
        }

        /// The next run, which knows what this one knew and kept.
        fn restarted(&self) -> Self {
            let mut recent = self.before.clone();
            for change in self.kept() {
                recent.change(change);
            }
            Self::new(recent)
        }

        /// Where one can go, but for everyone: that is always among the goals.
        fn goals(&self) -> Vec<String> {
            let goals = GoTo::default().goals(&self.state.chat, &self.state.recent);
            let shown = goals.iter().map(|goal| match goal {
                Goal::Conversation(peer) => format!("open {}", self.state.chat.with(*peer).unwrap().title()),
                Goal::Peer(endpoint) | Goal::NewPeer(endpoint) => format!("peer {endpoint}"),
                Goal::Server(source) | Goal::NewServer(source) => format!("server {source}"),
                Goal::Folder(source) => format!("folder {source}"),
                Goal::Bookmark(source) => format!("★ {source}"),
            });
            shown.filter(|goal| goal != "peer everyone:7890").collect()
        }

        fn offered(&self) -> Vec<Vec<u8>> {
            let Place::Unlisted(server) = &self.state.files.place else { panic!("no plain server is open") };
            server.offered(&self.state.recent).into_iter().map(|(_, path)| path.name()).collect()
        }
    }

    fn address(port: u16) -> SocketAddr {
        ([127, 0, 0, 1], port).into()
    }

    fn started(bytes: u64) -> TransferEvent {
        let total = Some(bytes);
        let partial = Partial { validator: None, total };
        TransferEvent::Started {
            total,
            from: 0,
            anew: None,
            partial,
            sameness: crate::event::Sameness::Certain,
        }
    }

    fn finished() -> TransferEvent {
        let path = Some(PathBuf::from("/x"));
        TransferEvent::Finished(Finished {
            path,
            bytes: 1,
            took: Duration::from_secs(1),
            proofs: Vec::new(),
            is_page: false,
        })
    }

    #[test]
    fn after_a_restart_one_can_go_where_one_was_and_nothing_is_open() {
        let mut run = Run::new(Recent::default());
        run.open_peer("127.0.0.1:9");
        run.open_server("plain://box");
        assert_eq!(run.goals(), ["open 127.0.0.1:9", "server plain://box:7890/"]);
        let mut run = run.restarted();
        assert_eq!(run.goals(), ["peer 127.0.0.1:9", "server plain://box:7890/"]);
        assert!(run.state.chat.conversations.is_empty());
        run.press("f3");
        run.press("ctrl+g");
        assert!(matches!(run.state.overlay, Some(Overlay::GoTo(_))));
        run.press("enter");
        assert_eq!(run.state.tab, Tab::Chat);
        assert_eq!(run.state.chat.conversation().and_then(Conversation::address), Some(address(9)));
        assert_eq!(run.goals(), ["open 127.0.0.1:9", "server plain://box:7890/"]);
    }

    #[test]
    fn a_peer_is_remembered_by_its_name_once_the_name_has_an_address() {
        let mut run = Run::new(Recent::default());
        run.open_peer("lin.local");
        let Some(Effect::Resolve { request, .. }) = run.out.pop() else { panic!("nobody was asked") };
        assert!(run.kept().is_empty());
        run.on(Event::Resolved(request, Ok(vec![address(7890)])));
        assert_eq!(run.goals(), ["open lin.local"]);
        assert_eq!(run.restarted().goals(), ["peer lin.local:7890"]);
    }

    #[test]
    fn an_answer_belongs_to_what_was_asked_and_not_to_what_is_typed_meanwhile() {
        let mut run = Run::new(Recent::default());
        run.open_peer("slow.example");
        let Some(Effect::Resolve { request, .. }) = run.out.pop() else { panic!("nobody was asked") };
        run.press("ctrl+l");
        run.on(Event::Resolved(request, Ok(vec![address(7890)])));
        assert_eq!(run.goals(), ["open slow.example"]);

        run.open_peer("slower.example");
        let Some(Effect::Resolve { request, .. }) = run.out.pop() else { panic!("nobody was asked") };
        run.on(Event::Paste("0".into()));
        run.on(Event::Resolved(request, Ok(vec![([127, 0, 0, 2], 7890).into()])));
        assert_eq!(run.goals(), ["open slow.example"]);
    }

    #[test]
    fn a_whole_address_that_was_typed_is_meant_and_not_one_that_begins_like_it() {
        let mut run = Run::new(Recent::default());
        run.open_peer("127.0.0.77");
        run.press("ctrl+g");
        run.on(Event::Paste("127.0.0.7".into()));
        run.press("enter");
        assert_eq!(
            run.state.chat.conversation().map(|open| open.peer().to_string()).as_deref(),
            Some("127.0.0.7:7890")
        );
    }

    #[test]
    fn the_next_measurement_is_not_put_off_by_what_happens_before_it() {
        let mut run = Run::new(Recent::default());
        run.open_server("plain://box");
        run.fetch("a", started(10));
        // By then what is to be downloaded is to be kept.
        run.now.instant = run.state.deadline().unwrap();
        run.on(Event::Wake);
        let first = run.state.deadline().unwrap();
        run.now.instant += Duration::from_millis(500);
        run.on(Event::Focused(true));
        assert_eq!(run.state.deadline(), Some(first));
        run.now.instant = first;
        run.on(Event::Wake);
        assert_eq!(run.state.deadline(), Some(first + Duration::from_secs(1)));
    }

    #[test]
    fn a_stranger_is_not_remembered() {
        let mut run = Run::new(Recent::default());
        let text = clean_text(b"hello");
        let datagram = Datagram {
            from: address(9),
            at: Timestamp::UNIX_EPOCH,
            text,
            raw: Raw(b"hello"[..].into()),
            broadcast: false,
        };
        run.on(Event::Chat(ChatEvent::Received(datagram)));
        assert_eq!(run.goals(), ["open 127.0.0.1:9"]);
        assert!(run.kept().is_empty());
    }

    #[test]
    fn the_names_that_a_plain_server_had_are_offered_after_a_restart() {
        let mut run = Run::new(Recent::default());
        run.open_server("plain://box");
        run.fetch("a b.txt", finished());
        run.fetch("missing.txt", TransferEvent::Failed(Fault::NothingSent));
        run.fetch("讲义/一.pdf", finished());
        let names = ["讲义/一.pdf".as_bytes().to_vec(), b"a b.txt".to_vec()];
        assert_eq!(run.offered(), names);
        let mut run = run.restarted();
        run.open_server("plain://box");
        assert_eq!(run.offered(), names);
        run.open_server("plain://other");
        assert!(run.offered().is_empty());
    }

    #[test]
    fn the_folders_of_a_server_that_were_open_are_known_again() {
        let mut run = Run::new(Recent::default());
        for folder in ["http://box/", "http://box/a/", "http://box/a/b/"] {
            run.open_server(folder);
            let Some(Effect::Browse { request, source }) = run.out.pop() else { panic!("nobody was asked") };
            run.on(Event::Browse(
                request,
                BrowseEvent::Listed(Listing {
                    source,
                    entries: Vec::new(),
                    is_cut: false,
                    unlisted: crate::event::Unlisted::default(),
                }),
            ));
        }
        let goals = ["server http://box/", "folder http://box/a/b/", "folder http://box/a/"];
        assert_eq!(run.goals(), goals);
        assert_eq!(run.restarted().goals(), goals);
        run.press("b");
        assert_eq!(run.goals(), ["★ http://box/a/b/", "server http://box/", "folder http://box/a/"]);
        let mut run = run.restarted();
        assert_eq!(run.goals()[0], "★ http://box/a/b/");
        run.press("ctrl+g");
        run.press("down");
        for key in ["delete", "delete", "enter"] {
            run.press(key);
            assert_eq!(run.goals()[0], "★ http://box/a/b/", "it is asked, and {key} is no answer");
        }
        run.press("y");
        assert_eq!(run.goals(), ["server http://box/", "folder http://box/a/b/", "folder http://box/a/"]);
        run.press("delete");
        run.press("n");
        assert_eq!(run.goals().len(), 3);
        run.press("delete");
        run.press("y");
        assert_eq!(run.goals(), [""; 0]);
    }

    #[test]
    fn what_cannot_be_kept_is_said() {
        let mut run = Run::new(Recent::default());
        run.on(Event::Store(StoreEvent::Failed(Fault::DiskFull)));
        assert_eq!(run.state.notice, Some(Notice::NotRemembered(Fault::DiskFull)));
    }
}
