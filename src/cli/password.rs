//! Asks the person at the terminal for a name and a password. Never echoes the password, nor waits where there is nobody
//! to ask.

use std::fs::File;
use std::future::pending;
use std::io::{self, BufRead, BufReader, IsTerminal, Write};

use nix::sys::termios::{SetArg, Termios, tcgetattr, tcsetattr};

use super::Context;
use crate::event::Fault;
use crate::locale::fill;
use crate::net::http::Client;
use crate::text::{Clean, clean_line};
use crate::wire::credentials::Credentials;
use crate::wire::source::Origin;

/// The terminal where somebody is asked. Who is no longer waited for may be in the middle of a word that is not shown: then
/// the terminal is given back as it was.
struct Asked {
    terminal: File,
    modes: Termios,
    answers: bool,
}

impl Asked {
    fn new() -> io::Result<Self> {
        // The input may be something else; the person is at the terminal.
        let terminal = File::options().read(true).write(true).open("/dev/tty")?;
        Ok(Self { modes: tcgetattr(&terminal)?, terminal, answers: false })
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        if !self.answers {
            // Where it does not work there is no terminal any more.
            let _ = tcsetattr(&self.terminal, SetArg::TCSANOW, &self.modes);
            let _ = writeln!(self.terminal);
        }
    }
}

/// Who the user is to this server; none where nobody says so. Where this is dropped, the terminal is as it was.
pub(super) async fn ask(context: &Context, origin: &Origin, realm: &Clean) -> Option<Credentials> {
    if !io::stderr().is_terminal() {
        return None;
    }
    let words = &context.words.command;
    let about = [("server", &*origin.to_string()), ("realm", realm)];
    let sentence = if realm.is_empty() { &words.who } else { &words.who_in };
    let (who, password) = (fill(sentence, &about), words.password.clone());
    let mut asked = Asked::new().ok()?;
    let terminal = asked.terminal.try_clone().ok()?;
    // What waits for a person must not hold anybody else up.
    let answer = tokio::task::spawn_blocking(move || read(&terminal, &who, &password)).await;
    let answer = answer.ok()?;
    if answer.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::Interrupted) {
        // Where the password is asked for, Ctrl+C is read, and made the signal that it is elsewhere: that is on its way.
        return pending().await;
    }
    asked.answers = true;
    let (user, password) = answer.ok()?;
    Credentials::new(user, password).filter(|who| !who.user().is_empty())
}

/// Where a server wants to know who asks: asks the user, and lets the client tell the server. Whether there is anything to
/// tell it: then the same question may be answered. Where this is dropped, the terminal is as it was.
pub(super) async fn told(context: &Context, client: &Client, fault: &Fault) -> bool {
    let Fault::Unauthorized { origin, realm } = fault else { return false };
    let credentials = ask(context, origin, realm).await;
    client.authorize(Origin::clone(origin), credentials.as_ref());
    credentials.is_some()
}

fn read(mut terminal: &File, who: &str, password: &str) -> io::Result<(String, String)> {
    writeln!(terminal, "{}", clean_line(who.as_bytes()))?;
    let mut user = String::new();
    BufReader::new(terminal).read_line(&mut user)?;
    let password = rpassword::prompt_password(format!("{password} "))?;
    Ok((user.trim_end_matches(['\r', '\n']).to_owned(), password))
}
