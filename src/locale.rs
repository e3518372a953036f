//! Every sentence that a user can see, by language. Owns the words; which word is said when is the business of the
//! view and of the commands. Imports nothing of ours.
//!
//! The words stand in `assets/locale/*.toml`. A language that lacks one, or has one too many, does not load, and a
//! test loads them all.

use std::collections::BTreeMap;

use serde::Deserialize;
use strum::{Display, VariantArray};

/// A language that hobnob speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Display, VariantArray)]
#[strum(serialize_all = "lowercase")]
pub enum Language {
    /// English.
    En,
    /// Chinese, simplified.
    Zh,
}

impl Language {
    /// The language of a POSIX locale name such as `zh_CN.UTF-8`; English for all that we do not speak.
    #[must_use]
    pub fn of_locale(name: &str) -> Self {
        if name.to_ascii_lowercase().starts_with("zh") { Self::Zh } else { Self::En }
    }

    fn source(self) -> &'static str {
        match self {
            Self::En => include_str!("../assets/locale/en.toml"),
            Self::Zh => include_str!("../assets/locale/zh.toml"),
        }
    }

    /// All words of this language.
    pub fn words(self) -> Result<Words, toml::de::Error> {
        toml::from_str(self.source())
    }
}

/// Puts values into a sentence: each `{name}` becomes the value that stands beside that name.
#[must_use]
pub fn fill(sentence: &str, values: &[(&str, &str)]) -> String {
    let mut filled = String::with_capacity(sentence.len() + 32);
    let mut rest = sentence;
    while let Some((before, from)) = rest.split_once('{') {
        filled.push_str(before);
        let value = from
            .split_once('}')
            .and_then(|(name, behind)| Some((values.iter().find(|(known, _)| *known == name)?.1, behind)));
        if let Some((value, behind)) = value {
            filled.push_str(value);
            rest = behind;
        } else {
            filled.push('{');
            rest = from;
        }
    }
    filled.push_str(rest);
    filled
}

/// Declares groups of words, so that a misspelt one is an error of the compiler.
macro_rules! words {
    ($($(#[$doc:meta])* $group:ident { $($word:ident),* $(,)? })*) => { $(
        $(#[$doc])*
        #[derive(Debug, Clone, Deserialize)]
        #[serde(deny_unknown_fields)]
        #[expect(missing_docs, reason = "a word's meaning is the sentence in assets/locale/en.toml")]
        pub struct $group { $(pub $word: String),* }
    )* };
}

words! {
    /// Why an address is none.
    AddressWords { empty, empty_source, peer_scheme, port, brackets, host, scheme, userinfo }
    /// Why something did not work.
    FaultWords {
        unresolved, refused, unreachable, no_network, timed_out_resolve, timed_out_connect, timed_out_answer,
        timed_out_body, reset, closed, status, not_found, forbidden, garbled, nothing_sent, is_folder, is_file, no_listing, too_large,
        encoded, too_deep, too_many, cut_short, bad_name, short, other_length, part_only, not_checksums, redirected, insecure_redirect, redirected_too_often, unauthorized, unauthorized_realm,
        unknown_authority, other_name, expired, not_yet_valid, revoked, no_tls, no_authorities, tls, too_long_for_datagram, disk_full, exists, not_regular, hidden_name, fetching, changed, wrong_digest, wrong_digest_agrees, wrong_digest_passed_on, not_beginning, no_checksum, damaged, other_version, disk,
        network, interrupted, earlier_run, nobody_reads, too_long, edited_too_long, edited_not_text,
        not_started, program_failed, no_desktop, gone, not_for_opening, busy,
        not_tried, not_tried_files, not_walked,
        undecided, web_page, loops, not_file, not_files, unnamed,
    }
    /// What stands around both tabs.
    FrameWords { too_small, chat, files, to, from, nobody, nowhere, saving_to }
    /// The chat tab.
    ChatWords {
        plain, broadcast_plain, resolving, message, unaddressed, placeholder, datagrams, too_long, me,
        sending, sent, heard_back, refused, failed, unsaved,
        nothing_saved, broadcast, undelivered, back, blocked, held_back, not_kept, unblock_hint, muted, folded, overflowed, empty, new_message, new_messages,
        more_below, older_dropped, turned_away, no_peer, no_peer_hint, no_peer_wait, no_messages,
    }
    /// The files tab.
    FilesWords {
        asking, http, plain, unreadable, items, items_cut, hidden, all_hidden, path, name, size, modified, file_name, filter, of, marked, empty, nothing_listed, unshared, query_only, special, no_match, no_server,
        no_server_hint, no_names, fetched_before, failed_hint, transfers, waiting, no_length, saved, failed,
        cancelled,
    }
    /// How far a download is, and what became of it.
    TransferWords {
        asking, transferring, retrying, waiting_for, verifying, finishing, changed, differs, no_ranges, no_validator, forgotten, proof, proof_given,
        proof_answer, proof_field, comma, unread, skipped, same, alike, not_newer, undated, uncertain, uncertain_sampled, compared_length, compared_date, compared_tag, compared_end,
        listing, paused, crashed, crashed_short, crashed_why, stopping, conflict, unauthorized, empty, partly, files, failed, done, kept, resumed, to, from, limit,
        all_paused, asked, held, left, renamed, renamed_many, retry_hint, resume_hint, open_hint, answer_hint, details_hint,
        conflict_title, there, comes, waiting_too, rename, overwrite, skip, resume, newer, for_all,
        open_title, open_question, dot_title, dot_question, dot_question_more, limit_title, limit_hint, limit_wrong, details_title, running, failures,
    }
    /// Whether something is really to be destroyed.
    ConfirmWords {
        cancel_title, cancel, cancel_partly, cancel_all, remove_title, remove, clear_title, clear, forget_title, bookmark, server, folder,
        stop_title, stop, stop_one,
    }
    /// A file that is looked at before it is downloaded.
    PreviewWords { text, bytes, entries, entries_so_far, beginning, empty }
    /// What is set for a peer.
    PeerWords {
        name, no_name, naming, pinned, muted, blocked, bell, desktop, title, forget, forget_question, block_question,
        monday, tuesday, wednesday, thursday, friday, saturday, sunday,
    }
    /// What is said once, until the next key.
    NoticeWords {
        muted, unmuted, blocked, unblocked, cleared, cleared_one, noisy, name_shared,
        not_shared,
        bookmarked, not_bookmarked, not_measured, not_a_folder, not_for_preview,
        port_taken, no_peer, no_peer_chosen, not_a_file, nothing_selected, how_to_quit, too_long_to_send, too_long_to_paste, not_edited,
        copied, not_copied, opened, not_opened, may_run, not_here, asked, unauthorized, one_here, here, here_and_failed, all_failed,
        socket_down, queue_elsewhere, not_remembered, not_saved, not_read, not_searched, name_moved,
    }
    /// What lies over the screen.
    OverlayWords {
        help, go_to, go_to_hint, nothing_found, sign_in, user, password, remember, refused, unsendable, readable, peer, server, folder, bookmark, new_peer, new_server, quit,
        quit_going, quit_paused, quit_some_paused, quit_losing, quit_taking, quit_sure,
        addressee, addressee_question, pasted, insert, send_as_one, send_lines, too_many_lines, take_nothing,
    }
    /// Searching for words.
    FindWords { here, everywhere, placeholder, count, searching, nothing, nothing_hint, unreadable }
    /// What went over the wire.
    TrafficWords {
        title, only, dropped, empty, no_match, way_out, way_in, way_here, name, broadcast, split, queued, not_sent,
        bounced, folded, blocked, overflowed, lookup, resolved, list, fetch, plain, started, finished, stopped, kept,
    }
    /// All that is known of a message.
    DetailsWords {
        title, links, time, way, came, went, peer, name, size, datagrams, folded, encoding, utf8, other, broadcast,
        everyone, nobody_else, disk, saved, saving, states, received, now,
    }
    /// The key line.
    HintWords {
        older_hit, newer_hit, find, everywhere, here,
        open_link, copy, quote, resend,
        send, newline, editor,
        go_to, address, help, back, open, mark, get, download, filter, preview, jump, sort, hidden, bookmark, cancel, chat, files, next_pane, next_field,
        accept, choose, write, remove, yes, no, scroll, peers, reload, parent, details, only_peer,
        clear,
        open_file, answer, sign_in, pause, go_on, retry, reveal, copy_path, limit, clear_done, move_up,
        share, stop_sharing, to_message, code, next_address,
        talk, settings, name, pin, mute, block, forget, change, complete,
    }
    /// The command line itself.
    UsageWords {
        usage, commands, arguments, options, help, version, no_value, wrong_value, unknown, missing, conflict,
    }
    /// The demonstration.
    DemoWords { echo, echo_greeting, reverse, reverse_greeting, folder, readme, readme_text }
    /// What commands say while they start and stop.
    CommandWords {
        not_a_terminal, port_taken, port_forbidden, bind_failed, no_directory, config_unreadable, output_failed,
        misplaced_option,
        input_failed, input_not_text, listening, empty_datagram, too_few_datagrams,
        no_lists, no_name, one_output, output_folder, one_checksum, verify_stream, unverified, unverified_known, unverified_files, sent_page, stopped, stream_stopped, empty_folder, renamed, more_renamed, left_out, more_failures, held,
        who, who_in, password,
    }
    /// The folder that is shared.
    ShareWords {
        share, shared, folder, hint, hidden, no_hidden, outside, no_outside, hint_adding, no_folder, unwritable,
        starting, stopping, since, local_only, other_port, now, before, unlogged, nobody, no_room,
    }
    /// What was kept, as `hobnob history` prints it.
    HistoryWords { nothing, no_such_peer, not_kept, queued, heard_back, refused, failed, folded }
    /// What `hobnob doctor` finds.
    DoctorWords {
        ok, warning, broken, summary, see_above, port, network, files, terminal, firewall, peer, free, taken,
        taken_other, forbidden, failed, no_family, program, user, somebody, close_it, running, buffer, small_buffer,
        more_buffer, interface, broadcast, alone, plug_in, comes_back, lost, own_firewall, writable, to_be_made,
        unwritable, choose_data_dir, choose_download_dir, little_room, make_room, store, no_store, bad_store, term,
        no_term, set_term, colours, few_colours, utf8, not_utf8, set_utf8, tmux, tmux_hint, firewall_on, firewall_off,
        firewall_unknown, allow_ufw, allow_firewalld, see_nft, see_iptables, no_firewall, resolved, reached_from,
        everyone, no_network, listens, nobody_listens, start_it, unknowable, unknown_here,
    }
    /// The log of the file server.
    ServeWords {
        serving, fingerprint, no_plain, no_tls, uploading, overwriting, nothing, garbled, broken_off, stalled, cut_off, untold, received,
        wrong_auth, unreadable, unwritable, no_certificate, no_key, unusable_certificate,
    }
}

/// All words of one language.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Words {
    /// Why an address is none.
    pub address: AddressWords,
    /// Why something did not work.
    pub fault: FaultWords,
    /// What stands around both tabs.
    pub frame: FrameWords,
    /// The chat tab.
    pub chat: ChatWords,
    /// The files tab.
    pub files: FilesWords,
    /// How far a download is, and what became of it.
    pub transfer: TransferWords,
    /// Whether something is really to be destroyed.
    pub confirm: ConfirmWords,
    /// A file that is looked at before it is downloaded.
    pub preview: PreviewWords,
    /// What is set for a peer.
    pub peer: PeerWords,
    /// What is said once, until the next key.
    pub notice: NoticeWords,
    /// What lies over the screen.
    pub overlay: OverlayWords,
    /// Searching for words.
    pub find: FindWords,
    /// What went over the wire.
    pub traffic: TrafficWords,
    /// All that is known of a message.
    pub details: DetailsWords,
    /// The key line.
    pub hint: HintWords,
    /// The places where keys work, by their names in the key table.
    pub places: BTreeMap<String, String>,
    /// What the actions do, by place and by their names in the key table.
    pub actions: BTreeMap<String, BTreeMap<String, String>>,
    /// The command line itself.
    pub usage: UsageWords,
    /// The demonstration.
    pub demo: DemoWords,
    /// What commands say while they start and stop.
    pub command: CommandWords,
    /// The folder that is shared.
    pub share: ShareWords,
    /// What was kept, as `hobnob history` prints it.
    pub history: HistoryWords,
    /// What `hobnob doctor` finds.
    pub doctor: Box<DoctorWords>,
    /// The log of the file server.
    pub serve: ServeWords,
    /// The help texts of the command line, by `command.argument`.
    pub cli: BTreeMap<String, String>,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_language_has_every_word_and_no_other() {
        for language in Language::VARIANTS {
            language.words().unwrap_or_else(|error| panic!("{language}: {error}"));
        }
    }

    /// All sentences under their dotted names, with the values that each names.
    fn sentences(language: Language) -> BTreeMap<String, BTreeSet<String>> {
        fn walk(prefix: &str, value: &toml::Value, into: &mut BTreeMap<String, BTreeSet<String>>) {
            if let Some(table) = value.as_table() {
                for (name, value) in table {
                    walk(&format!("{prefix}.{name}"), value, into);
                }
                return;
            }
            let text = value.as_str().unwrap_or_else(|| panic!("{prefix} is not a text"));
            let names = text.split('{').skip(1).filter_map(|from| from.split_once('}'));
            into.insert(prefix.to_owned(), names.map(|(name, _)| name.to_owned()).collect());
        }
        let mut found = BTreeMap::new();
        walk("", &toml::from_str(language.source()).unwrap(), &mut found);
        found
    }

    #[test]
    fn a_sentence_names_the_same_values_in_every_language() {
        let english = sentences(Language::En);
        for language in Language::VARIANTS {
            assert_eq!(sentences(*language), english, "{language}");
        }
    }

    #[test]
    fn values_are_put_where_their_names_stand() {
        assert_eq!(fill("{n} of {m}", &[("n", "1"), ("m", "{n}")]), "1 of {n}");
        assert_eq!(fill("{no} such {", &[]), "{no} such {");
    }

    #[test]
    fn the_language_follows_the_locale() {
        assert_eq!(Language::of_locale("zh_CN.UTF-8"), Language::Zh);
        assert_eq!(Language::of_locale("de_DE.UTF-8"), Language::En);
        assert_eq!(Language::of_locale("C"), Language::En);
    }
}
