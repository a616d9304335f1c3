//! Faults planted on purpose, each with the rule that must see it.

mod inside;
mod plant;
mod web;

use plant::Planted;

/// All planted faults; a test holds that no rule is without one.
pub(crate) fn planted() -> Vec<Planted> {
    [
        inside::functions(),
        inside::settings(),
        inside::queues(),
        inside::batches(),
        inside::data(),
        web::bucket(),
        inside::rights(),
        web::gateway(),
        web::distribution(),
        web::uploads(),
        inside::alarms(),
    ]
    .concat()
}
