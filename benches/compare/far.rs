//! A server behind a round trip of 50 ms: in a network namespace of its own, joined to that of the clients by a cable
//! that leads nowhere else. Where none can be made, or none that takes its time, behind a relay on loopback.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use super::race::{Race, command};
use super::relay::relay;
use super::servers::{nginx, nginx_command};
use super::{count, memory, shown, whole_folder, write_small};

/// Where the server is, in a network for documentation (RFC 5737).
const SERVER: &str = "192.0.2.1:8080";

/// Half of the round trip.
const ONE_WAY: Duration = Duration::from_millis(25);

/// Two namespaces with a cable between them, gone when this is dropped.
struct Far {
    server: String,
    client: String,
}

impl Far {
    fn new() -> Option<Self> {
        let id = std::process::id();
        let far = Self { server: format!("hobnob-far-{id}"), client: format!("hobnob-near-{id}") };
        let (server, client) = (far.server.as_str(), far.client.as_str());
        let one_way = format!("{}ms", ONE_WAY.as_millis());
        let made = ip(&["netns", "add", server]) && ip(&["netns", "add", client]);
        let joined = made
            && ip(&["-n", server, "link", "add", "there", "type", "veth", "peer", "here", "netns", client])
            && ip(&["-n", server, "address", "add", "192.0.2.1/24", "dev", "there"])
            && ip(&["-n", client, "address", "add", "192.0.2.2/24", "dev", "here"])
            && ip(&["-n", server, "link", "set", "there", "up"])
            && ip(&["-n", client, "link", "set", "here", "up"])
            && run("tc", &["-n", server, "qdisc", "add", "dev", "there", "root", "netem", "delay", &one_way])
            && run("tc", &["-n", client, "qdisc", "add", "dev", "here", "root", "netem", "delay", &one_way]);
        joined.then_some(far)
    }
}

impl Drop for Far {
    fn drop(&mut self) {
        for namespace in [&self.server, &self.client] {
            let _ = ip(&["netns", "del", namespace]);
        }
    }
}

fn ip(arguments: &[&str]) -> bool {
    run("ip", arguments)
}

fn run(program: &str, arguments: &[&str]) -> bool {
    let mut command = Command::new(program);
    command.args(arguments).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// The same command, within the namespace.
fn within(namespace: &str, inner: &Command) -> Command {
    let mut command = command("ip", ["netns", "exec", namespace]);
    command.arg(inner.get_program()).args(inner.get_args());
    command
}

/// Small files from far away.
pub(super) fn race() {
    let data = memory();
    let root = data.path().join("root");
    fs::create_dir(&root).expect("a folder");
    write_small(&root, 4, 100);
    let to = data.path().join("to");
    let title = "400 files of 4 KiB in 4 folders from nginx over a round trip of 50 ms";
    let race = |title: &str| Race::new(title, &to, 400.0, "files/s");
    let Some(far) = Far::new() else {
        let Some(server) = nginx(data.path(), &root) else { return };
        let url = format!("http://{}/", relay(server.address(), ONE_WAY));
        let title = format!("{title} (a relay: no namespaces with a delay can be made here)");
        whole_folder(race(&title), &url, &shown(&to), |command| command)
            .run(|dir| assert_eq!(count(dir), 400));
        return;
    };
    let address = SERVER.parse().expect("an address");
    let mut server = within(&far.server, &nginx_command(data.path(), &root, address));
    let Ok(mut server) = server.stdout(Stdio::null()).stderr(Stdio::null()).spawn() else { return };
    wait(&far);
    let url = format!("http://{SERVER}/");
    whole_folder(race(title), &url, &shown(&to), |command| within(&far.client, &command))
        .run(|dir| assert_eq!(count(dir), 400));
    end(&mut server);
}

fn wait(far: &Far) {
    let mut probe = within(&far.client, &command("bash", ["-c", "</dev/tcp/192.0.2.1/8080"]));
    for _ in 0..200 {
        if probe.stderr(Stdio::null()).status().is_ok_and(|status| status.success()) {
            return;
        }
        thread::sleep(Duration::from_millis(50));
    }
    panic!("the server does not listen");
}

fn end(server: &mut Child) {
    let _ = server.kill();
    let _ = server.wait();
}
