//! Which firewalls this machine may have, as far as its files tell without more rights. Runs no program, and cannot see
//! the rules themselves.

use std::fs;
use std::io;
use std::path::Path;

/// A firewall of Linux, by its usual name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Firewall {
    /// The one of Ubuntu.
    Ufw,
    /// The one of Fedora.
    Firewalld,
    /// The part of the system that both of them use.
    Nftables,
    /// The same in older systems.
    Iptables,
}

/// What is known of a firewall.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activity {
    /// It is on.
    On,
    /// It is there, and off.
    Off,
    /// It is there; whether it has any rules is told to nobody but root.
    Unknown,
}

/// The firewalls below `root`, which is `/` outside of tests.
#[must_use]
pub fn firewalls(root: &Path) -> Vec<(Firewall, Activity)> {
    let is_there = |path: &str| root.join(path).exists();
    let mut found = Vec::new();
    match fs::read_to_string(root.join("etc/ufw/ufw.conf")) {
        Ok(settings) => {
            let on = settings.lines().any(|line| line.trim().eq_ignore_ascii_case("ENABLED=yes"));
            found.push((Firewall::Ufw, if on { Activity::On } else { Activity::Off }));
        }
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            found.push((Firewall::Ufw, Activity::Unknown));
        }
        Err(_) => {}
    }
    if is_there("run/firewalld") {
        found.push((Firewall::Firewalld, Activity::On));
    } else if is_there("usr/sbin/firewalld") {
        found.push((Firewall::Firewalld, Activity::Off));
    }
    for (firewall, module) in [(Firewall::Nftables, "nf_tables"), (Firewall::Iptables, "iptable_filter")] {
        if is_there(&format!("sys/module/{module}")) {
            found.push((firewall, Activity::Unknown));
        }
    }
    found
}
