//! The WebSocket API of a template: its stage, its three routes and the function they lead to.

use serde_json::Value;

use super::{
    error::TemplateError,
    intrinsics::Evaluator,
    model::{Route, SocketApi},
    properties::Properties,
};

/// The routes that one function answers; which message means what is the function's to tell.
const ROUTES: [&str; 3] = ["$connect", "$default", "$disconnect"];

/// Whether a resource of a template belongs to a WebSocket API.
pub(super) fn is_socket_api(evaluator: &Evaluator<'_>, api: &Value) -> bool {
    let logical = api.get("Ref").and_then(Value::as_str).unwrap_or_default();
    let protocol = format!("/Resources/{logical}/Properties/ProtocolType");
    let protocol = evaluator.template.pointer(&protocol);
    protocol.and_then(Value::as_str) == Some("WEBSOCKET")
}

/// Refuses what the local gateway does not do.
pub(super) fn check_api(
    evaluator: &Evaluator<'_>,
    logical: &str,
    properties: &Value,
) -> Result<(), TemplateError> {
    let properties = Properties::new(
        evaluator,
        logical,
        properties,
        &["ProtocolType", "RouteSelectionExpression"],
        &["Description", "Name", "Tags"],
    )?;
    properties.must_be("RouteSelectionExpression", &["$request.body.action"])
}

/// The API of these routes.
pub(super) fn socket_api(
    evaluator: &Evaluator<'_>,
    routes: &[Route],
) -> Result<Option<SocketApi>, TemplateError> {
    let Some(first) = routes.first() else {
        return Ok(None);
    };
    let mut keys: Vec<&str> = routes.iter().map(|it| it.key.as_str()).collect();
    keys.sort_unstable();
    let is_one = routes
        .iter()
        .all(|it| it.function_arn == first.function_arn);
    if keys != ROUTES || !is_one {
        let found = Value::from(keys.join(" "));
        return Err(TemplateError::unusable(
            "the WebSocket API's routes",
            &found,
        ));
    }
    let resources = evaluator.template.get("Resources");
    let resources = resources.and_then(Value::as_object);
    let of_type = |kind: &'static str| {
        let all = resources.into_iter().flatten();
        all.filter(move |it| it.1.get("Type").and_then(Value::as_str) == Some(kind))
    };
    let stage = of_type("AWS::ApiGatewayV2::Stage")
        .map(|it| &it.1["Properties"])
        .find(|it| is_socket_api(evaluator, &it["ApiId"]));
    let stage = stage
        .ok_or_else(|| TemplateError::MissingProperty("the WebSocket API's stage".to_owned()))?;
    let answers = of_type("AWS::ApiGatewayV2::RouteResponse")
        .any(|it| is_socket_api(evaluator, &it.1["Properties"]["ApiId"]));
    Ok(Some(SocketApi {
        path: format!("/{}", evaluator.text(&stage["StageName"])?),
        function_arn: first.function_arn.clone(),
        timeout: first.timeout,
        answers,
    }))
}
