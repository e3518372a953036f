//! Lists of real servers, where they are installed: each thing in the list can be asked for by its name.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::fs::{self, File, Permissions};
use std::io::{BufRead as _, BufReader};
use std::net::{Ipv4Addr, TcpStream};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use hobnob::net::http::Question;
use hobnob::wire::listing::Kind;
use hobnob::wire::source::Source;
use hyper::StatusCode;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

use super::list;
use crate::support::program::{Program, installed};
use crate::support::server::client;

const NAMES: [&[u8]; 14] = [
    b"three.txt",
    b"#;?%41&'.txt",
    "你好.txt".as_bytes(),
    b"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx.txt",
    b"col:on",
    b"mailto:x",
    b"esc\x1b[31m",
    b"line\nbreak",
    b"<a href=\"x\">",
    b"back\\slash",
    b" spaces ",
    b"A",
    b"a",
    b"%2F",
];

/// A server with its files and all else that it needs in a folder of its own.
struct Real {
    folder: TempDir,
    running: Running,
}

enum Running {
    Nothing,
    /// It has gone into the background; its number is in this file.
    Daemon(PathBuf),
    Child(Child),
}

impl Drop for Real {
    fn drop(&mut self) {
        match &mut self.running {
            Running::Nothing => {}
            Running::Daemon(file) => {
                if let Some(pid) = fs::read_to_string(file).ok().and_then(|pid| pid.trim().parse().ok()) {
                    let _ = kill(Pid::from_raw(pid), Signal::SIGTERM);
                }
            }
            Running::Child(child) => {
                let _ = child.kill();
                let _ = child.wait();
            }
        }
    }
}

/// An address that no other test program has: a port of it can be taken without asking whether it is free.
fn address() -> Ipv4Addr {
    let [_, high, middle, low] = std::process::id().to_be_bytes();
    Ipv4Addr::new(127, 64 + high % 64, middle, low)
}

impl Real {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        // Some servers give up their rights, and ours with them.
        fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
        let files = folder.path().join("files/a b");
        fs::create_dir_all(files.join("sub dir")).unwrap();
        for name in NAMES {
            fs::write(files.join(OsStr::from_bytes(name)), "abc").unwrap();
        }
        Self { folder, running: Running::Nothing }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Starts a server that is back when it listens, and writes its number into `pid`. In `config`, `DIR` is the folder
    /// of all its files and `HOST` its address.
    fn start(&mut self, program: &Path, arguments: &[&str], config: &str) {
        let here = self.path().to_str().unwrap().to_owned();
        let filled = |text: &str| text.replace("DIR", &here).replace("HOST", &address().to_string());
        fs::write(self.path().join("config"), filled(config)).unwrap();
        let status = Command::new(program)
            .args(arguments.iter().map(|argument| filled(argument)))
            .current_dir(self.path())
            .env("HOME", self.path())
            .env("XDG_CONFIG_HOME", self.path())
            .env("XDG_DATA_HOME", self.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .unwrap();
        self.running = Running::Daemon(self.path().join("pid"));
        assert!(status.success(), "{}", program.display());
    }

    /// What it lists is what there is, and can be asked for, where it `serves` such names at all; a folder where nothing
    /// is has an empty list.
    async fn check(&self, port: u16, serves: fn(&[u8]) -> bool) {
        let top = Source::parse(&format!("http://{}:{port}/", address())).unwrap();
        let folder = top.at(top.path.join(b"a b"));
        let listing = list(&folder).await.unwrap();
        assert_eq!(listing.source.path.encoded(), "/a%20b/");
        let mut expected: Vec<_> = NAMES.map(|name| format!("{}", name.escape_ascii())).to_vec();
        expected.push("sub dir/".to_owned());
        let slash = |kind| if kind == Kind::Dir { "/" } else { "" };
        let shown = listing.entries.iter().map(|entry| (entry.raw.0.escape_ascii(), slash(entry.kind)));
        let mut found: Vec<_> = shown.map(|(name, slash)| format!("{name}{slash}")).collect();
        expected.sort();
        found.sort();
        assert_eq!(found, expected);
        for entry in &listing.entries {
            assert!(matches!(entry.size, None | Some(3)));
            let there = folder.at(folder.path.join(&entry.raw.0));
            if entry.kind == Kind::Dir {
                assert_eq!(list(&there).await.unwrap().entries, []);
            } else if serves(&entry.raw.0) {
                let answer = client().ask(&there, &Question::get("*/*")).await.unwrap().unwrap();
                assert_eq!((answer.status, answer.length), (StatusCode::OK, Some(3)), "{}", entry.name);
            }
        }
    }
}

fn all(_: &[u8]) -> bool {
    true
}

#[tokio::test]
async fn what_nginx_lists_can_be_asked_for() {
    let Some(nginx) = installed("nginx") else { return };
    let mut real = Real::new();
    let mut config = String::from("pid DIR/pid; error_log DIR/error; master_process off; events {} http {");
    for what in ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"] {
        write!(config, "{what}_temp_path DIR/{what}; ").unwrap();
    }
    config.push_str(
        "access_log off; root DIR/files; autoindex on; server { listen HOST:20001; } server { listen HOST:20002;
        autoindex_format json; } server { listen HOST:20003; autoindex_exact_size off; } }",
    );
    real.start(&nginx, &["-e", "DIR/error", "-c", "DIR/config"], &config);
    for port in 20001..=20003 {
        real.check(port, all).await;
    }
}

#[tokio::test]
async fn what_apache_lists_can_be_asked_for() {
    let Some(apache) = installed("apache2") else { return };
    let mut real = Real::new();
    let mut config = String::from(
        "PidFile DIR/pid\nErrorLog DIR/error\nServerName localhost\nUser nobody\nGroup nogroup\nDocumentRoot DIR/files\n",
    );
    for module in ["mpm_event", "authz_core", "autoindex", "dir", "mime"] {
        writeln!(config, "LoadModule {module}_module /usr/lib/apache2/modules/mod_{module}.so").unwrap();
    }
    config.push_str(
        "TypesConfig /dev/null\n<Directory DIR/files>\nRequire all granted\nOptions +Indexes\n</Directory>\n",
    );
    for (port, options) in
        [(20011, "None"), (20012, "FancyIndexing"), (20013, "FancyIndexing HTMLTable IconsAreLinks")]
    {
        writeln!(
            config,
            "Listen HOST:{port}\n<VirtualHost HOST:{port}>\nIndexOptions {options}\n</VirtualHost>"
        )
        .unwrap();
    }
    real.start(&apache, &["-d", "DIR", "-f", "DIR/config", "-k", "start"], &config);
    for port in 20011..=20013 {
        real.check(port, all).await;
    }
}

#[tokio::test]
async fn what_lighttpd_lists_can_be_asked_for() {
    let Some(lighttpd) = installed("lighttpd") else { return };
    let mut real = Real::new();
    let config = "server.document-root = \"DIR/files\"\nserver.bind = \"HOST\"\nserver.port = 20021\n
        server.pid-file = \"DIR/pid\"\nserver.errorlog = \"DIR/error\"\nserver.modules = (\"mod_dirlisting\")\n
        dir-listing.activate = \"enable\"\n";
    real.start(&lighttpd, &["-f", "DIR/config"], config);
    real.check(20021, |name| !name.iter().any(u8::is_ascii_control)).await;
}

#[tokio::test]
async fn what_caddy_lists_can_be_asked_for_and_is_cut_at_its_limit() {
    let Some(caddy) = installed("caddy") else { return };
    let mut real = Real::new();
    let many = real.path().join("files/many");
    fs::create_dir(&many).unwrap();
    for name in 0..=10_000 {
        File::create(many.join(name.to_string())).unwrap();
    }
    let config = "{\nadmin off\nauto_https off\n}\nhttp://HOST:20031 {\nbind HOST\nroot * DIR/files\nfile_server browse\n}\n";
    let arguments = ["start", "--config", "DIR/config", "--adapter", "caddyfile", "--pidfile", "DIR/pid"];
    real.start(&caddy, &arguments, config);
    real.check(20031, all).await;
    let source = Source::parse(&format!("http://{}:20031/many/", address())).unwrap();
    let listing = list(&source).await.unwrap();
    assert_eq!((listing.entries.len(), listing.is_cut), (10_000, true));
}

#[tokio::test]
async fn what_python_lists_can_be_asked_for() {
    let Some(python) = installed("python3") else { return };
    let mut real = Real::new();
    let mut child = Command::new(python)
        .args(["-u", "-m", "http.server", "--bind", &address().to_string(), "20041", "--directory"])
        .arg(real.path().join("files"))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let said = child.stdout.take().unwrap();
    real.running = Running::Child(child);
    // It says so when it listens.
    BufReader::new(said).read_line(&mut String::new()).unwrap();
    real.check(20041, all).await;
}

/// A package that `.ci/run` installs beside the repository; says that there is none where that is so.
fn package(path: &str) -> Option<PathBuf> {
    let packages = std::env::var_os("HOBNOB_TEST_PACKAGES").map(PathBuf::from);
    let found = packages.map(|packages| packages.join(path)).filter(|package| package.exists());
    if found.is_none() {
        println!("not tested: {path} is not in HOBNOB_TEST_PACKAGES");
    }
    found
}

impl Real {
    /// Starts a server that stays in the foreground, and waits until it listens on this port.
    fn run(&mut self, command: &mut Command, port: u16) {
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        self.running = Running::Child(child);
        let Running::Child(child) = &mut self.running else { unreachable!() };
        while TcpStream::connect((address(), port)).is_err() {
            assert!(child.try_wait().unwrap().is_none(), "{command:?} ended");
            std::thread::yield_now();
        }
    }

    fn files(&self) -> PathBuf {
        self.path().join("files")
    }

    /// Whether `get -r` brings the same tree, with its empty folders and pages, and says so.
    fn check_copy(&self, port: u16) {
        let here = tempfile::tempdir().unwrap();
        let url = format!("http://{}:{port}/tree/", address());
        let outcome = Program::new(&["get", "-r", &url, "--to", here.path().to_str().unwrap()]).run();
        assert_eq!(outcome.code, Some(0), "{outcome:?}");
        let (there, copy) = (self.files().join("tree"), here.path().join("tree"));
        let output = Command::new("diff").arg("-r").args([there, copy]).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
        let outcome = Program::new(&["ls", "-r", &url]).run();
        let mut names: Vec<_> =
            outcome.stdout.lines().filter_map(|line| line.split_whitespace().next()).collect();
        names.sort_unstable();
        assert_eq!((outcome.code, &names[..]), (Some(0), &TREE[..]), "{outcome:?}");
    }
}

/// A tree of names that every server can say, with a page that links below itself.
const TREE: [&str; 9] = [
    "deep/",
    "deep/deeper/",
    "deep/deeper/x.txt",
    "deep/empty/",
    "deep/v1.2/",
    "deep/v1.2/y",
    "docs",
    "only-files/",
    "only-files/z.bin",
];

fn tree(real: &Real) {
    let top = real.files().join("tree");
    for folder in ["deep/deeper", "deep/empty", "deep/v1.2", "only-files"] {
        fs::create_dir_all(top.join(folder)).unwrap();
    }
    for (file, content) in [
        ("deep/deeper/x.txt", "x"),
        ("deep/v1.2/y", "y"),
        ("docs", "<html><title>Docs</title><a href=\"docs/a\">The first part</a></html>"),
        ("only-files/z.bin", "z"),
    ] {
        fs::write(top.join(file), content).unwrap();
    }
}

#[tokio::test]
async fn what_serve_lists_can_be_asked_for() {
    let (Some(node), Some(serve)) = (installed("node"), package("npm/node_modules/serve/build/main.js"))
    else {
        return;
    };
    let mut real = Real::new();
    tree(&real);
    let listen = format!("tcp://{}:20051", address());
    let mut command = Command::new(node);
    command.arg(serve).args(["-l", &listen, "-n", "-L"]).arg(real.files()).env("NO_UPDATE_CHECK", "1");
    real.run(&mut command, 20051);
    real.check(20051, |name| !name.contains(&b'%') && !name.contains(&b'\\')).await;
    real.check_copy(20051);
}

#[tokio::test]
async fn what_serve_index_lists_can_be_asked_for() {
    let modules = package("npm/node_modules/serve-index").and(package("npm/node_modules/express"));
    let (Some(node), Some(_), Some(modules)) = (installed("node"), modules, package("npm/node_modules"))
    else {
        return;
    };
    let mut real = Real::new();
    tree(&real);
    fs::write(
        real.path().join("server.js"),
        "const [express, list] = ['express', 'serve-index'].map((name) => require(name));
        [true, false].forEach((icons, nth) => {
            const [app, files] = [express(), process.argv[2]];
            app.use(express.static(files, { dotfiles: 'allow' }), list(files, { icons, hidden: true }));
            app.listen(20052 + nth, process.argv[3]);
        });",
    )
    .unwrap();
    let mut command = Command::new(node);
    command.arg(real.path().join("server.js")).arg(real.files()).arg(address().to_string());
    real.run(command.env("NODE_PATH", modules), 20053);
    for port in [20052, 20053] {
        real.check_copy(port);
    }
}

#[tokio::test]
async fn what_http_server_lists_can_be_asked_for() {
    let program = package("npm/node_modules/http-server/bin/http-server");
    let (Some(node), Some(http_server)) = (installed("node"), program) else { return };
    let mut real = Real::new();
    tree(&real);
    let mut command = Command::new(node);
    command.arg(http_server).arg(real.files()).args(["-p", "20054", "-a", &address().to_string()]);
    real.run(&mut command, 20054);
    real.check_copy(20054);
}

#[tokio::test]
async fn what_aiohttp_lists_can_be_asked_for() {
    let Some(python) = package("python/bin/python") else { return };
    let mut real = Real::new();
    tree(&real);
    let program = "import sys; from aiohttp import web; app = web.Application();
app.router.add_static('/', sys.argv[1], show_index=True); web.run_app(app, host=sys.argv[2], port=20055)";
    let mut command = Command::new(python);
    command.args(["-c", program]).arg(real.files()).arg(address().to_string());
    real.run(&mut command, 20055);
    real.check_copy(20055);
}

#[tokio::test]
async fn what_updog_lists_can_be_asked_for() {
    let Some(updog) = package("python/bin/updog") else { return };
    let mut real = Real::new();
    tree(&real);
    // It listens everywhere.
    real.run(Command::new(updog).args(["-p", "20056", "-d"]).arg(real.files()), 20056);
    real.check_copy(20056);
}
