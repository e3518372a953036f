//! A stand-in for distance, where the system cannot make any: a relay on loopback that holds back what goes through it.
//! Unlike a long line it loses nothing and is as wide as loopback.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

/// A relay to `server` that each byte takes so long to pass, either way; its address. Who connects waits for a round
/// trip more, as for the handshake (RFC 9293, section 3.5).
pub(super) fn relay(server: SocketAddr, delay: Duration) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let address = listener.local_addr().expect("its address");
    thread::spawn(move || {
        for near in listener.incoming() {
            let (Ok(near), Ok(far)) = (near, TcpStream::connect(server)) else { continue };
            for stream in [&near, &far] {
                stream.set_nodelay(true).expect("an open stream");
            }
            let open = Instant::now() + 2 * delay;
            let (Ok(to_near), Ok(to_far)) = (near.try_clone(), far.try_clone()) else { continue };
            pass(near, to_far, delay, open);
            pass(far, to_near, delay, open);
        }
    });
    address
}

/// Passes on what comes, each piece so long after it came, and none as if it had been sent before `open`.
fn pass(mut from: TcpStream, mut to: TcpStream, delay: Duration, open: Instant) {
    let (pieces, waiting) = channel::<(Instant, Vec<u8>)>();
    thread::spawn(move || {
        let mut buffer = vec![0; 256 * 1024];
        while let Ok(count @ 1..) = from.read(&mut buffer) {
            if pieces.send((Instant::now().max(open) + delay, buffer[..count].to_vec())).is_err() {
                return;
            }
        }
    });
    thread::spawn(move || {
        for (due, piece) in waiting {
            thread::sleep(due.saturating_duration_since(Instant::now()));
            if to.write_all(&piece).is_err() {
                break;
            }
        }
        let _ = to.shutdown(Shutdown::Write);
    });
}
