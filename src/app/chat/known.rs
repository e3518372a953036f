//! What the user can type for a peer beside its address: the names that the user gave, and the beginnings of whatever is
//! known.

use std::collections::HashSet;

use super::Chat;
use crate::app::Turn;
use crate::effect::Recent;
use crate::wire::address::{Endpoint, Host};
use crate::wire::peer::{EVERYONE, Peer};

impl Chat {
    /// The peer that the user gave this name, with or without the port behind it. Of several, the one that stands first
    /// in the list. A name that has to be looked up may have another address by now, and is none of these.
    pub(super) fn called(&self, typed: &str) -> Option<Peer> {
        let wanted = typed.to_lowercase();
        let fits = |at: &usize| {
            let open = &self.conversations[*at];
            let name = open.name().filter(|_| open.contact.named).map(|name| name.to_lowercase());
            name.is_some_and(|name| wanted == name || wanted == format!("{name}:{}", open.peer().port()))
        };
        self.order().find(fits).map(|at| self.conversations[at].peer())
    }

    /// All that an address can be completed to: names and addresses of peers in the order in which they are shown, then
    /// what was typed before, and everyone.
    fn completions(&self, recent: &Recent) -> Vec<String> {
        let shown = || self.order().map(|at| &self.conversations[at]);
        let names = shown().filter_map(|open| {
            let name = open.name()?.to_string();
            // One that the user did not give has to be looked up, at the port that was meant.
            let endpoint = Endpoint { host: Host::Name(name.clone()), port: open.peer().port() };
            Some(if open.contact.named { name } else { endpoint.to_string() })
        });
        let addresses = shown().map(|open| open.peer().to_string());
        let typed = recent.peers().iter().map(ToString::to_string);
        let mut seen = HashSet::new();
        let all = names.chain(addresses).chain(typed).chain([EVERYONE.to_owned()]);
        all.filter(|text| seen.insert(text.clone())).collect()
    }

    /// What would be put behind the address that is being typed.
    #[must_use]
    pub fn completion(&self, recent: &Recent) -> Option<String> {
        let known = self.completions(recent);
        self.bar.rest(known.iter().map(String::as_str)).map(str::to_owned)
    }

    /// Completes the address that is being typed; `false` where nothing is known that begins like it, or nothing else.
    pub(in crate::app) fn complete(&mut self, turn: &mut Turn<'_>) -> bool {
        let known = self.completions(turn.recent);
        let completed = self.bar.complete(&known);
        if completed {
            self.cancel_resolving(turn);
        }
        completed
    }
}
