//! How addresses and passwords are described in the `OpenAPI` document.

use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, SchemaType, Type};
use utoipa::openapi::{RefOr, Schema};

use super::{EMAIL_MOST, PASSWORD_LEAST, PASSWORD_MOST};

/// What an address must look like; longer ones than this describes are taken as well.
const EMAIL: &str = "^[A-Za-z0-9_+-]{1,32}(\\.[A-Za-z0-9_+-]{1,31})?@([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\\.){1,3}[A-Za-z]{2,20}$";

/// An e-mail address.
#[must_use]
pub fn email() -> RefOr<Schema> {
    address(SchemaType::Type(Type::String))
}

/// An e-mail address, or null.
#[must_use]
pub fn maybe_email() -> RefOr<Schema> {
    address(maybe_text())
}

/// A new password.
#[must_use]
pub fn password() -> RefOr<Schema> {
    secret(SchemaType::Type(Type::String))
}

/// A new password, or null.
#[must_use]
pub fn maybe_password() -> RefOr<Schema> {
    secret(maybe_text())
}

fn maybe_text() -> SchemaType {
    SchemaType::Array(vec![Type::String, Type::Null])
}

fn address(kind: SchemaType) -> RefOr<Schema> {
    let schema = ObjectBuilder::new()
        .schema_type(kind)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Email)))
        .pattern(Some(EMAIL))
        .max_length(Some(EMAIL_MOST));
    schema.examples(["ana@example.org"]).build().into()
}

fn secret(kind: SchemaType) -> RefOr<Schema> {
    let schema = ObjectBuilder::new()
        .schema_type(kind)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Password)))
        .min_length(Some(PASSWORD_LEAST))
        .max_length(Some(PASSWORD_MOST))
        .description(Some(
            "At least one upper-case letter, one lower-case letter and one digit.",
        ));
    schema.examples(["Correct-Horse-7"]).build().into()
}
