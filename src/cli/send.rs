//! `hobnob send`: one text to one peer. Owns what counts as sent.

use std::io::{self, Read};
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use tokio::sync::mpsc::{self, Receiver};
use tokio::time::timeout;

use super::keeping::{Keeping, Kept};
use super::{Context, Ending, Send, block_on};
use crate::effect::{NewMessage, StoreRequest};
use crate::event::{ChatEvent, Delivery, Event, Fault, MessageId, Saved, system_words};
use crate::locale::fill;
use crate::net::chat::{self, ChatCommand, Noise};
use crate::net::{Port, resolve};
use crate::view::wording;
use crate::wire::Raw;
use crate::wire::address::Endpoint;
use crate::wire::peer::Peer;

/// How long a refusal is waited for after the text was sent. Silence is all that a program that listens ever gives,
/// so each send takes this long. On one's own machine the answer is there at once.
const PATIENCE: Duration = Duration::from_millis(200);
const PATIENCE_ON_LOOPBACK: Duration = Duration::from_millis(50);
/// How long the history is waited for before what became of a message is kept.
const PATIENCE_WITH_DISK: Duration = Duration::from_secs(1);

/// Sends the text. A name can have several addresses: where one of them refuses, the next is tried.
pub(super) fn run(context: &Context, send: &Send) -> Result<(), Ending> {
    let endpoint: Endpoint =
        send.peer.parse().map_err(|error| Ending::Usage(wording::address_error(&context.words, &error)))?;
    let text = if send.text.is_empty() { standard_input(context)? } else { send.text.join(" ") };
    block_on(deliver(context, send, &endpoint, text))
}

/// All of standard input, without the line feed at its end.
fn standard_input(context: &Context) -> Result<String, Ending> {
    let words = &context.words.command;
    let mut bytes = Vec::new();
    io::stdin()
        .read_to_end(&mut bytes)
        .map_err(|error| Ending::Failed(fill(&words.input_failed, &[("reason", &system_words(&error))])))?;
    let mut text = String::from_utf8(bytes).map_err(|_| Ending::Failed(words.input_not_text.clone()))?;
    if text.ends_with('\n') {
        text.pop();
    }
    Ok(text)
}

async fn deliver(context: &Context, send: &Send, endpoint: &Endpoint, text: String) -> Result<(), Ending> {
    let failed = |fault: &Fault| context.failed(&endpoint.to_string(), fault);
    let peers = peers(endpoint, context.config.timeouts.resolve).await.map_err(|fault| failed(&fault))?;
    let port = Port::Required(send.socket.port.unwrap_or(0));
    let sockets = chat::bind(&send.socket.addresses(&context.config), port)
        .map_err(|error| context.cannot_bind(&error))?;
    let (commands, told) = mpsc::channel(1);
    let (heard, mut events) = mpsc::channel(64);
    tokio::spawn(chat::run(sockets, told, heard, Noise::Folded));
    let mut keeping = None;

    let mut outcome = Ok(());
    for (id, to) in (0..).map(MessageId).zip(peers) {
        // Where the worker has ended, its last event says why.
        let _ = commands.send(ChatCommand::Send { id, to, text: text.clone() }).await;
        // Not before: nobody waits for a disk to have something sent.
        let keeping = keeping.get_or_insert_with(|| Keeping::open(context, send.no_history));
        let taken = keeping.tell(StoreRequest::Save(Box::new(message(id, to, &text))));
        let nearby = to.address().is_some_and(|address| address.ip().is_loopback());
        let patience = if nearby { PATIENCE_ON_LOOPBACK } else { PATIENCE };
        let fate = fate(&mut events, id, patience).await;
        if taken {
            keep_fate(keeping, &fate).await;
        }
        outcome = fate.map_err(|fault| failed(&fault));
        if outcome.is_ok() {
            break;
        }
    }
    if let Some(keeping) = keeping {
        keeping.end().await;
    }
    outcome
}

fn message(id: MessageId, peer: Peer, text: &str) -> NewMessage {
    let bytes = Raw(Bytes::copy_from_slice(text.as_bytes()));
    NewMessage { id, peer, at: now(), delivery: Delivery::Queued, bytes, broadcast: false }
}

/// Keeps what became of the message that was kept last. It is on disk long since, where the disk is not full or stuck.
async fn keep_fate(keeping: &mut Keeping, fate: &Result<(), Fault>) {
    let delivery = match fate {
        Ok(()) => Delivery::Sent,
        Err(Fault::Refused) => Delivery::Refused,
        Err(fault) => Delivery::Failed(fault.clone()),
    };
    if let Ok(Kept::Saved(saved)) = timeout(PATIENCE_WITH_DISK, keeping.next()).await {
        for Saved { row, .. } in saved {
            keeping.tell(StoreRequest::Update { row, at: now(), delivery: delivery.clone(), waiting: false });
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "a message has a time")]
fn now() -> Timestamp {
    Timestamp::now()
}

/// Whom an address means: everyone, or one peer with an address or several.
async fn peers(endpoint: &Endpoint, limit: Duration) -> Result<Vec<Peer>, Fault> {
    if let Some(peer) = Peer::literal(endpoint) {
        return Ok(vec![peer]);
    }
    let addresses = resolve::resolve(endpoint, limit).await?;
    Ok(addresses.into_iter().map(Peer::Address).collect())
}

/// What becomes of a message: fine when it was sent and nothing else was heard for so long.
async fn fate(events: &mut Receiver<Event>, id: MessageId, patience: Duration) -> Result<(), Fault> {
    while let Some(event) = events.recv().await {
        if matches!(&event, Event::Chat(ChatEvent::Sent(sent)) if *sent == id) {
            return timeout(patience, misfortune(events, id)).await.unwrap_or(Ok(()));
        }
        bad_news(event, id)?;
    }
    Err(Fault::Closed)
}

async fn misfortune(events: &mut Receiver<Event>, id: MessageId) -> Result<(), Fault> {
    while let Some(event) = events.recv().await {
        bad_news(event, id)?;
    }
    Ok(())
}

fn bad_news(event: Event, id: MessageId) -> Result<(), Fault> {
    let Event::Chat(news) = event else { return Ok(()) };
    match news {
        ChatEvent::Refused(about) if about == id => Err(Fault::Refused),
        ChatEvent::Failed(about, fault) if about == id => Err(fault),
        ChatEvent::Down(fault) => Err(fault),
        ChatEvent::Received(_)
        | ChatEvent::Folded(..)
        | ChatEvent::Blocked(..)
        | ChatEvent::Overflowed(_)
        | ChatEvent::Sent(_)
        | ChatEvent::Refused(_)
        | ChatEvent::Failed(..) => Ok(()),
    }
}
