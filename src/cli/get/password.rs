//! Asks the person at the terminal for a name and a password. Never echoes the password, nor waits where there is nobody
//! to ask.

use std::fs::File;
use std::io::{self, BufRead, BufReader, IsTerminal, Write};

use crate::cli::Context;
use crate::locale::fill;
use crate::text::{Clean, clean_line};
use crate::wire::credentials::Credentials;
use crate::wire::source::Origin;

/// Who the user is to this server; none where nobody says so.
pub(super) async fn ask(context: &Context, origin: &Origin, realm: &Clean) -> Option<Credentials> {
    if !io::stderr().is_terminal() {
        return None;
    }
    let words = &context.words.command;
    let about = [("server", &*origin.to_string()), ("realm", realm)];
    let sentence = if realm.is_empty() { &words.who } else { &words.who_in };
    let (who, password) = (fill(sentence, &about), words.password.clone());
    // What waits for a person must not hold anybody else up.
    let asked = tokio::task::spawn_blocking(move || read(&who, &password)).await;
    let (user, password) = asked.ok()?.ok()?;
    Credentials::new(user, password).filter(|who| !who.user().is_empty())
}

fn read(who: &str, password: &str) -> io::Result<(String, String)> {
    // The input may be something else; the person is at the terminal.
    let terminal = File::options().read(true).write(true).open("/dev/tty")?;
    let mut said = &terminal;
    writeln!(said, "{}", clean_line(who.as_bytes()))?;
    let mut user = String::new();
    BufReader::new(&terminal).read_line(&mut user)?;
    let password = rpassword::prompt_password(format!("{password} "))?;
    Ok((user.trim_end_matches(['\r', '\n']).to_owned(), password))
}
