//! One planted fault: the rule that must see it, where it goes, what stands there.

use serde_json::Value;

/// A rule's name, where in the template the fault goes (a JSON pointer), and what
/// stands there instead; nothing means that what stood there is removed.
pub(crate) type Planted = (&'static str, String, Option<Value>);

pub(super) fn put(rule: &'static str, at: &str, value: Value) -> Planted {
    (rule, pointer(at), Some(value))
}

pub(super) fn gone(rule: &'static str, at: &str) -> Planted {
    (rule, pointer(at), None)
}

/// `Table.KeySchema` is a property of a resource, `MailPolicy#2/Action` the third
/// statement of a policy or role, `Table/DeletionPolicy` a part of a resource; what
/// begins with a slash is taken as it is.
fn pointer(at: &str) -> String {
    if at.starts_with('/') {
        at.to_owned()
    } else if let Some((resource, property)) = at.split_once('.') {
        format!("/Resources/{resource}/Properties/{property}")
    } else if let Some((holder, part)) = at.split_once('#') {
        let policy = if holder.ends_with("Role") {
            "Policies/0/"
        } else {
            ""
        };
        format!("/Resources/{holder}/Properties/{policy}PolicyDocument/Statement/{part}")
    } else {
        format!("/Resources/{at}")
    }
}
