//! What was found, and how it is laid out: a mark, what was found, and below it what to do. Never wider than the output.

use crossterm::style::{Color, Stylize};
use serde::Serialize;

use crate::locale::{DoctorWords, fill};
use crate::text::clean_line;
use crate::text::width::{pad_to, width};
use crate::text::wrap::{Spaces, wrap};

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Mark {
    /// As it should be.
    Ok,
    /// It may be the reason, or may not.
    Warning,
    /// So it cannot work.
    Broken,
}

/// What something was found about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Topic {
    /// The port of the chat.
    Port,
    /// This machine's network.
    Network,
    /// The folders that hobnob writes to.
    Files,
    /// The terminal.
    Terminal,
    /// What may keep datagrams out.
    Firewall,
    /// The way to a peer.
    Peer,
}

/// One thing that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Finding {
    pub(super) about: Topic,
    pub(super) mark: Mark,
    pub(super) found: String,
    /// What to do.
    pub(super) advice: Option<String>,
}

impl Topic {
    /// Something is as it should be.
    pub(super) fn ok(self, found: String) -> Finding {
        self.finding(Mark::Ok, found, None)
    }

    /// Something may be the reason.
    pub(super) fn warning(self, found: String, advice: String) -> Finding {
        self.finding(Mark::Warning, found, Some(advice))
    }

    /// Something is the reason.
    pub(super) fn broken(self, found: String, advice: Option<String>) -> Finding {
        self.finding(Mark::Broken, found, advice)
    }

    fn finding(self, mark: Mark, found: String, advice: Option<String>) -> Finding {
        Finding { about: self, mark, found, advice }
    }
}

/// The form of a report for people.
pub(super) struct Report<'a> {
    pub(super) words: &'a DoctorWords,
    /// As it was typed.
    pub(super) peer: &'a str,
    pub(super) columns: usize,
    pub(super) coloured: bool,
}

impl Report<'_> {
    /// All of it, line by line.
    pub(super) fn text(&self, findings: &[Finding]) -> String {
        let mut lines = Vec::new();
        let mut before = None;
        for finding in findings {
            if before != Some(finding.about) {
                if before.is_some() {
                    lines.push(String::new());
                }
                self.push("", 0, &self.title(finding.about), &mut lines);
                before = Some(finding.about);
            }
            self.push_finding(finding, &mut lines);
        }
        lines.push(String::new());
        let count = |mark| findings.iter().filter(|finding| finding.mark == mark).count().to_string();
        let (ok, warnings, broken) = (count(Mark::Ok), count(Mark::Warning), count(Mark::Broken));
        let values = [("ok", &*ok), ("warnings", &*warnings), ("broken", &*broken)];
        self.push("", 0, &fill(&self.words.summary, &values), &mut lines);
        lines.join("\n") + "\n"
    }

    fn title(&self, topic: Topic) -> String {
        match topic {
            Topic::Port => self.words.port.clone(),
            Topic::Network => self.words.network.clone(),
            Topic::Files => self.words.files.clone(),
            Topic::Terminal => self.words.terminal.clone(),
            Topic::Firewall => self.words.firewall.clone(),
            Topic::Peer => fill(&self.words.peer, &[("peer", &clean_line(self.peer.as_bytes()))]),
        }
    }

    fn push_finding(&self, finding: &Finding, lines: &mut Vec<String>) {
        let words = [&self.words.ok, &self.words.warning, &self.words.broken];
        let wide = words.iter().map(|word| width(word)).max().unwrap_or_default();
        let [ok, warning, broken] = words;
        let (sign, word, colour) = match finding.mark {
            Mark::Ok => ("✓", ok, Color::Green),
            Mark::Warning => ("!", warning, Color::Yellow),
            Mark::Broken => ("✗", broken, Color::Red),
        };
        let mark = format!("{sign} {}", pad_to(word, wide));
        let shown = if self.coloured { mark.with(colour).to_string() } else { mark };
        let indent = wide + 6;
        self.push(&format!("  {shown}  "), indent, &finding.found, lines);
        if let Some(advice) = &finding.advice {
            self.push(&format!("{}→ ", " ".repeat(indent)), indent + 2, advice, lines);
        }
    }

    /// A text behind its beginning, and below itself where it has more than one line.
    fn push(&self, begin: &str, indent: usize, text: &str, lines: &mut Vec<String>) {
        let columns = self.columns.saturating_sub(indent).max(1);
        for (nth, range) in wrap(text, columns, Spaces::Hang).into_iter().enumerate() {
            let blank = " ".repeat(indent);
            lines.push(format!("{}{}", if nth == 0 { begin } else { &blank }, &text[range]));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::locale::Language;

    fn text(language: Language, columns: usize, findings: &[Finding]) -> Vec<String> {
        let words = language.words().unwrap().doctor;
        let report = Report { words: &words, peer: "lin", columns, coloured: false };
        report.text(findings).lines().map(str::to_owned).collect()
    }

    fn findings() -> [Finding; 3] {
        [
            Topic::Port.ok("free".into()),
            Topic::Port.warning("taken by somebody".into(), "choose another one".into()),
            Topic::Peer.broken("不在".into(), None),
        ]
    }

    #[test]
    fn marks_findings_and_advice_stand_in_columns_below_what_they_are_about() {
        assert_eq!(
            text(Language::En, 80, &findings()),
            [
                "Chat port",
                "  ✓ ok      free",
                "  ! look    taken by somebody",
                "            → choose another one",
                "",
                "Way to lin",
                "  ✗ broken  不在",
                "",
                "1 ok, 1 to look at, 1 broken",
            ]
        );
        assert_eq!(
            text(Language::Zh, 80, &findings())[1..3],
            ["  ✓ 正常  free", "  ! 注意  taken by somebody"]
        );
    }

    #[test]
    fn what_is_too_long_goes_on_below_itself() {
        let lines = text(Language::En, 24, &findings());
        assert_eq!(
            lines[2..6],
            ["  ! look    taken by", "            somebody", "            → choose", "              another"]
        );
        assert!(lines.iter().all(|line| width(line) <= 24), "{lines:?}");
    }
}
