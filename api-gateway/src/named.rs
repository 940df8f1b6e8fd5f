//! Enums whose values the database and JSON name.

/// Names the values of an enum: `as_str`, and `parse`, its inverse.
macro_rules! named {
    ($enum:ident: $($value:ident = $name:literal),+ $(,)?) => {
        impl $enum {
            /// As in the database and in JSON.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$value => $name),+
                }
            }

            /// Out of the database.
            ///
            /// # Errors
            /// For a text that nobody has written there: a bug.
            pub fn parse(text: &str) -> $crate::error::Result<Self> {
                match text {
                    $($name => Ok(Self::$value),)+
                    _ => Err($crate::error::Error::internal(format!(concat!(stringify!($enum), " has no {:?}"), text))),
                }
            }
        }
    };
}
pub(crate) use named;
