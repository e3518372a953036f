//! Response head normalization: what servers get wrong in the head of an answer and curl takes all the same is put right
//! before hyper parses it (RFC 9112, sections 4, 5 and 6.1). A head that needs nothing of that passes as it came, without
//! being copied. Must never change where a body begins or ends other than hyper would read it from a right head.

use bytes::{Buf, Bytes, BytesMut};

/// More of a head is not waited for: hyper is given it as it is, and refuses it.
const LIMIT: usize = 64 * 1024;
/// With more fields than so many only those are kept that somebody reads; hyper takes 100.
const FIELDS: usize = 96;
/// More are not taken, as by curl.
const MOST_FIELDS: usize = 5000;
/// The fields that are read, of which there may be several each.
const READ: [&str; 22] = [
    "accept-ranges",
    "connection",
    "content-disposition",
    "content-encoding",
    "content-length",
    "content-location",
    "content-range",
    "content-type",
    "date",
    "digest",
    "etag",
    "im",
    "last-modified",
    "link",
    "location",
    "preference-applied",
    "repr-digest",
    "retry-after",
    "set-cookie",
    "transfer-encoding",
    "www-authenticate",
    "x-total-count",
];

/// Holds what comes until it is a whole head, and gives it on as hyper can read it.
#[derive(Debug, Default)]
pub(super) struct HeadFilter {
    /// Whether what comes next is the beginning of a head, or goes on with one.
    is_in_head: bool,
    held: BytesMut,
    ready: Bytes,
}

impl HeadFilter {
    /// What comes next is the head of an answer.
    pub(super) fn expect_head(&mut self) {
        self.is_in_head = true;
    }

    /// Whether what is read has to go through [`HeadFilter::take`].
    pub(super) fn is_in_head(&self) -> bool {
        self.is_in_head
    }

    /// Takes what was read, of which nothing is the end of the stream. None where it can be given on as it is; otherwise
    /// whether there is anything in [`HeadFilter::ready`] now.
    pub(super) fn take(&mut self, read: &[u8]) -> Option<bool> {
        if self.held.is_empty()
            && let Some(length) = head_length(read)
            && normalized(&read[..length]).is_none()
            && !is_interim(&read[..length])
        {
            self.is_in_head = false;
            return None;
        }
        self.held.extend_from_slice(read);
        let mut ready = BytesMut::new();
        while self.is_in_head {
            while self.held.first().is_some_and(|byte| matches!(byte, b'\r' | b'\n')) {
                self.held.advance(1);
            }
            let Some(length) = head_length(&self.held) else {
                let may_be_head = b"HTTP/".iter().zip(&self.held).all(|(one, other)| one == other);
                if may_be_head && self.held.len() <= LIMIT && !read.is_empty() {
                    break;
                }
                // Whatever it is, hyper says so.
                self.is_in_head = false;
                break;
            };
            let head = self.held.split_to(length);
            self.is_in_head = is_interim(&head);
            match normalized(&head) {
                Some(head) => ready.extend_from_slice(&head),
                None => ready.extend_from_slice(&head),
            }
        }
        if !self.is_in_head {
            ready.extend_from_slice(&self.held);
            self.held = BytesMut::new();
        }
        self.ready = ready.freeze();
        Some(!self.ready.is_empty())
    }

    /// What is to be given on before anything else is read.
    pub(super) fn ready(&mut self) -> &mut Bytes {
        &mut self.ready
    }
}

/// How long the head is with which this begins; none where it is none, or not whole.
fn head_length(bytes: &[u8]) -> Option<usize> {
    if !bytes.starts_with(b"HTTP/") {
        return None;
    }
    let mut from = 0;
    loop {
        let end = from + bytes[from..].iter().position(|byte| *byte == b'\n')? + 1;
        if matches!(&bytes[from..end], b"\n" | b"\r\n") {
            return Some(end);
        }
        from = end;
    }
}

/// Whether another head follows (RFC 9110, section 15.2).
fn is_interim(head: &[u8]) -> bool {
    status(head).is_some_and(|(_, code)| code[0] == b'1' && code != *b"101")
}

/// The version and the status code of a head.
fn status(head: &[u8]) -> Option<(&[u8], [u8; 3])> {
    let line = head.strip_prefix(b"HTTP/")?.split(|byte| *byte == b'\n').next()?;
    let version = line.split(|byte| *byte == b' ').next()?;
    let after = line[version.len()..].trim_ascii();
    let (code, behind) = after.split_at_checked(3)?;
    let is_code = code.iter().all(u8::is_ascii_digit) && !behind.first().is_some_and(u8::is_ascii_digit);
    let is_version = version.first().is_some_and(u8::is_ascii_digit)
        && version.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.');
    (is_code && is_version).then_some(())?;
    Some((version, code.try_into().ok()?))
}

/// The head with what is wrong with it put right; none where nothing is, or where it is past help.
fn normalized(head: &[u8]) -> Option<Vec<u8>> {
    let (version, code) = status(head)?;
    let begin = head.iter().position(|byte| *byte == b'\n')? + 1;
    let (line, fields) = head.split_at(begin);
    let count = field_lines(fields).count();
    if count > MOST_FIELDS {
        return None;
    }
    let is_own = version == b"1.1" || version == b"1.0";
    let is_plain = |byte: &u8| !byte.is_ascii_control() || matches!(byte, b'\t' | b'\r' | b'\n');
    let is_usual = is_own && line.get(8) == Some(&b' ') && line.get(9..12) == Some(&code[..]);
    let is_usual = is_usual && matches!(line.get(12), Some(b' ' | b'\r' | b'\n'));
    let (mut has_coding, mut has_identity) = (false, false);
    for field in field_lines(fields).filter(|field| is_field(field, "transfer-encoding")) {
        let coding = field.splitn(2, |byte| *byte == b':').nth(1).unwrap_or_default().trim_ascii();
        let is_identity = coding.eq_ignore_ascii_case(b"identity");
        has_identity |= is_identity;
        has_coding |= !is_identity;
    }
    let is_too_old = version == b"1.0" && has_coding;
    if is_usual && head.iter().all(is_plain) && count <= FIELDS && !has_identity && !is_too_old {
        return None;
    }
    let mut right = Vec::with_capacity(head.len() + 32);
    let closes = !is_own || is_too_old;
    right.extend_from_slice(if version == b"1.0" && !is_too_old { b"HTTP/1.0 " } else { b"HTTP/1.1 " });
    right.extend_from_slice(&code);
    right.extend_from_slice(b" \r\n");
    if closes {
        right.extend_from_slice(b"Connection: close\r\n");
    }
    let mut is_kept = true;
    for field in field_lines(fields) {
        // A folded line belongs to the one before it (RFC 9112, section 5.2).
        if !field.starts_with(b" ") && !field.starts_with(b"\t") {
            let is_read = count <= FIELDS || READ.iter().any(|name| is_field(field, name));
            let is_identity = has_identity && !has_coding && is_field(field, "transfer-encoding");
            is_kept = is_read && !is_identity;
        }
        if is_kept {
            right.extend(field.iter().map(|byte| if is_plain(byte) || *byte == 0 { *byte } else { b' ' }));
        }
    }
    right.extend_from_slice(b"\r\n");
    Some(right)
}

/// The lines of the fields, each with its end, without the empty one behind them.
fn field_lines(fields: &[u8]) -> impl Iterator<Item = &[u8]> {
    fields.split_inclusive(|byte| *byte == b'\n').filter(|line| !matches!(*line, b"\n" | b"\r\n"))
}

fn is_field(line: &[u8], name: &str) -> bool {
    let Some((there, behind)) = line.split_at_checked(name.len()) else { return false };
    there.eq_ignore_ascii_case(name.as_bytes()) && behind.trim_ascii_start().starts_with(b":")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What hyper is given where this comes in pieces of so many bytes.
    fn given(answer: &[u8], piece: usize) -> Vec<u8> {
        let mut filter = HeadFilter::default();
        filter.expect_head();
        let mut out = Vec::new();
        for read in answer.chunks(piece).chain([&[][..]]) {
            if !filter.is_in_head() {
                out.extend_from_slice(read);
                continue;
            }
            match filter.take(read) {
                None => out.extend_from_slice(read),
                Some(_) => out.extend_from_slice(&std::mem::take(filter.ready())),
            }
        }
        out
    }

    #[track_caller]
    fn becomes(answer: &str, right: &str) {
        for piece in [1, 7, answer.len().max(1)] {
            assert_eq!(
                String::from_utf8_lossy(&given(answer.as_bytes(), piece)),
                right,
                "in pieces of {piece}"
            );
        }
    }

    #[track_caller]
    fn stays(answer: &str) {
        becomes(answer, answer);
    }

    #[test]
    fn what_hyper_reads_passes_as_it_came() {
        stays("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello\r\n\r\nHTTP/2 200\r\n\r\n");
        stays("HTTP/1.0 404\r\nA: b\r\n\t c\r\n\r\n");
        stays("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\nA: \u{e9}\n\nHTTP/9 1");
        stays("the bytes of a file\n\n");
        stays("HTTP/1.1 200 OK\r\nA: b");
        stays("HTTP/x 200 OK\r\n\r\n");
        stays("");
    }

    #[test]
    fn a_status_line_is_put_right_and_its_connection_is_not_used_again() {
        let right = "HTTP/1.1 200 \r\nConnection: close\r\nA: b\r\n\r\nx";
        for line in ["HTTP/2 200", "HTTP/2.0 200 OK", "HTTP/3  200 OK", "HTTP/1 200 OK"] {
            becomes(&format!("{line}\r\nA: b\r\n\r\nx"), right);
        }
        becomes("HTTP/1.1 200 O\u{1}K\r\nA: b\r\n\r\nx", "HTTP/1.1 200 \r\nA: b\r\n\r\nx");
        becomes("\r\nHTTP/1.1 200\r\n\r\nx", "HTTP/1.1 200\r\n\r\nx");
        becomes(
            "HTTP/2 103\r\n\r\nHTTP/2 200\r\n\r\nx",
            "HTTP/1.1 103 \r\nConnection: close\r\n\r\nHTTP/1.1 200 \r\nConnection: close\r\n\r\nx",
        );
    }

    #[test]
    fn chunks_in_an_answer_of_the_old_version_are_read_as_such() {
        becomes(
            "HTTP/1.0 200 OK\r\nTransfer-encoding : chunked\r\n\r\n0\r\n\r\n",
            "HTTP/1.1 200 \r\nConnection: close\r\nTransfer-encoding : chunked\r\n\r\n0\r\n\r\n",
        );
        becomes(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\nContent-Length: 1\r\n\r\nx",
            "HTTP/1.1 200 \r\nContent-Length: 1\r\n\r\nx",
        );
    }

    #[test]
    fn control_characters_are_spaces_and_of_too_many_fields_those_are_kept_that_are_read() {
        becomes("HTTP/1.1 200 OK\r\nA: b\u{1}c\u{7f}\r\n\r\n", "HTTP/1.1 200 \r\nA: b c \r\n\r\n");
        let many = "X: y\r\n z\r\n".repeat(300);
        becomes(
            &format!("HTTP/1.1 200 OK\r\n{many}ETag: \"a\"\r\n\r\nx"),
            "HTTP/1.1 200 \r\nETag: \"a\"\r\n\r\nx",
        );
        stays(&format!("HTTP/1.1 200 OK\r\n{}\r\n", "X: y\r\n".repeat(6000)));
    }
}
