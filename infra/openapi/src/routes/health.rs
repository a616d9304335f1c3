//! Health, and the document itself.

use api_health::Alive;
use vara::services::upkeep::health::Ready;

use crate::operation::Operation;

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::new("get", "/health", "health", "Check that the API answers")
            .open()
            .plain::<Alive>(200, "The API answers."),
        Operation::new(
            "get",
            "/api/v1/health",
            "apiHealth",
            "Check that the API answers, below `/api/v1`",
        )
        .open()
        .plain::<Alive>(200, "The API answers."),
        Operation::new("get", "/ready", "ready", "Check the dependencies")
            .open()
            .plain::<Ready>(200, "All dependencies answer.")
            .plain::<Ready>(503, "At least one dependency does not answer."),
        Operation::new("get", "/metrics", "metrics", "Get metrics of the queues")
            .open()
            .text(
                "application/openmetrics-text",
                "Gauges in the OpenMetrics format, without personal data.",
            ),
        Operation::new(
            "get",
            "/api/v1/openapi.json",
            "openapi",
            "Get this document",
        )
        .open()
        .object("This document, OpenAPI 3.1."),
        Operation::new("get", "/api/v1/docs", "docs", "Get this document as a page")
            .open()
            .text("text/html", "This document as HTML."),
    ]
}
