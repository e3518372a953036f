//! The chat's port, and the network of this machine.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::report::{Finding, Topic};
use crate::cli::{Context, Socket};
use crate::event::system_words;
use crate::locale::{DoctorWords, Words, fill};
use crate::net::Port;
use crate::net::chat::{self, BindError, Sockets};
use crate::net::probe::listeners::{self, Listener, Protocol};
use crate::net::probe::{self, Interface};
use crate::text::size::bytes;

/// The name that our own program goes by.
const OURSELVES: &str = env!("CARGO_PKG_NAME");

/// The port that the chat would listen on.
pub(super) fn port(context: &Context, socket: &Socket) -> Port {
    socket.port.map_or(context.config.port, Port::Required)
}

/// Whether the chat could listen where it would.
pub(super) fn ports(context: &Context, socket: &Socket) -> Vec<Finding> {
    let port = port(context, socket);
    let addresses = socket.addresses(&context.config);
    let others = addresses.len() > 1;
    let mut findings = Vec::new();
    let mut free = None;
    for address in addresses {
        match chat::bind(&[address], Port::Required(port.number())) {
            Ok(sockets) => {
                let values = [("port", &*sockets.port().to_string()), ("address", &*address.to_string())];
                findings.push(Topic::Port.ok(fill(&context.words.doctor.free, &values)));
                free = Some(sockets);
            }
            Err(error) => findings.push(not_free(&context.words.doctor, port, address, others, &error)),
        }
    }
    findings.extend(free.and_then(|sockets| buffer(&context.words.doctor, &sockets)));
    findings
}

fn not_free(words: &DoctorWords, port: Port, address: IpAddr, others: bool, error: &BindError) -> Finding {
    let number = port.number().to_string();
    let shown = address.to_string();
    let say = |sentence: &str, name: &str, value: &str| {
        fill(sentence, &[("port", &number), ("address", &shown), (name, value)])
    };
    match error {
        BindError::Taken(_) => {
            let holder = holder(port.number(), address);
            let owner = holder.as_ref().map_or_else(|| words.somebody.clone(), |holder| owner(words, holder));
            let found = say(&words.taken, "owner", &owner);
            let ours = holder.and_then(|holder| holder.program).is_some_and(|(_, name)| &*name == OURSELVES);
            match port {
                _ if ours => Topic::Port.finding_of(port, found, words.running.clone()),
                Port::Required(_) => Topic::Port.broken(found, Some(words.close_it.clone())),
                Port::Preferred(_) => Topic::Port.warning(found, words.taken_other.clone()),
            }
        }
        BindError::Forbidden(_) => {
            let found = say(&words.forbidden, "", "");
            Topic::Port.finding_of(port, found, words.close_it.clone())
        }
        BindError::Failed(..) if others && address == IpAddr::V6(Ipv6Addr::UNSPECIFIED) => {
            Topic::Port.ok(say(&words.no_family, "", ""))
        }
        BindError::Failed(_, error) => {
            Topic::Port.broken(say(&words.failed, "reason", &system_words(error)), None)
        }
    }
}

impl Topic {
    /// Bad for who asked for just this port, and not so bad for who did not.
    fn finding_of(self, port: Port, found: String, advice: String) -> Finding {
        match port {
            Port::Required(_) => self.broken(found, Some(advice)),
            Port::Preferred(_) => self.warning(found, advice),
        }
    }
}

/// Who has the port, where that may be known.
fn holder(port: u16, address: IpAddr) -> Option<Listener> {
    let mut all = listeners::on_port(Protocol::Udp, port).ok()?;
    let in_the_way = |listener: &Listener| {
        let ip = listener.address.ip();
        ip == address || ip.is_unspecified() || address.is_unspecified() && ip.is_ipv4() == address.is_ipv4()
    };
    all.retain(in_the_way);
    (!all.is_empty()).then(|| all.remove(0))
}

/// Whose socket it is.
pub(super) fn owner(words: &DoctorWords, listener: &Listener) -> String {
    match &listener.program {
        Some((process, name)) => {
            fill(&words.program, &[("name", &**name), ("process", &process.to_string())])
        }
        None => fill(&words.user, &[("user", &listener.user.to_string())]),
    }
}

fn buffer(words: &DoctorWords, sockets: &Sockets) -> Option<Finding> {
    let (asked, got) = sockets.receive_buffers().ok()?;
    let size = bytes(got as u64);
    Some(if got < asked {
        let found = fill(&words.small_buffer, &[("size", &size), ("asked", &bytes(asked as u64))]);
        Topic::Port.warning(found, fill(&words.more_buffer, &[("asked", &asked.to_string())]))
    } else {
        Topic::Port.ok(fill(&words.buffer, &[("size", &size)]))
    })
}

/// This machine's addresses, and whether it can talk to itself.
pub(super) fn own(words: &Words) -> Vec<Finding> {
    let words = &words.doctor;
    let interfaces = probe::interfaces();
    let mut findings: Vec<Finding> =
        interfaces.iter().map(|one| Topic::Network.ok(interface(words, one))).collect();
    if interfaces.iter().all(|one| one.loopback) {
        findings.push(Topic::Network.warning(words.alone.clone(), words.plug_in.clone()));
    }
    let mut loopback = vec![IpAddr::V4(Ipv4Addr::LOCALHOST)];
    // A machine may have no IPv6.
    loopback.extend(interfaces.iter().map(|one| one.address).filter(|own| *own == Ipv6Addr::LOCALHOST));
    for address in loopback {
        let shown = address.to_string();
        findings.push(match probe::round_trip(address) {
            Ok(()) => Topic::Network.ok(fill(&words.comes_back, &[("address", &shown)])),
            Err(error) => {
                let found = fill(&words.lost, &[("address", &shown), ("reason", &system_words(&error))]);
                Topic::Network.broken(found, Some(words.own_firewall.clone()))
            }
        });
    }
    findings
}

fn interface(words: &DoctorWords, interface: &Interface) -> String {
    let Interface { name, address, broadcast, .. } = interface;
    let address = address.to_string();
    match broadcast {
        None => fill(&words.interface, &[("name", name), ("address", &address)]),
        Some(broadcast) => {
            let values = [("name", &**name), ("address", &address), ("broadcast", &broadcast.to_string())];
            fill(&words.broadcast, &values)
        }
    }
}
