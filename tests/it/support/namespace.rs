//! Networks that nobody else is on: namespaces of our own, joined by cables that lead nowhere else. Where the system
//! gives us none, a test says so and does nothing.

use std::fs::File;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Instant;

use nix::ifaddrs::getifaddrs;
use nix::net::if_::InterfaceFlags;
use nix::sched::{CloneFlags, setns};

use super::peer::PATIENCE;

/// A network namespace (`ip-netns(8)`): gone when it goes out of scope.
pub(crate) struct Namespace {
    name: String,
}

impl Namespace {
    /// Several of them, not joined yet.
    pub(crate) fn several<const N: usize>() -> Option<[Self; N]> {
        let made: Vec<_> = (0..N).map_while(|_| Self::new()).collect();
        made.try_into().ok()
    }

    fn new() -> Option<Self> {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let name = format!("hobnob-test-{}-{number}", std::process::id());
        let made = Command::new("ip").args(["netns", "add", &name]).output();
        match made {
            Ok(output) if output.status.success() => Some(Self { name }),
            Ok(output) => {
                println!("not tried: {}", String::from_utf8_lossy(&output.stderr).trim());
                None
            }
            Err(error) => {
                println!("not tried: no program `ip`: {error}");
                None
            }
        }
    }

    /// A cable from here to there, with these addresses (`192.0.2.1/24`) at its ends; it carries when this returns.
    pub(crate) fn join(&self, own: &str, other: &Self, others: &str) {
        let (near, far) = (format!("to{}", other.number()), format!("to{}", self.number()));
        ip(&["-n", &self.name, "link", "add", &near, "type", "veth", "peer", &far, "netns", &other.name]);
        for (namespace, cable, address) in [(self, &near, own), (other, &far, others)] {
            ip(&["-n", &namespace.name, "address", "add", address, "broadcast", "+", "dev", cable]);
            ip(&["-n", &namespace.name, "link", "set", cable, "up"]);
        }
        for (namespace, cable) in [(self, &near), (other, &far)] {
            namespace.inside(|| wait_until_it_carries(cable));
        }
    }

    fn number(&self) -> &str {
        self.name.rsplit('-').next().unwrap()
    }

    /// Does something on a thread that is in the namespace; sockets that are made there stay in it.
    pub(crate) fn inside<T: Send>(&self, what: impl FnOnce() -> T + Send) -> T {
        let namespace = File::open(format!("/run/netns/{}", self.name)).unwrap();
        thread::scope(|scope| {
            let entered = scope.spawn(move || {
                setns(namespace, CloneFlags::CLONE_NEWNET).unwrap();
                what()
            });
            entered.join().unwrap()
        })
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        ip(&["netns", "del", &self.name]);
    }
}

fn ip(arguments: &[&str]) {
    let output = Command::new("ip").args(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

#[expect(clippy::disallowed_methods, reason = "a cable that never carries must not hold the tests up")]
fn wait_until_it_carries(cable: &str) {
    let begin = Instant::now();
    let carries = || {
        let mut interfaces = getifaddrs().unwrap();
        interfaces.any(|interface| {
            interface.interface_name == cable && interface.flags.contains(InterfaceFlags::IFF_RUNNING)
        })
    };
    while !carries() {
        assert!(begin.elapsed() < PATIENCE, "{cable} never carries");
        thread::yield_now();
    }
}
