//! The servers that are downloaded from. They listen on loopback, or where they are told to, and end with the measurement.

use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::HOBNOB;

/// What a plain server reads of a name.
const REQUEST: usize = 1024;

/// A server that runs until it is dropped.
pub(super) struct Running {
    process: Option<Child>,
    address: SocketAddr,
}

impl Running {
    /// Where it listens.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// A file of it.
    pub(super) fn url(&self, path: &str) -> String {
        format!("http://{}/{path}", self.address)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(process) = &mut self.process {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

/// nginx with this folder, on loopback.
pub(super) fn nginx(dir: &Path, root: &Path) -> Option<Running> {
    let address = free();
    start(nginx_command(dir, root, address), address)
}

/// Runs nginx with this folder where it is told to listen, in one process that stays in the foreground.
pub(super) fn nginx_command(dir: &Path, root: &Path, address: SocketAddr) -> Command {
    let config = dir.join("nginx.conf");
    let (dir, root) = (dir.display(), root.display());
    let text = format!(
        "daemon off; master_process off; pid {dir}/nginx.pid; error_log stderr error;
        events {{ worker_connections 512; }}
        http {{
            access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000;
            client_body_temp_path {dir}/n1; proxy_temp_path {dir}/n2; fastcgi_temp_path {dir}/n3;
            uwsgi_temp_path {dir}/n4; scgi_temp_path {dir}/n5;
            server {{ listen {address}; root {root}; autoindex on; }}
        }}"
    );
    fs::write(&config, text).expect("room for it");
    let mut command = Command::new("nginx");
    command.arg("-c").arg(config).arg("-e").arg("stderr");
    command
}

/// Caddy with this folder, on loopback.
pub(super) fn caddy(dir: &Path, root: &Path) -> Option<Running> {
    let address = free();
    let mut command = Command::new("caddy");
    command.args(["file-server", "--browse", "--listen", &address.to_string(), "--root"]).arg(root);
    // Where it keeps what it keeps.
    command.env("HOME", dir).env("XDG_DATA_HOME", dir).env("XDG_CONFIG_HOME", dir);
    start(command, address)
}

/// hobnob with this folder, on loopback.
pub(super) fn hobnob(root: &Path) -> Option<Running> {
    let address = free();
    let mut command = Command::new(HOBNOB);
    command.args(["serve", "--bind", "127.0.0.1", "--port", &address.port().to_string()]).arg(root);
    start(command, address)
}

/// A server that speaks the plain protocol, and serves one client at a time: it reads once, sends the file in one go,
/// and closes.
pub(super) fn plain(root: &Path) -> Option<Running> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).ok()?;
    let address = listener.local_addr().ok()?;
    let root = root.to_path_buf();
    thread::spawn(move || {
        let mut file = (String::new(), Vec::new());
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut name = vec![0; REQUEST];
            let length = stream.read(&mut name).unwrap_or_default();
            let name = String::from_utf8_lossy(&name[..length]).into_owned();
            if file.0 != name {
                file = (name.clone(), fs::read(root.join(&name)).unwrap_or_default());
            }
            let _ = stream.write_all(&file.1);
        }
    });
    Some(Running { process: None, address })
}

/// An address that nobody listens on.
fn free() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    listener.local_addr().expect("its address")
}

/// Starts a server, and waits until it takes connections; none where it is not installed.
fn start(mut command: Command, address: SocketAddr) -> Option<Running> {
    let process = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    let Ok(process) = process else {
        println!("\nnot measured: there is no {}", command.get_program().to_string_lossy());
        return None;
    };
    let running = Running { process: Some(process), address };
    let until = Instant::now() + Duration::from_secs(10);
    while TcpStream::connect(address).is_err() {
        assert!(Instant::now() < until, "{command:?} does not listen");
        thread::sleep(Duration::from_millis(20));
    }
    Some(running)
}
