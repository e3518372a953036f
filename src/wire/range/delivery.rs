//! What the body of an answer is: all of the file, or which part of it, by status, `Content-Range` and length together
//! (RFC 9110, sections 14.4 and 15.3.7). Never calls a part the whole file, and takes no side where two of the three
//! contradict each other. No I/O.

use hyper::HeaderMap;
use hyper::StatusCode;
use hyper::header::{CONTENT_RANGE, CONTENT_TYPE};

use super::ContentRange;

/// What a body is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// All of the file.
    Whole {
        /// Its length in bytes, where that was announced.
        total: Option<u64>,
    },
    /// This part of it.
    Part {
        /// The first byte's place.
        first: u64,
        /// The last byte's.
        last: u64,
        /// The length of the whole file.
        total: Option<u64>,
    },
    /// Nothing: the file has no such part. Its length, where that was said.
    Unsatisfied(Option<u64>),
}

/// Why a body cannot be used as the file or as a part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DeliveryError {
    /// The status is not one that comes with a file.
    #[error("the status is not one of a file")]
    Status,
    /// Status, range and length contradict each other, or several parts came in one body. The length of the whole file,
    /// where one was said.
    #[error("status, range and length contradict each other")]
    Contradictory(Option<u64>),
}

/// What the `Content-Range` fields say together.
enum Said {
    Nothing,
    Range(ContentRange),
    Malformed,
}

impl Delivery {
    /// Judges an answer by its status, its fields, and the length of its body in bytes, where that was announced.
    pub fn of(
        status: StatusCode,
        headers: &HeaderMap,
        announced: Option<u64>,
    ) -> Result<Self, DeliveryError> {
        let said = said(headers);
        match status.as_u16() {
            // RFC 9110, sections 15.3.1, 15.3.2 and 15.3.4; RFC 3229, section 10.4.1.
            // Not where the body is a difference to an earlier version (RFC 3229, section 10.5.2).
            226 if headers.contains_key("im") => Err(DeliveryError::Status),
            200 | 201 | 203 | 226 => whole(&said, announced),
            206 if is_multipart(headers) => Err(DeliveryError::Contradictory(None)),
            206 => part(&said, announced),
            416 => Ok(Self::Unsatisfied(match said {
                Said::Range(ContentRange::Unsatisfied(total)) => Some(total),
                Said::Range(ContentRange::Part { .. }) | Said::Nothing | Said::Malformed => None,
            })),
            _ => Err(DeliveryError::Status),
        }
    }

    /// Whether it is all of the file, be it as a part that begins and ends with it.
    #[must_use]
    pub fn is_whole(self) -> bool {
        match self {
            Self::Whole { .. } => true,
            Self::Part { first, last, total } => first == 0 && total == Some(last + 1),
            Self::Unsatisfied(_) => false,
        }
    }
}

fn whole(said: &Said, announced: Option<u64>) -> Result<Delivery, DeliveryError> {
    let total = match said {
        Said::Nothing => return Ok(Delivery::Whole { total: announced }),
        Said::Malformed => return Err(DeliveryError::Contradictory(None)),
        Said::Range(ContentRange::Unsatisfied(total)) => Some(*total),
        Said::Range(ContentRange::Part { first: 0, last, total: Some(total) }) if last + 1 == *total => {
            Some(*total)
        }
        Said::Range(ContentRange::Part { total, .. }) => return Err(DeliveryError::Contradictory(*total)),
    };
    if announced.is_some() && announced != total {
        return Err(DeliveryError::Contradictory(total));
    }
    Ok(Delivery::Whole { total })
}

fn part(said: &Said, announced: Option<u64>) -> Result<Delivery, DeliveryError> {
    match *said {
        Said::Range(ContentRange::Part { first, last, total }) => {
            if announced.is_some_and(|announced| announced != last - first + 1) {
                return Err(DeliveryError::Contradictory(total));
            }
            Ok(Delivery::Part { first, last, total })
        }
        Said::Range(ContentRange::Unsatisfied(total)) => Err(DeliveryError::Contradictory(Some(total))),
        Said::Nothing | Said::Malformed => Err(DeliveryError::Contradictory(None)),
    }
}

fn said(headers: &HeaderMap) -> Said {
    let mut lines = headers.get_all(CONTENT_RANGE).iter();
    let Some(line) = lines.next() else { return Said::Nothing };
    let text = line.to_str().unwrap_or_default().trim();
    // With another unit it says nothing about bytes (RFC 9110, section 14.4).
    let is_bytes = text.get(..5).is_some_and(|unit| unit.eq_ignore_ascii_case("bytes"));
    let is_one = lines.all(|other| other == line);
    match text.parse() {
        _ if is_one && !is_bytes && !text.is_empty() => Said::Nothing,
        Ok(range) if is_one => Said::Range(range),
        Ok(_) | Err(_) => Said::Malformed,
    }
}

/// Several parts in one body have their ranges inside (RFC 9110, section 14.6).
fn is_multipart(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    kind.trim_start().get(..20).is_some_and(|kind| kind.eq_ignore_ascii_case("multipart/byteranges"))
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;

    use super::*;

    fn judged(status: u16, ranges: &[&str], announced: Option<u64>) -> Result<Delivery, DeliveryError> {
        let mut headers = HeaderMap::new();
        for range in ranges {
            headers.append(CONTENT_RANGE, HeaderValue::from_str(range).unwrap());
        }
        Delivery::of(StatusCode::from_u16(status).unwrap(), &headers, announced)
    }

    #[test]
    fn a_body_is_what_status_range_and_length_say_together() {
        use Delivery::{Part, Unsatisfied, Whole};
        use DeliveryError::{Contradictory, Status};
        let part = |total| Ok(Part { first: 4, last: 9, total });
        for (status, ranges, announced, expected) in [
            (200, &[][..], Some(10), Ok(Whole { total: Some(10) })),
            (200, &[], None, Ok(Whole { total: None })),
            (203, &[], Some(10), Ok(Whole { total: Some(10) })),
            (200, &["bytes 0-9/10"], Some(10), Ok(Whole { total: Some(10) })),
            (200, &["bytes 0-9/10"], None, Ok(Whole { total: Some(10) })),
            (200, &["bytes 0-9/10", "bytes 0-9/10"], None, Ok(Whole { total: Some(10) })),
            (200, &["bytes */10"], Some(10), Ok(Whole { total: Some(10) })),
            (200, &["items 0-9/90"], Some(10), Ok(Whole { total: Some(10) })),
            (200, &["bytes */10"], Some(6), Err(Contradictory(Some(10)))),
            (200, &["bytes 0-9/10"], Some(6), Err(Contradictory(Some(10)))),
            (200, &["bytes 4-9/10"], Some(6), Err(Contradictory(Some(10)))),
            (200, &["bytes 4-9/10"], Some(10), Err(Contradictory(Some(10)))),
            (200, &["bytes 0-9/*"], Some(10), Err(Contradictory(None))),
            (200, &["bytes=0-9/10"], Some(10), Err(Contradictory(None))),
            (200, &["bytes 0-9/10", "bytes 4-9/10"], Some(10), Err(Contradictory(None))),
            (200, &["bytes 0-3/10, bytes 4-9/10"], Some(10), Err(Contradictory(None))),
            (200, &[""], Some(10), Err(Contradictory(None))),
            (206, &["bytes 4-9/10"], Some(6), part(Some(10))),
            (206, &["bytes 4-9/10"], None, part(Some(10))),
            (206, &["bytes 4-9/*"], Some(6), part(None)),
            (206, &["bytes 4-9/10"], Some(10), Err(Contradictory(Some(10)))),
            (206, &["bytes 4-9/10", "bytes 0-9/10"], Some(6), Err(Contradictory(None))),
            (206, &["bytes */10"], Some(6), Err(Contradictory(Some(10)))),
            (206, &["items 4-9/10"], Some(6), Err(Contradictory(None))),
            (206, &[], Some(6), Err(Contradictory(None))),
            (416, &["bytes */10"], Some(0), Ok(Unsatisfied(Some(10)))),
            (416, &["bytes 4-9/10"], Some(6), Ok(Unsatisfied(None))),
            (416, &[], None, Ok(Unsatisfied(None))),
            (204, &["bytes 4-9/10"], Some(0), Err(Status)),
            (299, &[], Some(10), Err(Status)),
        ] {
            assert_eq!(judged(status, ranges, announced), expected, "{status} {ranges:?} {announced:?}");
        }
    }

    #[test]
    fn a_part_that_is_all_of_the_file_is_the_whole_one_and_a_difference_to_another_version_is_not() {
        for (status, range, expected) in [
            (200, "", true),
            (226, "", true),
            (206, "bytes 0-9/10", true),
            (206, "bytes 0-8/10", false),
            (206, "bytes 1-9/10", false),
            (206, "bytes 0-9/*", false),
            (200, "bytes 1-9/10", false),
            (416, "bytes */10", false),
            (304, "", false),
        ] {
            let ranges: Vec<&str> = Some(range).filter(|range| !range.is_empty()).into_iter().collect();
            let is_whole = judged(status, &ranges, None).is_ok_and(Delivery::is_whole);
            assert_eq!(is_whole, expected, "{status} {range}");
        }
        let mut headers = HeaderMap::new();
        headers.append("im", HeaderValue::from_static("vcdiff"));
        assert_eq!(Delivery::of(StatusCode::IM_USED, &headers, Some(6)), Err(DeliveryError::Status));
    }

    #[test]
    fn several_parts_in_one_body_are_no_part() {
        let mut headers = HeaderMap::new();
        headers.append(CONTENT_RANGE, HeaderValue::from_static("bytes 4-9/10"));
        headers.append(CONTENT_TYPE, HeaderValue::from_static("Multipart/ByteRanges; boundary=x"));
        let judged = Delivery::of(StatusCode::PARTIAL_CONTENT, &headers, Some(6));
        assert_eq!(judged, Err(DeliveryError::Contradictory(None)));
    }
}
