//! The way to a peer, as far as it can be known without sending anything.

use std::net::SocketAddr;

use super::network::owner;
use super::report::{Finding, Topic};
use crate::cli::Context;
use crate::event::{Fault, system_words};
use crate::locale::{DoctorWords, fill};
use crate::net::probe::listeners::{self, Protocol};
use crate::net::{interfaces, probe, resolve};
use crate::view::wording;
use crate::wire::address::{Endpoint, Host};
use crate::wire::peer::Peer;

/// What its name means, from where it is reached, and who listens there if that is here.
pub(super) async fn look(context: &Context, peer: &Endpoint) -> Vec<Finding> {
    let words = &context.words.doctor;
    if matches!(Peer::literal(peer), Some(Peer::Broadcast(_))) {
        return everyone(words);
    }
    let addresses = match resolve::resolve(peer, context.config.timeouts.resolve).await {
        Ok(addresses) => addresses,
        Err(fault) => {
            let reason = wording::fault(&context.words, &fault);
            return vec![Topic::Peer.broken(format!("{}: {reason}", peer.host.shown()), None)];
        }
    };
    let mut findings = Vec::new();
    if let Host::Name(_) = peer.host {
        let shown: Vec<String> = addresses.iter().map(|address| address.ip().to_string()).collect();
        let values = [("name", &*peer.host.shown()), ("addresses", &*shown.join(", "))];
        findings.push(Topic::Peer.ok(fill(&words.resolved, &values)));
    }
    findings.extend(addresses.into_iter().flat_map(|address| way(context, address)));
    findings
}

fn everyone(words: &DoctorWords) -> Vec<Finding> {
    let mut findings: Vec<Finding> = interfaces::networks()
        .into_iter()
        .map(|network| {
            let values = [("own", &*network.own.to_string()), ("address", &*network.broadcast.to_string())];
            Topic::Peer.ok(fill(&words.everyone, &values))
        })
        .collect();
    if findings.is_empty() {
        findings.push(Topic::Peer.broken(words.no_network.clone(), Some(words.plug_in.clone())));
    }
    findings
}

fn way(context: &Context, address: SocketAddr) -> Vec<Finding> {
    let words = &context.words.doctor;
    let shown = address.to_string();
    let own = match probe::way_to(address) {
        Ok(own) => own,
        Err(error) => {
            let reason = wording::fault(&context.words, &Fault::from_network(&error));
            return vec![Topic::Peer.broken(format!("{shown}: {reason}"), None)];
        }
    };
    let values = [("address", &*shown), ("own", &*own.to_string())];
    let mut findings = vec![Topic::Peer.ok(fill(&words.reached_from, &values))];
    let is_here =
        address.ip().is_loopback() || probe::interfaces().iter().any(|one| one.address == address.ip());
    if !is_here {
        findings.push(Topic::Peer.ok(fill(&words.unknowable, &[("address", &*shown)])));
        return findings;
    }
    for (protocol, name) in [(Protocol::Udp, "UDP"), (Protocol::Tcp, "TCP")] {
        findings.push(listening(words, address, protocol, name));
    }
    findings
}

/// Who listens at an address of this machine. A chat without a file server is fine.
fn listening(words: &DoctorWords, address: SocketAddr, protocol: Protocol, name: &str) -> Finding {
    let port = address.port().to_string();
    let all = match listeners::on_port(protocol, address.port()) {
        Ok(all) => all,
        Err(error) => {
            let found = fill(&words.unknown_here, &[("address", &*format!("{address} ({name})"))]);
            return Topic::Peer.warning(found, system_words(&error).to_string());
        }
    };
    if let Some(one) = all.iter().find(|one| one.hears(address)) {
        let values = [("protocol", name), ("port", &*port), ("owner", &*owner(words, one))];
        Topic::Peer.ok(fill(&words.listens, &values))
    } else {
        let found = fill(&words.nobody_listens, &[("protocol", name), ("port", &*port)]);
        match protocol {
            Protocol::Udp => Topic::Peer.warning(found, words.start_it.clone()),
            Protocol::Tcp => Topic::Peer.ok(found),
        }
    }
}
