//! What the terminal gets when somebody sends everything that is known to break terminals: nothing but what the renderer
//! writes by itself.

use std::collections::BTreeSet;

use vte::{Params, Perform};

use super::{CTRL_Q, F3, started};
use crate::scenarios::naughty::all;
use crate::support::peer::Peer;
use crate::support::pty::Terminal;
use crate::support::server::{Server, ok};

/// The sequences that were written, each by its shape.
#[derive(Default)]
struct Sequences {
    shapes: BTreeSet<String>,
    titles: Vec<String>,
    printed: String,
}

impl Perform for Sequences {
    fn print(&mut self, character: char) {
        self.printed.push(character);
    }

    fn execute(&mut self, byte: u8) {
        self.shapes.insert(format!("control {byte:#04x}"));
    }

    fn csi_dispatch(&mut self, params: &Params, intermediates: &[u8], _: bool, action: char) {
        let intermediates = String::from_utf8_lossy(intermediates);
        // How far, and in which colour, is the renderer's business; which mode is not.
        let numbers: Vec<String> = params.iter().flatten().map(u16::to_string).collect();
        let numbers = if matches!(action, 'h' | 'l' | 't') { numbers.join(";") } else { String::new() };
        self.shapes.insert(format!("CSI {intermediates}{numbers}{action}"));
    }

    fn osc_dispatch(&mut self, params: &[&[u8]], _: bool) {
        let text = |part: &&[u8]| String::from_utf8(part.to_vec()).unwrap();
        if params[0] == b"2" {
            self.titles.push(params[1..].iter().map(text).collect::<Vec<_>>().join(";"));
        } else {
            self.shapes.insert(format!("OSC {}", text(&params[0])));
        }
    }

    fn esc_dispatch(&mut self, _: &[u8], _: bool, byte: u8) {
        // The end of an OSC.
        if byte != b'\\' {
            self.shapes.insert(format!("ESC {}", char::from(byte)));
        }
    }

    fn hook(&mut self, _: &Params, _: &[u8], _: bool, action: char) {
        self.shapes.insert(format!("DCS {action}"));
    }
}

fn sequences(written: &[u8]) -> Sequences {
    let mut sequences = Sequences::default();
    vte::Parser::new().advance(&mut sequences, written);
    sequences
}

/// Walks through a folder in which every file has such a name.
fn browse(terminal: &mut Terminal) {
    let entries = all().into_iter().filter(|name| !name.is_empty() && !name.contains(['/', '\0']));
    let entries: Vec<_> =
        entries.map(|name| serde_json::json!({ "name": name, "size": 66, "is_dir": false })).collect();
    let list = serde_json::to_string(&entries).unwrap();
    let server = Server::http(move |_| ok("application/json", &list));
    terminal.type_in(F3);
    terminal.wait_for("No file server is open");
    terminal.type_in(&format!("\x0chttp://{}/\r", server.address));
    terminal.wait_for(" items: ");
    for _ in 0..entries.len() / 10 {
        terminal.type_in("\x1b[6~");
    }
    // In the order of names, the last of them.
    terminal.wait_for("𠜎𠜱𠝹𠱓𠱸𠲖𠳏");
}

#[test]
fn no_sequence_but_the_renderers_own_reaches_the_terminal() {
    let peer = Peer::new();
    let innocent = {
        let (mut terminal, _home) = started(&["--peer", &peer.address().to_string()]);
        terminal.type_in("hello\r");
        let (_, from) = peer.receive();
        peer.send("nothing but text, 你好".as_bytes(), from);
        terminal.wait_for("nothing but text");
        terminal.type_in(CTRL_Q);
        assert_eq!(terminal.end(), Some(0));
        sequences(terminal.written())
    };
    let (mut terminal, _home) = started(&["--peer", &peer.address().to_string()]);
    terminal.type_in("hello\r");
    let (_, from) = peer.receive();
    for (batch, naughty) in all().chunks(50).enumerate() {
        for text in naughty {
            peer.send(text.as_bytes(), from);
        }
        let end = format!("that was batch {batch}.");
        peer.send(end.as_bytes(), from);
        terminal.wait_for(&end);
    }
    browse(&mut terminal);
    terminal.type_in(CTRL_Q);
    assert_eq!(terminal.end(), Some(0));

    let seen = sequences(terminal.written());
    // Colours and cursor moves that the innocent screen happened not to need are the renderer's own too.
    let own = |shape: &&String| {
        !innocent.shapes.contains(*shape)
            && ![
                "CSI m", "CSI H", "CSI A", "CSI B", "CSI C", "CSI D", "CSI G", "CSI d", "CSI K", "CSI J",
                "ESC 7", "ESC 8", "CSI ?25l",
            ]
            .contains(&shape.as_str())
    };
    let foreign: Vec<_> = seen.shapes.iter().filter(own).collect();
    assert!(foreign.is_empty(), "{foreign:?}");
    for title in seen.titles {
        assert!(title.contains("hobnob") && !title.contains(char::is_control), "{title:?}");
    }
    let hidden = |character: char| {
        hobnob::text::clean_line(character.to_string().as_bytes()).as_bytes()
            != character.to_string().as_bytes()
    };
    let odd: BTreeSet<char> =
        seen.printed.chars().filter(|c| !matches!(c, '\u{200c}' | '\u{200d}') && hidden(*c)).collect();
    // Marks that stand on a letter are shown alone with a circle, here they stood on one.
    let odd: Vec<_> = odd.into_iter().filter(|c| !hobnob::text::is_showable(*c)).collect();
    assert!(odd.is_empty(), "{odd:?}");
}
