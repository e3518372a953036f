//! `hobnob doctor`: why nothing arrives. Looks at the ports, the network, the folders, the terminal, the firewalls and
//! the way to a peer; changes none of them, and sends nothing to anybody but itself.

use std::io::{self, IsTerminal, Write};

use super::{Context, Doctor, Ending, json, written};
use crate::locale::fill;
use crate::view::wording;
use crate::wire::address::Endpoint;

mod firewall;
mod folders;
mod network;
mod peer;
mod report;
mod terminal;

use report::{Finding, Mark, Report};

/// The columns of an output that is no terminal.
const COLUMNS: u16 = 80;

/// Looks at everything and says what it found.
pub(super) async fn run(context: &Context, options: &Doctor) -> Result<(), Ending> {
    let peer = options.peer.as_deref().map(str::parse::<Endpoint>).transpose();
    let peer = peer.map_err(|error| Ending::Usage(wording::address_error(&context.words, &error)))?;
    let mut findings = network::ports(context, &options.socket);
    findings.extend(network::own(&context.words));
    findings.extend(folders::look(context));
    findings.extend(terminal::look(&context.words));
    findings.extend(firewall::look(context, &options.socket));
    if let Some(peer) = &peer {
        findings.extend(peer::look(context, peer).await);
    }
    written(&context.words, print(context, options, &findings))?;
    match findings.iter().filter(|finding| finding.mark == Mark::Broken).count() {
        0 => Ok(()),
        count => {
            let values = [("count", &*count.to_string())];
            Err(Ending::Failed(fill(&context.words.doctor.see_above, &values)))
        }
    }
}

fn print(context: &Context, options: &Doctor, findings: &[Finding]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    if options.json {
        json::write(&mut out, &findings)?;
        return writeln!(out);
    }
    let is_terminal = out.is_terminal();
    let columns =
        crossterm::terminal::size().ok().filter(|_| is_terminal).map_or(COLUMNS, |(columns, _)| columns);
    let colourless = std::env::var_os("NO_COLOR").is_some_and(|set| !set.is_empty());
    let report = Report {
        words: &context.words.doctor,
        peer: options.peer.as_deref().unwrap_or_default(),
        columns: usize::from(columns),
        coloured: is_terminal && !colourless,
    };
    out.write_all(report.text(findings).as_bytes())?;
    out.flush()
}
