//! The HTTP client that listings and downloads share: its connections, whom it follows, what it keeps to itself.

use hobnob::event::Fault;
use hobnob::net::http::{Answer, Client, Question};
use hobnob::wire::source::Source;

mod answers;
mod connections;
mod credentials;
mod lenient;
mod redirects;
mod secure;

/// Asks for a file of a server that speaks HTTP.
async fn ask(client: &Client, source: &Source) -> Result<Answer, Fault> {
    let answer = client.ask(source, &Question::get("*/*")).await?;
    Ok(answer.expect("it was taken for a plain server"))
}

/// What is left of the body.
async fn read(answer: &mut Answer) -> Result<Vec<u8>, Fault> {
    let mut bytes = Vec::new();
    while let Some(more) = answer.body.next().await? {
        bytes.extend_from_slice(&more);
    }
    Ok(bytes)
}

/// Asks, and reads the answer to its end.
async fn get(client: &Client, source: &Source) -> Result<String, Fault> {
    let mut answer = ask(client, source).await?;
    Ok(String::from_utf8(read(&mut answer).await?).unwrap())
}

/// An answer that points elsewhere, with a page for those who do not follow.
fn moved(status: u16, to: &str) -> String {
    format!("HTTP/1.1 {status} Moved\r\nLocation: {to}\r\nContent-Length: 4\r\n\r\ngone")
}
