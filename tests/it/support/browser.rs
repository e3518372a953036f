//! Chromium without a window, asked over its pipe (Chrome's `DevTools` Protocol): opens pages, types, clicks, and says
//! what is there. It sends to loopback only, and ends with the test.

use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

/// Long enough for a machine under load; nothing waits for it that works.
const PATIENCE: Duration = Duration::from_mins(1);

const FLAGS: [&str; 9] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-pipe",
];

/// A browser with one page.
pub(crate) struct Browser {
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
    session: Option<String>,
    last: u64,
    /// Pages that were there before they were waited for.
    loads: usize,
    _child: Child,
    _profile: TempDir,
}

impl Browser {
    /// Starts one that likes this language best. Says so, and gives none, where none is installed.
    pub(crate) async fn start(language: &str) -> Option<Self> {
        let installed = |name: &&str| {
            std::env::split_paths(&std::env::var_os("PATH").unwrap()).any(|at| at.join(name).exists())
        };
        let Some(program) = ["chromium", "chromium-browser", "google-chrome"].into_iter().find(installed)
        else {
            println!("skipped: there is no Chromium here");
            return None;
        };
        let profile = tempfile::tempdir().unwrap();
        // It reads from descriptor 3 and writes to 4.
        let mut child = Command::new("sh")
            .args(["-c", r#"exec "$@" 3<&0 4>&1 </dev/null >/dev/null 2>&1"#, "sh", program])
            .args(FLAGS)
            .arg(format!("--accept-lang={language}"))
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let (stdin, stdout) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        let mut browser =
            Self { stdin, stdout, session: None, last: 0, loads: 0, _child: child, _profile: profile };
        let target =
            browser.call("Target.createTarget", json!({"url": "about:blank"})).await["targetId"].clone();
        let attached =
            browser.call("Target.attachToTarget", json!({"targetId": target, "flatten": true})).await;
        browser.session = attached["sessionId"].as_str().map(str::to_owned);
        browser.call("Page.enable", json!({})).await;
        Some(browser)
    }

    /// No script of a page runs from now on.
    pub(crate) async fn without_scripts(&mut self) {
        self.call("Emulation.setScriptExecutionDisabled", json!({"value": true})).await;
    }

    /// The screen is so many pixels wide from now on, as a phone's.
    pub(crate) async fn narrow(&mut self, width: u32) {
        let screen = json!({"width": width, "height": 640, "deviceScaleFactor": 1, "mobile": true});
        self.call("Emulation.setDeviceMetricsOverride", screen).await;
    }

    /// Opens a page, and waits until all of it is there.
    pub(crate) async fn open(&mut self, url: &str) {
        // Another fragment alone would load nothing.
        self.call("Page.navigate", json!({"url": "about:blank"})).await;
        self.loaded().await;
        let opened = self.call("Page.navigate", json!({"url": url})).await;
        assert_eq!(opened["errorText"], Value::Null, "{url}");
        self.loaded().await;
    }

    /// Waits until the page is there that is on its way.
    pub(crate) async fn loaded(&mut self) {
        while self.loads == 0 {
            self.next().await;
        }
        self.loads -= 1;
    }

    /// What an expression is on the page.
    pub(crate) async fn evaluate(&mut self, expression: &str) -> Value {
        let arguments = json!({"expression": expression, "returnByValue": true, "awaitPromise": true});
        let result = self.call("Runtime.evaluate", arguments).await;
        assert_eq!(result["exceptionDetails"], Value::Null, "{expression}");
        result["result"]["value"].clone()
    }

    /// The texts of all elements that a CSS selector finds and that are shown.
    pub(crate) async fn texts(&mut self, selector: &str) -> Vec<String> {
        let expression = format!(
            "Array.from(document.querySelectorAll({})).filter(e => e.checkVisibility()).map(e => e.textContent)",
            json!(selector)
        );
        serde_json::from_value(self.evaluate(&expression).await).unwrap()
    }

    /// Presses keys, one for each character; `\r` is Enter.
    pub(crate) async fn press(&mut self, keys: &str) {
        for key in keys.chars() {
            let name = if key == '\r' { "Enter".to_owned() } else { key.to_string() };
            for kind in ["keyDown", "keyUp"] {
                let event = json!({"type": kind, "key": name, "text": key.to_string()});
                self.call("Input.dispatchKeyEvent", event).await;
            }
        }
    }

    async fn call(&mut self, method: &str, arguments: Value) -> Value {
        self.last += 1;
        let mut call = json!({"id": self.last, "method": method, "params": arguments});
        if let Some(session) = &self.session {
            call["sessionId"] = json!(session);
        }
        let mut bytes = serde_json::to_vec(&call).unwrap();
        bytes.push(0);
        self.stdin.write_all(&bytes).await.unwrap();
        loop {
            let mut answer = self.next().await;
            if answer["id"] == self.last {
                assert_eq!(answer["error"], Value::Null, "{method}");
                return answer["result"].take();
            }
        }
    }

    async fn next(&mut self) -> Value {
        let mut message = Vec::new();
        timeout(PATIENCE, self.stdout.read_until(0, &mut message)).await.unwrap().unwrap();
        assert_eq!(message.pop(), Some(0), "the browser ended");
        let message: Value = serde_json::from_slice(&message).unwrap();
        self.loads += usize::from(message["method"] == "Page.loadEventFired");
        message
    }
}
