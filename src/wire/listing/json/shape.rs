//! What stands in a list under keys that no known form has: where it may be more of the folder, the list is of no known form.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// Keys, in lower case, under which servers say that a list goes on elsewhere.
pub(super) const GOES_ON: [&str; 10] = [
    "next",
    "next_page",
    "nextpage",
    "next_url",
    "nextpagetoken",
    "next_page_token",
    "cursor",
    "continuation",
    "has_more",
    "truncated",
];

/// What there is under a key that no known form has.
#[derive(PartialEq, Eq)]
pub(super) enum Shape {
    /// Nothing, or what counts as that.
    Nothing,
    Something,
    /// An array that begins with an object.
    Rows,
}

impl<'json> Deserialize<'json> for Shape {
    fn deserialize<D: Deserializer<'json>>(value: D) -> Result<Self, D::Error> {
        value.deserialize_any(ShapeOf)
    }
}

struct ShapeOf;

impl<'json> Visitor<'json> for ShapeOf {
    type Value = Shape;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("anything")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Shape, E> {
        Ok(if value { Shape::Something } else { Shape::Nothing })
    }

    fn visit_i64<E>(self, _: i64) -> Result<Shape, E> {
        Ok(Shape::Something)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Shape, E> {
        Ok(Shape::Something)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Shape, E> {
        Ok(Shape::Something)
    }

    fn visit_str<E>(self, value: &str) -> Result<Shape, E> {
        Ok(if value.is_empty() { Shape::Nothing } else { Shape::Something })
    }

    fn visit_unit<E>(self) -> Result<Shape, E> {
        Ok(Shape::Nothing)
    }

    fn visit_seq<A: SeqAccess<'json>>(self, mut items: A) -> Result<Shape, A::Error> {
        let first = items.next_element::<Item>()?;
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(match first {
            None => Shape::Nothing,
            Some(Item { is_object: true }) => Shape::Rows,
            Some(Item { is_object: false }) => Shape::Something,
        })
    }

    fn visit_map<A: MapAccess<'json>>(self, mut fields: A) -> Result<Shape, A::Error> {
        while fields.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Shape::Something)
    }
}

/// One thing of an array, as far as it is looked at.
struct Item {
    is_object: bool,
}

impl<'json> Deserialize<'json> for Item {
    fn deserialize<D: Deserializer<'json>>(value: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(value)?;
        Ok(Self { is_object: raw.get().trim_start().starts_with('{') })
    }
}
