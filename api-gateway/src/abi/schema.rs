//! What a value of the ABI looks like in JSON, for the OpenAPI document.

use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, SchemaType, Type};
use utoipa::{PartialSchema, ToSchema};

/// Numbers as decimal strings, bytes and addresses as `0x…`, arrays and structs as lists.
pub struct AbiValue;

impl PartialSchema for AbiValue {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(SchemaType::from_iter([Type::String, Type::Integer, Type::Boolean, Type::Array]))
            .description(Some("Numbers as decimal strings, bytes and addresses as `0x…`, arrays and structs as lists."))
            .into()
    }
}

impl ToSchema for AbiValue {}
