//! serde's words in those of an API: its messages name Rust's types.

use std::borrow::Cow;

/// What serde expected, as a rule for a field.
pub(super) fn expected(said: &str) -> Cow<'static, str> {
    Cow::Borrowed(match said {
        "u8" => "a whole number from 0 to 255",
        "u16" => "a whole number from 0 to 65535",
        "u32" => "a whole number from 0 to 4294967295",
        "u64" | "usize" | "u128" => "a whole number, 0 or more",
        "i8" | "i16" | "i32" | "i64" | "isize" | "i128" => "a whole number",
        "f32" | "f64" => "a number",
        "a boolean" => "true or false",
        "a sequence" => "a list",
        "a map" => "an object",
        other if other.starts_with("struct ") => "an object",
        other => return Cow::Owned(other.to_owned()),
    })
}

/// Why the text of a query parameter can't be read, without the text itself.
pub(super) fn unreadable(said: &str) -> Cow<'static, str> {
    if let Some((_, rule)) = said.rsplit_once(", expected ") {
        return Cow::Owned(format!("must be {}", expected(rule)));
    }
    if said.starts_with("must ") {
        // Ours.
        return Cow::Owned(said.to_owned());
    }
    Cow::Borrowed(match said {
        _ if said.contains("invalid digit") || said.contains("empty string") => "must be a whole number, 0 or more",
        _ if said.contains("number too") => "is a number out of range",
        _ if said.contains("`true` or `false`") => "must be true or false",
        _ => "can't be read",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_type_of_rust_shows() {
        assert_eq!(expected("u8"), "a whole number from 0 to 255");
        assert_eq!(expected("struct Inner"), "an object");
        assert_eq!(expected("`small`"), "`small`");
        for (said, told) in [
            ("invalid digit found in string", "must be a whole number, 0 or more"),
            ("cannot parse integer from empty string", "must be a whole number, 0 or more"),
            ("number too large to fit in target type", "is a number out of range"),
            ("provided string was not `true` or `false`", "must be true or false"),
            ("unknown variant `x, expected y`, expected `hour` or `day`", "must be `hour` or `day`"),
            ("must be a moment", "must be a moment"),
            ("premature end of input", "can't be read"),
        ] {
            assert_eq!(unreadable(said), told, "{said}");
        }
    }
}
