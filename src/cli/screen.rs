//! `hobnob` without a command, and what `hobnob demo` shares with it: the full-screen program, from the settings to its
//! end.

use std::env;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use super::{Context, Ending};
use crate::app::{Me, Notice};
use crate::config::{Config, DesktopChoice, LinksChoice, ThemeChoice, with_tilde};
use crate::effect::NotifySettings;
use crate::net::chat::{self, Sockets};
use crate::net::http::Client;
use crate::net::{Port, interfaces};
use crate::serve::Private;
use crate::shell::{self, End, Start};
use crate::store::{self, Opened};
use crate::term::osc::Desktop;
use crate::term::{self, Abilities};
use crate::text::Clean;
use crate::view::theme::{Preset, Theme};
use crate::view::{Look, wording};
use crate::wire::address::Endpoint;
use crate::wire::credentials::Credentials;
use crate::wire::source::Source;

/// What the program opens at the start.
#[derive(Debug, Default)]
pub(super) struct Opening {
    /// Peers that are known from the start.
    pub(super) peers: Vec<(SocketAddr, Clean)>,
    /// The peer to talk to.
    pub(super) peer: Option<String>,
    /// The server to open.
    pub(super) server: Option<Source>,
    /// Who we are to that server.
    pub(super) credentials: Option<Credentials>,
    /// What has to be said at once.
    pub(super) notice: Option<Notice>,
}

/// Opens the full-screen program for what the command line names.
pub(super) fn run(context: &Context, peer: Option<String>, files: Option<&str>) -> Result<(), Ending> {
    needs_terminal(context)?;
    let wrong = |error| Ending::Usage(wording::address_error(&context.words, &error));
    let server = files.map(Source::parse_with_credentials).transpose().map_err(wrong)?;
    let (server, credentials) = server.unzip();
    if let Some(peer) = &peer {
        peer.parse::<Endpoint>().map_err(wrong)?;
    }
    let store = open_store(context, &context.data_dir)?;
    super::block_on(async {
        let sockets = bind(context, &context.config.bind, context.config.port)?;
        let notice = match context.config.port {
            Port::Preferred(wanted) if wanted != sockets.port() => {
                Some(Notice::PortTaken { wanted, got: sockets.port() })
            }
            Port::Preferred(_) | Port::Required(_) => None,
        };
        // The header says the port anyway.
        let notice = if store.owns_queue() { notice } else { Some(Notice::QueueElsewhere) };
        let notice = store.fault.clone().map(Notice::NotRemembered).or(notice);
        let opening =
            Opening { peer, server, credentials: credentials.flatten(), notice, ..Opening::default() };
        let store = (store, &*context.data_dir);
        Box::pin(open(context, sockets, opening, store, context.config.download_dir.clone())).await
    })
}

/// What is known from earlier runs.
pub(super) fn open_store(context: &Context, dir: &Path) -> Result<Opened, Ending> {
    store::open_with_queue(dir).map_err(|fault| context.failed(&wording::shown_path(dir), &fault))
}

/// Both ends of the conversation with the user have to be a terminal.
pub(super) fn needs_terminal(context: &Context) -> Result<(), Ending> {
    if term::is_terminal() {
        Ok(())
    } else {
        Err(Ending::Usage(context.words.command.not_a_terminal.clone()))
    }
}

/// The chat's sockets.
pub(super) fn bind(context: &Context, addresses: &[std::net::IpAddr], port: Port) -> Result<Sockets, Ending> {
    chat::bind(addresses, port).map_err(|error| context.cannot_bind(&error))
}

/// Runs the full-screen program on these sockets until it ends.
pub(super) async fn open(
    context: &Context,
    sockets: Sockets,
    opening: Opening,
    (store, data_dir): (Opened, &Path),
    download_dir: PathBuf,
) -> Result<(), Ending> {
    let config = &context.config;
    let theme = theme(config.theme).map_err(|error| Ending::Failed(error.to_string()))?;
    let bound = sockets.addresses().first().copied().unwrap_or_else(|| ([127, 0, 0, 1], 0).into());
    let terminal = abilities(config);
    let mut serve = config.serve.clone();
    serve.access.private = private(context, data_dir);
    let start = Start {
        me: Me {
            name: config.name.clone(),
            address: interfaces::reachable(bound),
            download_dir: wording::shown_path(&with_tilde(&download_dir)),
        },
        sockets,
        notice: opening.notice,
        peers: opening.peers,
        peer: opening.peer,
        server: opening.server,
        credentials: opening.credentials,
        store,
        keymap: config.keymap.clone(),
        look: Look { words: context.words.clone(), theme },
        notify: NotifySettings {
            bell: config.notify.bell,
            desktop: terminal.desktop.is_some(),
            text: config.notify.text,
        },
        terminal,
        // Where that is gone, or nobody may know it, the user has to say which.
        folder: env::current_dir().unwrap_or_default(),
        downloads: config.downloads(download_dir),
        retries: config.retries,
        client: Client::new(config.timeouts).with_insecure_redirects(config.insecure_redirects),
        serve,
    };
    // The whole program is in there: too much to move about on the stack.
    match Box::pin(shell::run(start)).await {
        Ok(End::Quit) => Ok(()),
        Ok(End::Terminated(code)) => Err(Ending::Signalled(code)),
        Err(error) => Err(error.into()),
    }
}

/// What is never shared. Also where the program has its database in another folder than the usual one.
fn private(context: &Context, data_dir: &Path) -> Private {
    let mut private = context.private();
    if !private.folders.iter().any(|folder| folder == data_dir) {
        private.folders.push(data_dir.to_path_buf());
    }
    Private { has_open_database: true, ..private }
}

/// What the terminal can do, as far as the user wants it.
fn abilities(config: &Config) -> Abilities {
    let terminal = Abilities::of_terminal(|name| env::var(name).unwrap_or_default());
    let desktop = match config.notify.desktop {
        DesktopChoice::Auto => terminal.desktop,
        DesktopChoice::Osc9 => Some(Desktop::Osc9),
        DesktopChoice::Osc777 => Some(Desktop::Osc777),
        DesktopChoice::Osc99 => Some(Desktop::Osc99),
        DesktopChoice::Off => None,
    };
    let links = match config.links {
        LinksChoice::Auto => terminal.links,
        LinksChoice::On => true,
        LinksChoice::Off => false,
    };
    Abilities { desktop, title: terminal.title && config.notify.title, links, ..terminal }
}

fn theme(choice: ThemeChoice) -> Result<Theme, toml::de::Error> {
    let set = |name: &str| env::var(name).unwrap_or_default();
    let preset = match choice {
        ThemeChoice::Auto => Preset::of_terminal(&set("COLORTERM"), &set("COLORFGBG")),
        ThemeChoice::Dark => Preset::Dark,
        ThemeChoice::Light => Preset::Light,
        ThemeChoice::Ansi16 => Preset::Ansi16,
    };
    let theme = preset.theme()?;
    // https://no-color.org: set and not empty, whatever its value.
    Ok(if set("NO_COLOR").is_empty() { theme } else { theme.without_colour() })
}
