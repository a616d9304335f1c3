//! What callers send. The functions read less strictly than this: they trim, and pass over fields they
//! do not know.

#![expect(dead_code, reason = "only the schemas are read")]

use utoipa::ToSchema;
use utoipa::openapi::schema::{
    ArrayBuilder, KnownFormat, ObjectBuilder, OneOfBuilder, SchemaFormat, SchemaType, Type,
};
use utoipa::openapi::{RefOr, Schema};
use uuid::Uuid;
use vara::domain::{AlertAction, AlertStatus, PlanItemStatus, Response, ScanType};

/// What an address must look like; longer ones than this describes are taken as well.
const EMAIL: &str = "^[A-Za-z0-9_+-]{1,32}(\\.[A-Za-z0-9_+-]{1,31})?@([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\\.){1,3}[A-Za-z]{2,20}$";

fn email() -> RefOr<Schema> {
    address(SchemaType::Type(Type::String))
}

fn maybe_email() -> RefOr<Schema> {
    address(maybe_text())
}

fn password() -> RefOr<Schema> {
    secret(SchemaType::Type(Type::String))
}

fn maybe_password() -> RefOr<Schema> {
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
        .max_length(Some(255));
    schema.examples(["ana@example.org"]).build().into()
}

fn secret(kind: SchemaType) -> RefOr<Schema> {
    let schema = ObjectBuilder::new()
        .schema_type(kind)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Password)))
        .min_length(Some(8))
        .max_length(Some(128))
        .description(Some(
            "With an upper-case letter, a lower-case letter and a digit.",
        ));
    schema.examples(["Correct-Horse-7"]).build().into()
}

/// An answer of a size that answers have.
fn response() -> RefOr<Schema> {
    let text = || {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .max_length(Some(100))
    };
    let number = ObjectBuilder::new().schema_type(Type::Number);
    let list = ArrayBuilder::new().items(text()).max_items(Some(50));
    let one = OneOfBuilder::new()
        .item(text())
        .item(number.minimum(Some(-1e9)).maximum(Some(1e9)))
        .item(list);
    RefOr::T(Schema::OneOf(one.build()))
}

/// What becomes of an alert.
#[derive(ToSchema)]
pub(crate) struct AlertStatusChange {
    status: AlertStatus,
}

/// What she does about an alert.
#[derive(ToSchema)]
pub(crate) struct AlertActing {
    action: AlertAction,
    #[schema(max_length = 1000)]
    notes: Option<String>,
}

/// What becomes of a piece of advice.
#[derive(ToSchema)]
pub(crate) struct PlanItemStatusChange {
    status: PlanItemStatus,
}

/// Which scan is wanted.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct ScanTrigger {
    #[schema(rename = "type")]
    kind: ScanType,
    /// A picture, or an account. A full scan has none.
    target_id: Option<Uuid>,
}

/// Her answers.
#[derive(ToSchema)]
pub(crate) struct Answers {
    #[schema(max_items = 100)]
    responses: Vec<GivenAnswer>,
}

#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
struct GivenAnswer {
    #[schema(min_length = 1)]
    question_id: String,
    #[schema(schema_with = response)]
    response: Response,
}

/// What she changes of her account.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct AccountChange {
    /// 2 to 50 letters, spaces, apostrophes and hyphens. `null` and nothing but spaces clear it.
    #[schema(max_length = 50, example = "Ana Maria")]
    display_name: Option<String>,
}

/// One of the first three; or both of the last two, as the network gave them; or nothing, to be asked
/// at the network.
#[derive(ToSchema)]
pub(crate) struct Connect {
    /// For `other`.
    #[schema(schema_with = maybe_email)]
    email: Option<String>,
    /// For `other`, in international form.
    #[schema(pattern = "^\\+[0-9]{7,15}$", example = "+491701234567")]
    phone: Option<String>,
    /// For a network.
    #[schema(pattern = "^@?[A-Za-z0-9._-]{2,64}$", example = "ana.maria")]
    handle: Option<String>,
    code: Option<String>,
    state: Option<String>,
}

/// The code that was mailed; nothing for one in a profile.
#[derive(ToSchema)]
pub(crate) struct Proof {
    #[schema(example = "K7QM2XWP")]
    code: Option<String>,
}

/// Which picture an address is wanted for.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct ProxyRequest {
    image_id: Uuid,
    /// How long it is to be good; 180 if nothing is said, at least 120 and at most 300.
    ttl_seconds: Option<i64>,
}

/// For a new account.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct SignUp {
    #[schema(schema_with = email)]
    email: String,
    #[schema(schema_with = password)]
    password: String,
    /// The same again.
    #[schema(schema_with = password)]
    confirm_password: String,
}

/// To sign in.
#[derive(ToSchema)]
pub(crate) struct SignIn {
    #[schema(schema_with = email)]
    email: String,
    #[schema(min_length = 1, max_length = 128)]
    password: String,
}

/// To stay signed in.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct Refresh {
    #[schema(min_length = 1)]
    refresh_token: String,
}

/// Whose password is forgotten.
#[derive(ToSchema)]
pub(crate) struct Forgotten {
    #[schema(schema_with = email)]
    email: String,
}

/// Another password, by a mailed link.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct Reset {
    /// Of the link.
    #[schema(min_length = 1)]
    token: String,
    #[schema(schema_with = password)]
    password: String,
    /// The same again.
    #[schema(schema_with = password)]
    confirm_password: String,
}

/// Another password.
#[derive(ToSchema)]
pub(crate) struct NewPassword {
    #[schema(schema_with = password)]
    password: String,
}

/// For a new account. What else the library sends is passed over.
#[derive(ToSchema)]
pub(crate) struct AuthSignUp {
    #[schema(schema_with = email)]
    email: String,
    #[schema(schema_with = password)]
    password: String,
}

/// To sign in with `grant_type=password`: the first two; with `grant_type=refresh_token`: the last.
#[derive(ToSchema)]
pub(crate) struct AuthGrant {
    #[schema(schema_with = maybe_email)]
    email: Option<String>,
    #[schema(max_length = 128)]
    password: Option<String>,
    refresh_token: Option<String>,
}

/// What she changes; her address can only be the one it is.
#[derive(ToSchema)]
pub(crate) struct AuthUserChange {
    #[schema(schema_with = maybe_email)]
    email: Option<String>,
    #[schema(schema_with = maybe_password)]
    password: Option<String>,
}

/// Whose password is forgotten.
#[derive(ToSchema)]
pub(crate) struct AuthRecover {
    #[schema(schema_with = email)]
    email: String,
}

/// What a mailed link holds: one of the first two.
#[derive(ToSchema)]
pub(crate) struct AuthVerify {
    token: Option<String>,
    token_hash: Option<String>,
    #[schema(rename = "type")]
    kind: LinkKind,
}

#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
enum LinkKind {
    Recovery,
    SignUp,
    Email,
}
