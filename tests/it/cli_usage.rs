//! The command line itself: its help, and what it says of what makes no sense.

use std::process::Command;

/// Exit code, standard output, and the lines of standard error.
fn hobnob(arguments: &[&str]) -> (Option<i32>, String, Vec<String>) {
    let output =
        Command::new(env!("CARGO_BIN_EXE_hobnob")).args(arguments).env("LANG", "C").output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let lines = text(output.stderr).lines().map(str::to_owned).collect();
    (output.status.code(), text(output.stdout), lines)
}

#[test]
fn what_makes_no_sense_is_said_in_one_line_in_the_users_language_and_ends_with_2() {
    for (arguments, english, chinese) in [
        (&["get"][..], "missing: <SOURCE>", "缺少 <SOURCE>"),
        (&["ls", "--jso", "x"], "there is no --jso", "没有 --jso"),
        (&["listen", "--count", "0"], "“0” is no value for --count <N>", "“0” 不能用于 --count <N>"),
        (&["listen", "--timeout"], "--timeout <SECONDS> needs a value", "--timeout <SECONDS> 需要一个值"),
        (&["gte"], "there is no gte", "没有 gte"),
        (&["get", "a", "--to", "b", "-o", "c"], "--to <DIR> does not go with", "--to <DIR> 不能和"),
        (&["--peer", "x", "ls", "y"], "--peer has nothing to do with ls", "--peer 写在 ls 前面没有意义"),
    ] {
        for (language, said) in [("en", english), ("zh", chinese)] {
            let arguments: Vec<_> = [&["--lang", language], arguments].concat();
            let (code, out, lines) = hobnob(&arguments);
            assert_eq!((code, out.as_str(), lines.len()), (Some(2), "", 1), "{arguments:?}: {lines:?}");
            assert!(lines[0].starts_with("hobnob: ") && lines[0].contains(said), "{arguments:?}: {lines:?}");
        }
    }
}

#[test]
fn the_help_of_every_command_is_in_the_users_language_and_explains_every_argument() {
    for command in
        [&[][..], &["demo"], &["serve"], &["ls"], &["get"], &["send"], &["listen"], &["history"], &["doctor"]]
    {
        for (language, usage) in [("en", "Usage: "), ("zh", "用法: ")] {
            let (code, help, lines) = hobnob(&[command, &["--help", "--lang", language]].concat());
            assert_eq!((code, lines.len()), (Some(0), 0));
            assert!(help.contains(usage), "{help}");
            let options = help.lines().filter(|line| line.trim_start().starts_with(['-', '<', '[']));
            for option in options {
                assert!(option.trim_start().contains("  "), "not explained: {option}");
                assert!(language == "en" || !option.is_ascii(), "not in Chinese: {option}");
            }
        }
    }
}
