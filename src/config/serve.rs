//! `[serve]`: what is shared of a folder, and how long the server waits for what.

use std::ops::RangeInclusive;
use std::time::Duration;

use serde::Deserialize;

use super::ConfigError;
use crate::serve::{Access, AllowedHost, Limits, Private, Uploads};
use crate::text::size;

/// What the limit of a head may be, in bytes.
const HEADS: RangeInclusive<u64> = 1000..=256_000;

layer! {
    /// `[serve]`; times in seconds
    ServeLayer {
        /// Whether what is hidden is served.
        hidden: bool,
        /// Whether links may lead out of the folder.
        follow_links: bool,
        /// Whether files may be added.
        upload: bool,
        /// Whether they may take the place of others.
        overwrite: bool,
        /// Bytes of one of them, with a unit; empty: as many as there is room for.
        max_upload: String,
        /// Bytes of the disk that are left free, with a unit.
        keep_free: String,
        /// Names by which clients may call the server.
        allow_hosts: Vec<String>,
        /// Connections in all.
        connections: usize,
        /// Connections from one address.
        per_address: usize,
        /// Bytes of a head, with a unit.
        max_head: String,
        /// For a first byte, a head, the next request.
        silence: f64,
        /// For more of a name.
        hesitation: f64,
        /// For a client to take or send any more.
        stall: f64,
        /// For running answers, at the end.
        grace: f64,
    }
}

/// How folders are shared.
#[derive(Debug, Clone, Default)]
pub struct ServeSettings {
    /// What of a folder; whom the server answers is no setting.
    pub access: Access,
    /// How long the server waits.
    pub limits: Limits,
}

impl ServeLayer {
    pub(super) fn sound(&self) -> Result<ServeSettings, ConfigError> {
        let uploads = Uploads {
            overwrite: self.overwrite.unwrap_or_default(),
            limit: self.sound_limit()?,
            keep_free: self.sound_keep_free()?,
        };
        Ok(ServeSettings {
            access: Access {
                hidden: self.hidden.unwrap_or_default(),
                follow_links: self.follow_links.unwrap_or_default(),
                credentials: None,
                uploads: self.upload.unwrap_or_default().then_some(uploads),
                hosts: self.sound_hosts()?,
                private: Private::default(),
            },
            limits: Limits {
                connections: count(self.connections, "connections")?,
                per_address: count(self.per_address, "per_address")?,
                head: self.sound_head()?,
                silence: seconds(self.silence, "silence")?,
                hesitation: seconds(self.hesitation, "hesitation")?,
                stall: seconds(self.stall, "stall")?,
                grace: seconds(self.grace, "grace")?,
            },
        })
    }

    fn sound_limit(&self) -> Result<Option<u64>, ConfigError> {
        let text = self.max_upload.as_deref().unwrap_or_default().trim();
        if text.is_empty() {
            return Ok(None);
        }
        let limit = size::parse(text).filter(|limit| *limit > 0).map(Some);
        limit.ok_or_else(|| wrong("max_upload", "a number of bytes such as 500M or 2G, or empty", text))
    }

    fn sound_hosts(&self) -> Result<Vec<AllowedHost>, ConfigError> {
        let texts = self.allow_hosts.iter().flatten();
        let hosts = texts.map(|text| {
            AllowedHost::parse(text).ok_or_else(|| {
                wrong("allow_hosts", "host names such as box.lan, *.example.com or *, without a port", text)
            })
        });
        hosts.collect()
    }

    fn sound_head(&self) -> Result<usize, ConfigError> {
        let text = self.max_head.as_deref().unwrap_or_default().trim();
        let head = size::parse(text).filter(|head| HEADS.contains(head));
        let head = head.and_then(|head| usize::try_from(head).ok());
        head.ok_or_else(|| wrong("max_head", "from 1k to 256k", text))
    }

    fn sound_keep_free(&self) -> Result<u64, ConfigError> {
        let text = self.keep_free.as_deref().unwrap_or_default().trim();
        size::parse(text).ok_or_else(|| wrong("keep_free", "a number of bytes such as 500M or 2G", text))
    }
}

fn count(value: Option<usize>, name: &str) -> Result<usize, ConfigError> {
    let count = value.filter(|count| (1..=100_000).contains(count));
    count.ok_or_else(|| ConfigError::Value(format!("serve.{name} must be from 1 to 100000")))
}

fn seconds(value: Option<f64>, name: &str) -> Result<Duration, ConfigError> {
    let value = value.filter(|seconds| (0.001..=86_400.0).contains(seconds));
    let duration = value.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    duration.ok_or_else(|| ConfigError::Value(format!("serve.{name} must be from 0.001 to 86400 seconds")))
}

fn wrong(name: &str, wanted: &str, text: &str) -> ConfigError {
    ConfigError::Value(format!("serve.{name} must be {wanted}, and is \"{}\"", text.escape_debug()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Layer};

    fn settings(line: ServeLayer, file: &str) -> Result<ServeSettings, ConfigError> {
        let line = Layer { serve: line, ..Layer::default() };
        Ok(Config::new(line, toml::from_str(file).unwrap())?.serve)
    }

    #[test]
    fn by_default_everything_that_is_not_hidden_is_read_and_nothing_written() {
        let ServeSettings { access, limits } = settings(ServeLayer::default(), "").unwrap();
        assert!(!access.hidden && !access.follow_links && access.uploads.is_none(), "{access:?}");
        let (given, built_in) = (format!("{limits:?}"), format!("{:?}", Limits::default()));
        assert_eq!(given, built_in);
    }

    #[test]
    fn the_command_line_wins_over_the_file() {
        let file = "[serve]\nupload = true\nmax_upload = '2M'\nkeep_free = '0'\nhidden = true\nstall = 1.5";
        let settings = |line| settings(line, file).unwrap();
        let ServeSettings { access, limits } = settings(ServeLayer::default());
        assert_eq!(access.uploads, Some(Uploads { overwrite: false, limit: Some(2_000_000), keep_free: 0 }));
        assert!(access.hidden);
        assert_eq!(limits.stall, Duration::from_millis(1500));
        let read_only = settings(ServeLayer { upload: Some(false), ..ServeLayer::default() });
        assert_eq!(read_only.access.uploads, None);
        let larger = settings(ServeLayer { max_upload: Some("1G".into()), ..ServeLayer::default() });
        assert_eq!(larger.access.uploads.unwrap().limit, Some(1_000_000_000));
    }

    #[test]
    fn a_value_that_makes_no_sense_is_refused_by_its_name() {
        for (text, name) in [
            ("max_upload = 'much'", "serve.max_upload"),
            ("max_upload = '0'", "serve.max_upload"),
            ("keep_free = ''", "serve.keep_free"),
            ("allow_hosts = ['box:80']", "serve.allow_hosts"),
            ("silence = 0", "serve.silence"),
            ("grace = -1", "serve.grace"),
            ("stall = inf", "serve.stall"),
            ("hesitation = nan", "serve.hesitation"),
        ] {
            let error = settings(ServeLayer::default(), &format!("[serve]\n{text}")).unwrap_err();
            assert!(error.to_string().contains(name), "{text}: {error}");
        }
    }
}
