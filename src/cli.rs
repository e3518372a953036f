//! The command line: what can be written there, and what all commands need before they start.
//! One file per headless command stands below; the full-screen program is started by the shell.

use std::ffi::OsString;
use std::io::{self, Write};
use std::net::IpAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{ArgMatches, Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use tokio::runtime::Builder;
use tokio::signal::unix::{SignalKind, signal};

use crate::config::{self, ChatLayer, Config, FilesLayer, LanguageChoice, Layer, ScreenLayer, ServeLayer};
use crate::event::system_words;
use crate::locale::{Words, fill};
use crate::net::chat::BindError;
use crate::text::clean_line;
use crate::text::size::grouped;
use crate::view::wording;
use crate::wire::source::Source;

mod code;
mod demo;
mod doctor;
mod get;
mod history;
pub mod json;
mod keeping;
mod listen;
mod ls;
mod password;
mod private;
mod screen;
mod send;
mod serve;
mod usage;

pub use get::Get;
pub use ls::Ls;
pub use serve::Serve;

/// What can be written on the command line. The help texts stand in the locale, under `[cli]`.
#[derive(Debug, Parser)]
#[command(name = "hobnob", version, disable_help_subcommand = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    screen: Screen,
    #[command(flatten)]
    common: Common,
}

/// The settings of the full-screen program.
#[derive(Debug, Args)]
pub struct Screen {
    #[arg(long, value_name = "N")]
    port: Option<u16>,
    #[arg(long, value_name = "ADDR")]
    bind: Option<IpAddr>,
    #[arg(long, value_name = "NICK")]
    name: Option<String>,
    #[arg(long, value_name = "ADDR")]
    peer: Option<String>,
    #[arg(long, value_name = "ADDR")]
    files: Option<String>,
    #[arg(long, value_name = "DIR")]
    download_dir: Option<PathBuf>,
}

/// What every command takes.
#[derive(Debug, Args)]
pub struct Common {
    #[arg(long, global = true, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[arg(long, global = true, value_name = "auto|en|zh", value_enum)]
    lang: Option<LanguageChoice>,
}

/// Where a command's socket listens or sends from.
#[derive(Debug, Args)]
pub struct Socket {
    /// Port; 0 lets the system choose.
    #[arg(long, value_name = "N")]
    pub port: Option<u16>,
    /// Address; none is all of IPv4 and IPv6.
    #[arg(long, value_name = "ADDR")]
    pub bind: Option<IpAddr>,
}

/// What to do other than open the full-screen program.
#[derive(Debug, Subcommand)]
enum Command {
    Demo(#[command(flatten)] Socket),
    Serve(Serve),
    Ls(Ls),
    Get(Get),
    Send(Send),
    Listen(Listen),
    History(History),
    Doctor(Doctor),
}

/// `hobnob send`
#[derive(Debug, Args)]
pub struct Send {
    /// To whom.
    #[arg(value_name = "PEER")]
    pub peer: String,
    /// What; from standard input where there is none.
    #[arg(value_name = "TEXT")]
    pub text: Vec<String>,
    /// Keep nothing of it.
    #[arg(long)]
    pub no_history: bool,
    /// Where to send from.
    #[command(flatten)]
    pub socket: Socket,
}

/// `hobnob listen`
#[derive(Debug, Args)]
pub struct Listen {
    /// Where to listen.
    #[command(flatten)]
    pub socket: Socket,
    /// One JSON object a line.
    #[arg(long)]
    pub json: bool,
    /// End after so many datagrams.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub count: Option<u64>,
    /// End after so many seconds.
    #[arg(long, value_name = "SECONDS", value_parser = listen::seconds)]
    pub timeout: Option<std::time::Duration>,
    /// Keep nothing of it.
    #[arg(long)]
    pub no_history: bool,
}

/// `hobnob history`
#[derive(Debug, Args)]
pub struct History {
    /// Whose; everybody's where there is none.
    #[arg(value_name = "PEER")]
    pub peer: Option<String>,
    /// With these words only.
    #[arg(long, value_name = "TEXT")]
    pub search: Option<String>,
    /// From then on.
    #[arg(long, value_name = "WHEN", value_parser = history::moment)]
    pub since: Option<jiff::Timestamp>,
    /// The newest so many.
    #[arg(long, value_name = "N", default_value_t = 100, hide_default_value = true)]
    pub limit: u64,
    /// One JSON object a line.
    #[arg(long)]
    pub json: bool,
}

/// `hobnob doctor`
#[derive(Debug, Args)]
pub struct Doctor {
    /// To whom the way is looked at.
    #[arg(value_name = "PEER")]
    pub peer: Option<String>,
    /// Where the chat would listen.
    #[command(flatten)]
    pub socket: Socket,
    /// As a JSON array.
    #[arg(long)]
    pub json: bool,
}

/// What every command needs.
#[derive(Debug)]
pub struct Context {
    /// The settings.
    pub config: Config,
    /// The words.
    pub words: Words,
    /// Where hobnob keeps its own files.
    pub data_dir: PathBuf,
    /// The settings that the command line names.
    pub config_file: Option<PathBuf>,
}

/// How a command can end otherwise than well. Exit codes are 1 and 2.
#[derive(Debug)]
pub enum Ending {
    /// Something did not work: one line that says what, and what to do.
    Failed(String),
    /// The command line asks for something that makes no sense.
    Usage(String),
    /// A signal ended it, with the exit code that shells give for that. There is nothing to say.
    Signalled(u8),
}

impl Socket {
    /// The addresses to listen on or send from: the one named here, or those of the settings.
    #[must_use]
    pub fn addresses(&self, config: &Config) -> Vec<IpAddr> {
        self.bind.map_or_else(|| config.bind.clone(), |address| vec![address])
    }
}

impl Context {
    /// There is no socket, to chat through or to serve on.
    #[must_use]
    pub fn cannot_bind(&self, error: &BindError) -> Ending {
        let words = &self.words.command;
        let about_port = |sentence: &str, port: u16| fill(sentence, &[("port", &port.to_string())]);
        Ending::Failed(match error {
            BindError::Taken(port) => about_port(&words.port_taken, *port),
            BindError::Forbidden(port) => about_port(&words.port_forbidden, *port),
            BindError::Failed(address, error) => fill(
                &words.bind_failed,
                &[("address", &address.to_string()), ("reason", &system_words(error))],
            ),
        })
    }

    /// Something went wrong on the network or the disk, with `about` (an address, a name) it happened.
    #[must_use]
    pub fn failed(&self, about: &str, fault: &crate::event::Fault) -> Ending {
        Ending::Failed(format!("{about}: {}", wording::fault(&self.words, fault)))
    }

    /// Says on stderr how many things the server left out of the lists of a folder; nothing where it says of none.
    fn say_left_out(&self, folder: &Source, count: u64) {
        if count > 0 {
            let (folder, count) = (folder.to_string(), grouped(count));
            let words = &self.words.command.left_out;
            Ending::Failed(fill(words, &[("source", &folder), ("count", &count)])).say();
        }
    }
}

/// What came of writing what a command is there to say. An output that was closed is fine: its reader has enough.
fn written(words: &Words, outcome: io::Result<()>) -> Result<(), Ending> {
    match outcome {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(cannot_write(words, &error)),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// What a command is there to say could not be written.
fn cannot_write(words: &Words, error: &io::Error) -> Ending {
    Ending::Failed(fill(&words.command.output_failed, &[("reason", &system_words(error))]))
}

/// Reads the command line and does what it says.
#[must_use]
pub fn run(arguments: Vec<OsString>) -> ExitCode {
    // The help is worded before anything is parsed, so the language is looked for first.
    let language = config::language(language_of(&arguments));
    let words = match language.words() {
        Ok(words) => words,
        Err(error) => return Ending::Failed(error.to_string()).say(),
    };
    let command = usage::worded(Cli::command(), &words);
    let read = command.try_get_matches_from(arguments).and_then(|matches| {
        let cli = Cli::from_arg_matches(&matches)?;
        Ok((matches, cli))
    });
    let (matches, cli) = match read {
        Ok(read) => read,
        // The help and the version are asked for; they go to standard output.
        Err(asked) if !asked.use_stderr() => asked.exit(),
        Err(wrong) => return Ending::Usage(usage::sentence(&wrong, &words)).say(),
    };
    let ended = misplaced(&matches, &words).map_or_else(|| start(cli, &words), Err);
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(ending) => ending.say(),
    }
}

impl From<io::Error> for Ending {
    /// Something of the system's did not work, and there is nothing to say but what it says.
    fn from(error: io::Error) -> Self {
        Self::Failed(system_words(&error).to_string())
    }
}

impl Ending {
    /// Tells the user on stderr, and gives the exit code.
    fn say(&self) -> ExitCode {
        let (message, code) = match self {
            Self::Failed(message) => (message, 1),
            Self::Usage(message) => (message, 2),
            Self::Signalled(code) => return ExitCode::from(*code),
        };
        // Whatever of it is somebody else's text (a path, a file's line): one line that no terminal acts upon.
        let message = clean_line(message.as_bytes());
        // Where even stderr is gone there is nobody left to tell.
        let _ = writeln!(io::stderr(), "hobnob: {message}");
        ExitCode::from(code)
    }
}

fn language_of(arguments: &[OsString]) -> Option<LanguageChoice> {
    let mut arguments = arguments.iter().filter_map(|argument| argument.to_str());
    let value = arguments.find_map(|argument| match argument {
        "--lang" => Some(None),
        other => other.strip_prefix("--lang=").map(Some),
    })?;
    LanguageChoice::from_str(value.or_else(|| arguments.next())?, true).ok()
}

/// An option of the full-screen program before another command: it would be ignored, so it is refused.
fn misplaced(matches: &ArgMatches, words: &Words) -> Option<Ending> {
    let command = matches.subcommand_name()?;
    let options = Screen::augment_args(clap::Command::new("screen"));
    let given = options.get_arguments().find(|option| matches.contains_id(option.get_id().as_str()))?;
    let option = given.get_long().unwrap_or_default();
    let values = [("option", option), ("command", command)];
    Some(Ending::Usage(fill(&words.command.misplaced_option, &values)))
}

fn start(cli: Cli, words: &Words) -> Result<(), Ending> {
    let Cli { command, screen, common } = cli;
    let unreadable = |path: &str, reason: &str| {
        Ending::Failed(fill(&words.command.config_unreadable, &[("path", path), ("reason", reason)]))
    };
    let path = common
        .config
        .as_deref()
        .map_or_else(|| "config.toml".into(), |path| wording::shown_path(path).to_string());
    let file =
        Layer::read(common.config.as_deref()).map_err(|error| unreadable(&path, &error.to_string()))?;
    let Screen { port, bind, name, peer, files, download_dir } = screen;
    let line = Layer {
        chat: ChatLayer { port, bind: bind.map(|address| vec![address]), name },
        files: FilesLayer { download_dir, ..FilesLayer::default() },
        screen: ScreenLayer { language: common.lang, ..ScreenLayer::default() },
        serve: match &command {
            Some(Command::Serve(arguments)) => arguments.layer(),
            _ => ServeLayer::default(),
        },
        ..Layer::default()
    };
    let config = Config::new(line, file).map_err(|error| unreadable(&path, &error.to_string()))?;
    let words = config.language.words().map_err(|error| Ending::Failed(error.to_string()))?;
    let data_dir =
        common.data_dir.or_else(config::default_data_dir).unwrap_or_else(|| PathBuf::from(".hobnob"));
    let context = Context { config, words, data_dir, config_file: common.config };
    match command {
        None => screen::run(&context, peer, files.as_deref()),
        Some(Command::Demo(socket)) => demo::run(&context, &socket),
        Some(Command::Ls(options)) => block_on(ls::run(&context, &options)),
        // It is faster where nothing goes from one thread to another but what waits for the disk.
        Some(Command::Get(options)) => block_on_one(get::run(&context, &options)),
        Some(Command::Send(send)) => send::run(&context, &send),
        Some(Command::Listen(listen)) => listen::run(&context, &listen),
        Some(Command::History(wanted)) => history::run(&context, &wanted),
        Some(Command::Doctor(options)) => block_on(doctor::run(&context, &options)),
        Some(Command::Serve(arguments)) => block_on(serve::run(&context, &arguments)),
    }
}

/// Ends when the user, or the system, wants us to stop. From here on the signals do not end the program by themselves,
/// so that what came can be left in order.
fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hangup = signal(SignalKind::hangup())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
    })
}

/// Runs a command's future to its end on a runtime of its own, with a thread for each processor.
fn block_on(future: impl Future<Output = Result<(), Ending>>) -> Result<(), Ending> {
    run_on(Builder::new_multi_thread(), future)
}

/// The same on this thread alone, which nothing may hold up.
fn block_on_one(future: impl Future<Output = Result<(), Ending>>) -> Result<(), Ending> {
    run_on(Builder::new_current_thread(), future)
}

fn run_on(mut builder: Builder, future: impl Future<Output = Result<(), Ending>>) -> Result<(), Ending> {
    let runtime = builder.enable_all().build()?;
    let result = runtime.block_on(future);
    // The system's resolver cannot be interrupted: nobody waits for an answer that came too late.
    runtime.shutdown_background();
    result
}
