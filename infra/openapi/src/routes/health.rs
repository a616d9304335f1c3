//! Health, and the document itself.

use api_health::Alive;
use vara::services::upkeep::health::Ready;

use crate::operation::Operation;

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::new("get", "/health", "health", "Whether the API answers")
            .open()
            .plain::<Alive>(200, "It does."),
        Operation::new("get", "/api/v1/health", "apiHealth", "The same")
            .open()
            .plain::<Alive>(200, "It does."),
        Operation::new(
            "get",
            "/ready",
            "ready",
            "Whether what it depends on answers",
        )
        .open()
        .plain::<Ready>(200, "All of it does.")
        .plain::<Ready>(503, "Some of it does not."),
        Operation::new(
            "get",
            "/metrics",
            "metrics",
            "How the queues stand, in OpenMetrics",
        )
        .open()
        .text("application/openmetrics-text", "Numbers about nobody."),
        Operation::new("get", "/api/v1/openapi.json", "openapi", "This document")
            .open()
            .object("OpenAPI 3.1."),
        Operation::new("get", "/api/v1/docs", "docs", "This document, to be read")
            .open()
            .text("text/html", "A page."),
    ]
}
