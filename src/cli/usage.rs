//! What the command line's own words are: the help, and what is wrong with what was written. Owns the way from clap's
//! words to ours.

use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue, Error, ErrorKind};
use clap::{Arg, ArgAction, Command};

use crate::locale::{Words, fill};

/// Where the options of all commands begin in the help of each.
const GLOBAL: usize = 1000;

/// The command with its help in the user's language.
pub(super) fn worded(command: Command, words: &Words) -> Command {
    describe(command, "hobnob", words)
}

fn describe(command: Command, key: &str, words: &Words) -> Command {
    let usage = &words.usage;
    let flag = |name: &'static str, short, action, help: &str| {
        Arg::new(name).short(short).long(name).action(action).help(help.to_owned())
    };
    let mut command = command
        .disable_help_flag(true)
        .arg(flag("help", 'h', ArgAction::Help, &usage.help))
        .help_template(template(words))
        .subcommand_help_heading(usage.commands.clone());
    if key == "hobnob" {
        command =
            command.disable_version_flag(true).arg(flag("version", 'V', ArgAction::Version, &usage.version));
    }
    if let Some(about) = words.cli.get(key) {
        command = command.about(about.clone());
    }
    let arguments: Vec<_> = command.get_arguments().map(|argument| argument.get_id().clone()).collect();
    for (nth, id) in arguments.into_iter().enumerate() {
        let own = words.cli.get(&format!("{key}.{id}"));
        let help = own.or_else(|| words.cli.get(&format!("hobnob.{id}"))).cloned();
        command = command.mut_arg(id, |argument| {
            let heading = if argument.is_positional() { &usage.arguments } else { &usage.options };
            let takes_value = argument.get_action().takes_values();
            // A command's own come first.
            let place = if argument.is_global_set() { nth + GLOBAL } else { nth };
            let argument = argument.help_heading(heading.clone()).display_order(place);
            // The values stand in the value's name, where they need no explanation in another language.
            let argument = if takes_value { argument.hide_possible_values(true) } else { argument };
            match help {
                Some(help) => argument.help(help),
                None => argument,
            }
        });
    }
    let names: Vec<_> = command.get_subcommands().map(|sub| sub.get_name().to_owned()).collect();
    for name in names {
        command = command.mut_subcommand(&name, |sub| describe(sub, &name, words));
    }
    command
}

fn template(words: &Words) -> StyledStr {
    format!("{{about}}\n\n{}: {{usage}}\n\n{{all-args}}", words.usage.usage).into()
}

/// What is wrong with the command line, in one sentence that says what to do.
pub(super) fn sentence(error: &Error, words: &Words) -> String {
    let usage = &words.usage;
    let context = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => text.clone(),
        Some(ContextValue::Strings(texts)) => texts.join(" "),
        Some(_) | None => String::new(),
    };
    let (argument, value) = (context(ContextKind::InvalidArg), context(ContextKind::InvalidValue));
    let about = |sentence: &str| fill(sentence, &[("argument", &argument), ("value", &value)]);
    let kind = error.kind();
    if kind == ErrorKind::InvalidValue && value.is_empty() {
        about(&usage.no_value)
    } else if matches!(kind, ErrorKind::InvalidValue | ErrorKind::ValueValidation) {
        about(&usage.wrong_value)
    } else if kind == ErrorKind::UnknownArgument {
        about(&usage.unknown)
    } else if kind == ErrorKind::InvalidSubcommand {
        fill(&usage.unknown, &[("argument", &context(ContextKind::InvalidSubcommand))])
    } else if kind == ErrorKind::MissingRequiredArgument {
        about(&usage.missing)
    } else if kind == ErrorKind::ArgumentConflict {
        fill(&usage.conflict, &[("argument", &argument), ("other", &context(ContextKind::PriorArg))])
    } else {
        error.to_string().lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned()
    }
}
