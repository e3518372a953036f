//! The settings: defaults from `assets/config.toml`, the user's file laid over them, the command line over both.
//! Owns their names and their meaning; never asks the system where things are beyond the user's own folders.

use std::env;
use std::fs;
use std::io;
use std::net::IpAddr;
use std::num::NonZeroU64;
use std::path::{Path, PathBuf};
use std::time::Duration;

use directories::{ProjectDirs, UserDirs};
use serde::Deserialize;

use crate::app::keys::Keymap;
use crate::effect::{Conflict, NamePolicy};
use crate::locale::Language;
use crate::net::{Port, Timeouts};
use crate::text::{Clean, clean_line};

/// Declares settings that a layer may leave out to the one below.
macro_rules! layer {
    ($(#[$doc:meta])* $name:ident { $($(#[$about:meta])* $field:ident: $kind:ty,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Default, Deserialize)]
        #[serde(deny_unknown_fields, default)]
        pub struct $name { $($(#[$about])* pub $field: Option<$kind>,)* }

        impl $name {
            pub(super) fn over(self, below: Self) -> Self {
                Self { $($field: self.$field.or(below.$field),)* }
            }
        }
    };
}

mod files;
mod serve;

pub use files::{FilesLayer, absolute};
pub use serve::{ServeLayer, ServeSettings};

/// The settings in use.
#[derive(Debug, Clone)]
pub struct Config {
    /// UDP port of the chat, and whether the user asked for just this one.
    pub port: Port,
    /// Addresses to listen on.
    pub bind: Vec<IpAddr>,
    /// The user's name; empty where none was given.
    pub name: Clean,
    /// Where downloaded files go.
    pub download_dir: PathBuf,
    /// Put before the name of each downloaded file.
    pub prefix: String,
    /// Large files that are downloaded at the same time.
    pub at_once: usize,
    /// What becomes of a downloaded file where something of its name is there already.
    pub conflict: Conflict,
    /// How often a download that does not work is tried again.
    pub retries: u32,
    /// Bytes a second that all downloads together may take; none: as many as come.
    pub limit_rate: Option<NonZeroU64>,
    /// How much of the name of a downloaded file is kept.
    pub names: NamePolicy,
    /// Whether redirects from https to http are followed.
    pub insecure_redirects: bool,
    /// Whether a downloaded folder that was there before gets names that begin with a dot.
    pub hidden_names: bool,
    /// How long to wait for what.
    pub timeouts: Timeouts,
    /// How folders are shared.
    pub serve: ServeSettings,
    /// Which theme.
    pub theme: ThemeChoice,
    /// Which language.
    pub language: Language,
    /// Whether the terminal is told which cells are links.
    pub links: LinksChoice,
    /// How a user who is not looking is told.
    pub notify: Notify,
    /// Which keys.
    pub keymap: Keymap,
}

/// How a user who is not looking is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Notify {
    /// Whether the terminal's bell rings.
    pub bell: bool,
    /// How the terminal is asked to tell the desktop.
    pub desktop: DesktopChoice,
    /// Whether the desktop is told the message's text, too.
    pub text: bool,
    /// Whether the window's title counts what is unread.
    pub title: bool,
}

/// How the terminal is asked to tell the desktop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DesktopChoice {
    /// In the way that it is known to understand.
    Auto,
    /// As iTerm2 does.
    Osc9,
    /// As rxvt-unicode does.
    Osc777,
    /// As kitty does.
    Osc99,
    /// Not at all.
    Off,
}

/// Whether the terminal is told which cells are links.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LinksChoice {
    /// If it is known to understand it.
    Auto,
    /// In any case.
    On,
    /// Never.
    Off,
}

/// Which theme.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ThemeChoice {
    /// What the terminal says of itself decides.
    Auto,
    /// For dark backgrounds, in 24-bit colour.
    Dark,
    /// For light backgrounds, in 24-bit colour.
    Light,
    /// The terminal's own sixteen colours.
    Ansi16,
}

/// Settings as one file states them; what it leaves out is left to the layer below.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Layer {
    /// `[chat]`
    pub chat: ChatLayer,
    /// `[files]`
    pub files: FilesLayer,
    /// `[timeouts]`
    pub timeouts: TimeoutLayer,
    /// `[serve]`
    pub serve: ServeLayer,
    /// `[screen]`
    pub screen: ScreenLayer,
    /// `[notify]`
    pub notify: NotifyLayer,
    /// `[keys]`
    pub keys: Keymap,
}

layer! {
    /// `[chat]`
    ChatLayer {
        /// UDP port.
        port: u16,
        /// Addresses to listen on.
        bind: Vec<IpAddr>,
        /// The user's name.
        name: String,
    }
}

layer! {
    /// `[timeouts]`, in seconds
    TimeoutLayer {
        /// For the addresses of a name.
        resolve: u64,
        /// For a connection.
        connect: u64,
        /// For the beginning of an answer.
        answer: u64,
        /// For more of a body.
        body: u64,
        /// For a server that is away.
        outage: u64,
    }
}

layer! {
    /// `[screen]`
    ScreenLayer {
        /// Which theme.
        theme: ThemeChoice,
        /// `auto`, `en` or `zh`.
        language: LanguageChoice,
        /// Whether the terminal is told which cells are links.
        links: LinksChoice,
    }
}

layer! {
    /// `[notify]`
    NotifyLayer {
        /// Whether the terminal's bell rings.
        bell: bool,
        /// How the terminal is asked to tell the desktop.
        desktop: DesktopChoice,
        /// Whether the desktop is told the message's text, too.
        text: bool,
        /// Whether the window's title counts what is unread.
        title: bool,
    }
}

/// Which language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum LanguageChoice {
    /// The environment decides.
    Auto,
    /// English.
    En,
    /// Chinese.
    Zh,
}

/// Why the configuration is of no use.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file is not there or cannot be read.
    #[error("{0}")]
    Read(#[from] io::Error),
    /// The file says what it must not, in this line.
    #[error("line {0}: {1}")]
    Parse(usize, String),
    /// What comes with hobnob itself is wrong.
    #[error("{0}")]
    Preset(#[from] toml::de::Error),
    /// A setting has a value that makes no sense.
    #[error("{0}")]
    Value(String),
}

impl Layer {
    /// Reads a user's file. One that was named must be there; the usual one may be missing.
    pub fn read(named: Option<&Path>) -> Result<Self, ConfigError> {
        let Some(path) = named.map(Path::to_path_buf).or_else(default_file) else {
            return Ok(Self::default());
        };
        match fs::read_to_string(path) {
            Ok(text) => Self::parse(&text),
            Err(error) if named.is_none() && error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(error.into()),
        }
    }

    fn parse(text: &str) -> Result<Self, ConfigError> {
        toml::from_str(text).map_err(|error| {
            let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
            ConfigError::Parse(before.matches('\n').count() + 1, error.message().to_owned())
        })
    }

    /// Where this layer says nothing, what the one below says.
    fn over(self, below: Self) -> Self {
        Self {
            chat: self.chat.over(below.chat),
            files: self.files.over(below.files),
            timeouts: self.timeouts.over(below.timeouts),
            serve: self.serve.over(below.serve),
            screen: self.screen.over(below.screen),
            notify: self.notify.over(below.notify),
            ..below
        }
    }
}

impl Config {
    /// The command line's layer over the user's file over the defaults.
    pub fn new(command_line: Layer, file: Layer) -> Result<Self, ConfigError> {
        let keys = file.keys.clone();
        let user = command_line.over(file);
        let asked_for = user.chat.port;
        let all = user.over(toml::from_str(include_str!("../assets/config.toml"))?);
        let missing = |name: &str| ConfigError::Value(format!("{name} is missing"));
        let seconds = |value: Option<u64>, name: &str| match value {
            Some(seconds @ 1..=86_400) => Ok(Duration::from_secs(seconds)),
            _ => Err(ConfigError::Value(format!("timeouts.{name} must be from 1 to 86400 seconds"))),
        };
        let port = match asked_for {
            Some(port) => Port::Required(port),
            None => Port::Preferred(all.chat.port.ok_or_else(|| missing("chat.port"))?),
        };
        let bind = all.chat.bind.filter(|addresses| !addresses.is_empty());
        let (at_once, retries) = (all.files.sound_at_once()?, all.files.sound_retries()?);
        let limit_rate = all.files.sound_rate()?;
        let download_dir = all.files.download_dir.filter(|dir| !dir.as_os_str().is_empty());
        Ok(Self {
            port,
            bind: bind.ok_or_else(|| ConfigError::Value("chat.bind names no address".into()))?,
            name: clean_line(all.chat.name.unwrap_or_default().as_bytes()),
            download_dir: absolute(&download_dir.map_or_else(default_download_dir, |dir| expand_home(&dir))),
            prefix: all.files.prefix.unwrap_or_default(),
            at_once,
            conflict: all.files.conflict.unwrap_or_default(),
            retries,
            limit_rate,
            names: all.files.names.unwrap_or_default(),
            insecure_redirects: all.files.insecure_redirects.unwrap_or_default(),
            hidden_names: all.files.hidden.unwrap_or_default(),
            timeouts: Timeouts {
                resolve: seconds(all.timeouts.resolve, "resolve")?,
                connect: seconds(all.timeouts.connect, "connect")?,
                answer: seconds(all.timeouts.answer, "answer")?,
                body: seconds(all.timeouts.body, "body")?,
                outage: match all.timeouts.outage {
                    Some(0) => Duration::ZERO,
                    outage => seconds(outage, "outage")?,
                },
            },
            serve: all.serve.sound()?,
            theme: all.screen.theme.unwrap_or(ThemeChoice::Auto),
            language: language(all.screen.language),
            links: all.screen.links.unwrap_or(LinksChoice::Off),
            notify: Notify {
                bell: all.notify.bell.unwrap_or_default(),
                desktop: all.notify.desktop.unwrap_or(DesktopChoice::Off),
                text: all.notify.text.unwrap_or_default(),
                title: all.notify.title.unwrap_or_default(),
            },
            keymap: Keymap::preset()?
                .with(keys)
                .map_err(|conflict| ConfigError::Value(conflict.to_string()))?,
        })
    }
}

/// The language that was chosen, or that of the environment (POSIX: `LC_ALL` over `LC_MESSAGES` over `LANG`).
#[must_use]
pub fn language(choice: Option<LanguageChoice>) -> Language {
    match choice {
        Some(LanguageChoice::En) => Language::En,
        Some(LanguageChoice::Zh) => Language::Zh,
        Some(LanguageChoice::Auto) | None => {
            let set = |name: &&str| env::var(name).is_ok_and(|value| !value.is_empty());
            let name = ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().find(set);
            Language::of_locale(&name.and_then(|name| env::var(name).ok()).unwrap_or_default())
        }
    }
}

/// Where hobnob keeps its own files unless told otherwise.
#[must_use]
pub fn default_data_dir() -> Option<PathBuf> {
    Some(project()?.data_dir().to_path_buf())
}

/// The user's settings unless told otherwise; it may be missing.
#[must_use]
pub fn default_file() -> Option<PathBuf> {
    Some(project()?.config_dir().join("config.toml"))
}

fn project() -> Option<ProjectDirs> {
    ProjectDirs::from("", "", "hobnob")
}

fn default_download_dir() -> PathBuf {
    let user = UserDirs::new();
    let download = user.as_ref().and_then(|user| user.download_dir()).map(Path::to_path_buf);
    // Without an XDG user directory configured, the folder that desktops call it by.
    download.or_else(|| Some(user?.home_dir().join("Downloads"))).unwrap_or_else(|| PathBuf::from("."))
}

/// The way users write a path in their home folder: `~/Downloads`.
#[must_use]
pub fn with_tilde(path: &Path) -> PathBuf {
    let user = UserDirs::new();
    let rest = user.as_ref().and_then(|user| path.strip_prefix(user.home_dir()).ok());
    rest.map_or_else(|| path.to_path_buf(), |rest| Path::new("~").join(rest))
}

/// A path that begins with `~` as the system takes it.
#[must_use]
pub fn expand_home(path: &Path) -> PathBuf {
    match (path.strip_prefix("~"), UserDirs::new()) {
        (Ok(rest), Some(user)) => user.home_dir().join(rest),
        _ => path.to_path_buf(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_in_the_home_folder_is_written_with_a_tilde_and_read_back() {
        let home = UserDirs::new().unwrap().home_dir().to_path_buf();
        assert_eq!(with_tilde(&home.join("a/b")), Path::new("~/a/b"));
        assert_eq!(expand_home(&with_tilde(&home.join("a/b"))), home.join("a/b"));
        assert_eq!(with_tilde(Path::new("/elsewhere/a")), Path::new("/elsewhere/a"));
    }

    fn config(file: &str) -> Result<Config, ConfigError> {
        Config::new(Layer::default(), Layer::parse(file)?)
    }

    #[test]
    fn the_defaults_alone_are_a_configuration() {
        let config = config("").unwrap();
        assert_eq!(config.port, Port::Preferred(7890));
        assert_eq!(config.bind.len(), 2);
        assert_eq!((config.at_once, config.retries, config.limit_rate), (4, 5, None));
        assert_eq!(config.conflict, Conflict::Ask);
    }

    #[test]
    fn a_download_folder_is_the_same_wherever_the_next_run_is_started() {
        let here = env::current_dir().unwrap();
        let config = config("files.download_dir = 'below/../dl'").unwrap();
        assert_eq!(config.download_dir, here.join("dl"));
    }

    #[test]
    fn the_command_line_wins_over_the_file_and_the_file_over_the_defaults() {
        let file: Layer =
            toml::from_str("chat = { port = 1000, name = 'file' }\nfiles.prefix = '[接收]'").unwrap();
        let line = Layer { chat: ChatLayer { port: Some(2000), ..Default::default() }, ..Default::default() };
        let config = Config::new(line, file).unwrap();
        assert_eq!(config.port, Port::Required(2000));
        assert_eq!((&*config.name, &*config.prefix), ("file", "[接收]"));
    }

    #[test]
    fn what_is_wrong_in_a_file_is_said_with_its_line() {
        for (text, line, word) in [
            ("[chat]\nprot = 1", "line 2", "prot"),
            ("[chat]\n\nport = 70000", "line 3", "70000"),
            ("[screen]\ntheme = 'pink'", "line 2", "pink"),
            ("[keys.global]\nquit = ['hyper+x']", "line 2", "hyper+x"),
            ("[screen]\nlinks = 'yes'", "line 2", "yes"),
            ("[notify]\ndesktop = 'osc8'", "line 2", "osc8"),
            ("[files]\nconflict = 'smash'", "line 2", "smash"),
            ("[keys.global]\nquti = ['x']", "line 2", "quti"),
        ] {
            let error = config(text).unwrap_err().to_string();
            assert!(error.contains(line) && error.contains(word), "{text}: {error}");
        }
    }

    #[test]
    fn a_rate_is_read_with_its_unit() {
        let config = config("files.limit_rate = '1.5M'\nfiles.conflict = 'newer'").unwrap();
        assert_eq!(config.limit_rate, NonZeroU64::new(1_500_000));
        assert_eq!(config.downloads("/x".into()).conflict, Conflict::Newer);
    }

    #[test]
    fn a_value_that_makes_no_sense_is_refused_by_its_name() {
        for (text, name) in [
            ("files.at_once = 0", "files.at_once"),
            ("files.retries = 1001", "files.retries"),
            ("files.limit_rate = 'fast'", "files.limit_rate"),
            ("files.limit_rate = '0M'", "files.limit_rate"),
            ("timeouts.body = 0", "timeouts.body"),
            ("chat.bind = []", "chat.bind"),
        ] {
            assert!(config(text).unwrap_err().to_string().contains(name), "{text}");
        }
    }
}
