//! Firewalls of this machine, as far as can be seen without more rights.

use std::path::Path;

use super::network;
use super::report::{Finding, Topic};
use crate::cli::{Context, Socket};
use crate::locale::fill;
use crate::net::probe::firewall::{Activity, Firewall, firewalls};

/// What is there, and how to let the chat through.
pub(super) fn look(context: &Context, socket: &Socket) -> Vec<Finding> {
    let words = &context.words.doctor;
    let port = network::port(context, socket).number().to_string();
    let found = firewalls(Path::new("/"));
    if found.is_empty() {
        return vec![Topic::Firewall.ok(words.no_firewall.clone())];
    }
    let finding = |(firewall, activity)| {
        let (name, command) = match firewall {
            Firewall::Ufw => ("ufw", &words.allow_ufw),
            Firewall::Firewalld => ("firewalld", &words.allow_firewalld),
            Firewall::Nftables => ("nftables", &words.see_nft),
            Firewall::Iptables => ("iptables", &words.see_iptables),
        };
        let say = |sentence: &str| fill(sentence, &[("name", name)]);
        let command = fill(command, &[("port", &*port)]);
        match activity {
            Activity::On => Topic::Firewall.warning(say(&words.firewall_on), command),
            Activity::Off => Topic::Firewall.ok(say(&words.firewall_off)),
            Activity::Unknown => {
                let found = Topic::Firewall.ok(say(&words.firewall_unknown));
                Finding { advice: Some(command), ..found }
            }
        }
    };
    found.into_iter().map(finding).collect()
}
