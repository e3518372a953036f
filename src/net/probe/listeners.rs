//! Who listens on which port of this machine, as far as the system tells without being asked for more rights: Linux does,
//! in `/proc`. Elsewhere nobody is known.

use std::fs;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;

use crate::text::{Clean, clean_line};

/// The state of a TCP socket that listens, and of a UDP socket that is bound and has no peer.
const LISTENING: [(&str, &str); 2] = [("tcp", "0A"), ("udp", "07")];

/// A protocol with ports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// RFC 9293
    Tcp,
    /// RFC 768
    Udp,
}

/// A socket that listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listener {
    /// Where.
    pub address: SocketAddr,
    /// The number of the user that opened it.
    pub user: u32,
    /// The program that has it, where that may be known: its process and its name.
    pub program: Option<(u32, Clean)>,
}

impl Listener {
    /// Whether what is sent to this address comes to it.
    #[must_use]
    pub fn hears(&self, address: SocketAddr) -> bool {
        let own = self.address.ip();
        // Sockets for all of IPv6 mostly are for all of IPv4 as well.
        let all = own.is_unspecified() && (own.is_ipv6() || address.is_ipv4());
        self.address.port() == address.port() && (all || own == address.ip())
    }
}

/// All sockets that listen on this port, those of known programs first.
///
/// # Errors
///
/// Where the system does not say.
pub fn on_port(protocol: Protocol, port: u16) -> io::Result<Vec<Listener>> {
    let (name, state) = LISTENING[usize::from(protocol == Protocol::Udp)];
    let mut rows = table(&fs::read_to_string(format!("/proc/net/{name}"))?, state);
    // A machine may have no IPv6.
    rows.extend(table(&fs::read_to_string(format!("/proc/net/{name}6")).unwrap_or_default(), state));
    rows.retain(|row| row.address.port() == port);
    let mut listeners: Vec<Listener> = rows
        .into_iter()
        .map(|Row { address, user, inode }| Listener { address, user, program: program(inode) })
        .collect();
    listeners.sort_by_key(|listener| listener.program.is_none());
    Ok(listeners)
}

struct Row {
    address: SocketAddr,
    user: u32,
    inode: u64,
}

/// The sockets in this state of a table such as `/proc/net/udp` (proc(5)).
fn table(text: &str, wanted: &str) -> Vec<Row> {
    let row = |line: &str| {
        let columns: Vec<&str> = line.split_whitespace().collect();
        let [_, local, _, state, _, _, _, user, _, inode, ..] = columns[..] else { return None };
        let (address, port) = local.split_once(':')?;
        let address = SocketAddr::new(read_address(address)?, u16::from_str_radix(port, 16).ok()?);
        let row = Row { address, user: user.parse().ok()?, inode: inode.parse().ok()? };
        (state == wanted).then_some(row)
    };
    text.lines().skip(1).filter_map(row).collect()
}

/// The bytes of an address stand there as numbers of four bytes each, in the machine's own order.
fn read_address(hex: &str) -> Option<IpAddr> {
    let words = hex.as_bytes().chunks(8).map(|word| {
        let number = u32::from_str_radix(str::from_utf8(word).ok()?, 16).ok()?;
        Some(number.to_ne_bytes())
    });
    let bytes = words.collect::<Option<Vec<[u8; 4]>>>()?.concat();
    match bytes.len() {
        4 => Some(Ipv4Addr::from(<[u8; 4]>::try_from(bytes).ok()?).into()),
        16 => Some(Ipv6Addr::from(<[u8; 16]>::try_from(bytes).ok()?).to_canonical()),
        _ => None,
    }
}

/// The process that has this socket open; none where it is somebody else's.
fn program(inode: u64) -> Option<(u32, Clean)> {
    let socket = format!("socket:[{inode}]");
    let has = |process: &Path| {
        let open = fs::read_dir(process.join("fd")).into_iter().flatten().flatten();
        open.into_iter().any(|file| fs::read_link(file.path()).is_ok_and(|link| link.as_os_str() == &*socket))
    };
    let processes = fs::read_dir("/proc").ok()?.flatten();
    processes.into_iter().find_map(|process| {
        let number = process.file_name().to_str()?.parse().ok()?;
        if !has(&process.path()) {
            return None;
        }
        let name = fs::read(process.path().join("comm")).ok()?;
        Some((number, clean_line(name.trim_ascii_end())))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_endian = "little")]
    fn the_tables_of_linux_are_read() {
        let text = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n\
            1: 0100007F:1ED2 00000000:0000 07 00000000:00000000 00:00000000 00000000  1000        0 646712 2 0 0\n\
            2: 0100007F:1ED2 0100007F:0035 01 00000000:00000000 00:00000000 00000000  1000        0 646713 2 0 0\n\
            3: 00000000000000000000000001000000:1ED3 00000000000000000000000000000000:0000 07 0:0 00:0 0 5 0 9 2 0 0\n\
            4: nonsense\n";
        let rows: Vec<_> =
            table(text, "07").iter().map(|row| (row.address.to_string(), row.user, row.inode)).collect();
        assert_eq!(rows, [("127.0.0.1:7890".to_owned(), 1000, 646_712), ("[::1]:7891".to_owned(), 5, 9)]);
    }

    #[test]
    fn a_socket_for_all_addresses_hears_what_goes_to_each() {
        let on = |address: &str| Listener { address: address.parse().unwrap(), user: 0, program: None };
        let to = |address: &str| address.parse().unwrap();
        assert!(on("0.0.0.0:7").hears(to("127.0.0.1:7")) && on("127.0.0.1:7").hears(to("127.0.0.1:7")));
        assert!(on("[::]:7").hears(to("127.0.0.1:7")) && on("[::]:7").hears(to("[::1]:7")));
        assert!(!on("0.0.0.0:7").hears(to("[::1]:7")) && !on("0.0.0.0:7").hears(to("127.0.0.1:8")));
        assert!(!on("127.0.0.2:7").hears(to("127.0.0.1:7")));
    }
}
