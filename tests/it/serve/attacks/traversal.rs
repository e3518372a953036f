//! Names that lead out of the folder, in hundreds of spellings.

use std::collections::BTreeSet;

use percent_encoding::percent_decode;

use super::{BesideSecrets, SECRET, holds, statuses};

/// The folder above, or what somebody may take for it.
const ABOVE: [&[u8]; 22] = [
    b"..",
    b"%2e%2e",
    b"%2E%2e",
    b".%2E",
    b"%2e.",
    b"%252e%252e",
    b"%25252e%25252e",
    b"%c0%ae%c0%ae",
    b"\xc0\xae\xc0\xae",
    b"%e0%80%ae%e0%80%ae",
    b"%f0%80%80%ae%f0%80%80%ae",
    b"%u002e%u002e",
    "．．".as_bytes(),
    b"..%00",
    b"..\0",
    b"..;x",
    b"..%20",
    b"..%09",
    b"...",
    b"....",
    b"%2e%2e.",
    b"sub/../..",
];

/// What divides the parts of a name, or what somebody may take for it.
const SLASH: [&[u8]; 16] = [
    b"/",
    b"//",
    b"/./",
    b"/%2e/",
    b"\\",
    b"\\\\",
    b"%2f",
    b"%2F",
    b"%5c",
    b"%5C",
    b"%252f",
    b"%255c",
    b"%c0%af",
    b"%c1%9c",
    b"\xc0\xaf",
    b"%e2%88%95",
];

/// Where the way out begins, and how many folders up it leads.
const BEGIN: [(&[u8], usize); 4] = [(b"", 1), (b"sub/", 2), (b"/", 1), (b"nope/", 2)];

/// What is said after a name, and may be taken away from it.
const TRAILING: [&[u8]; 8] = [b"", b".", b"...", b"/", b"/.", b"%00", b"%20", b"::$DATA"];

fn relative() -> impl Iterator<Item = Vec<u8>> {
    BEGIN.into_iter().flat_map(|(begin, up)| {
        ABOVE.into_iter().flat_map(move |above| {
            SLASH.into_iter().map(move |slash| {
                let way = [above, slash].concat().repeat(up);
                [begin, &way, b"secret.txt"].concat()
            })
        })
    })
}

/// By the whole path, with drive letters, schemes and networks before it, and dots and more behind it.
fn absolute(path: &str) -> impl Iterator<Item = Vec<u8>> {
    let encoded = path.replace('/', "%2f");
    let windows = path.replace('/', "\\");
    let forms = [
        path.to_owned(),
        format!("/{path}"),
        format!("//{path}"),
        format!("/.{path}"),
        format!("/%2e{path}"),
        encoded.clone(),
        encoded.to_uppercase().replace(&path.to_uppercase(), path),
        format!("/{encoded}"),
        windows.clone(),
        format!("C:{path}"),
        format!("c:{windows}"),
        format!("C|{path}"),
        format!("%43%3a{path}"),
        format!("\\\\?\\C:{windows}"),
        format!("\\\\localhost\\c$\\{windows}"),
        format!("file://{path}"),
        format!("file:{path}"),
        format!("~root/../{path}"),
        "/proc/self/root/etc/passwd".to_owned(),
        "/dev/fd/0".to_owned(),
    ];
    forms.into_iter().flat_map(|form| TRAILING.into_iter().map(move |end| [form.as_bytes(), end].concat()))
}

#[tokio::test]
async fn no_byte_from_outside_is_given_however_the_way_out_is_spelt() {
    let server = BesideSecrets::start();
    let secret = server.folder.path().join("secret.txt");
    let spellings: BTreeSet<_> = relative().chain(absolute(secret.to_str().unwrap())).collect();
    assert!(spellings.len() >= 300, "{}", spellings.len());
    for spelling in &spellings {
        let shown = spelling.escape_ascii();
        for name in [spelling.clone(), percent_decode(spelling).collect()] {
            assert_eq!(server.exchange(&name).await, b"", "{shown}");
        }
        for target in [spelling.clone(), [b"/", &spelling[..]].concat(), [b"/?/", &spelling[..]].concat()] {
            let request =
                [b"GET ", &target[..], b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"].concat();
            let answer = server.exchange(&request).await;
            assert!(!holds(&answer, SECRET) && !holds(&answer, "root:"), "{shown}");
            let refused = statuses(&answer).iter().all(|status| matches!(&**status, "400" | "404"));
            assert!(refused || target.starts_with(b"/?"), "{shown}: {}", answer.escape_ascii());
        }
    }
    // The server was there all the time, and so was what it did not give.
    assert_eq!(server.plain(b"sub/a.txt").await, b"inside too");
    assert_eq!(server.get("/sub/a.txt").await.text(), "inside too");
    assert_eq!(std::fs::read_to_string(secret).unwrap(), SECRET);
}
