//! Rules about the gateway: which route leads where, and what browsers are told.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use crate::template_model::{Faults, Template, attribute, pattern, reference, words};

/// Every route and the package that answers it.
const ROUTES: [(&str, &str); 34] = [
    ("$default", "api-health"),
    ("ANY /api/v1/accounts", "api-accounts"),
    ("ANY /api/v1/accounts/{proxy+}", "api-accounts"),
    ("ANY /api/v1/admin/erasures/{proxy+}", "api-users"),
    ("ANY /api/v1/admin/{proxy+}", "api-admin"),
    ("ANY /api/v1/alerts", "api-alerts"),
    ("ANY /api/v1/alerts/{proxy+}", "api-alerts"),
    ("ANY /api/v1/auth/{proxy+}", "api-auth"),
    ("ANY /api/v1/docs", "api-health"),
    ("ANY /api/v1/documents", "api-documents"),
    ("ANY /api/v1/documents/{proxy+}", "api-documents"),
    ("ANY /api/v1/evidence", "api-evidence"),
    ("ANY /api/v1/evidence/{proxy+}", "api-evidence"),
    ("ANY /api/v1/takedowns", "api-takedowns"),
    ("ANY /api/v1/takedowns/{proxy+}", "api-takedowns"),
    ("ANY /api/v1/objections", "api-takedowns"),
    ("ANY /api/v1/events/{proxy+}", "api-events"),
    ("ANY /api/v1/health", "api-health"),
    ("ANY /api/v1/images", "api-images"),
    ("ANY /api/v1/images/{proxy+}", "api-images"),
    ("ANY /api/v1/matches/{proxy+}", "api-matches"),
    ("ANY /api/v1/onboarding/{proxy+}", "api-onboarding"),
    ("ANY /api/v1/openapi.json", "api-health"),
    ("ANY /api/v1/protection-plan", "api-protection-plan"),
    (
        "ANY /api/v1/protection-plan/{proxy+}",
        "api-protection-plan",
    ),
    ("ANY /api/v1/proxy/{proxy+}", "api-proxy"),
    ("ANY /api/v1/realtime/{proxy+}", "api-realtime"),
    ("ANY /api/v1/scans", "api-scans"),
    ("ANY /api/v1/scans/{proxy+}", "api-scans"),
    ("ANY /api/v1/users/{proxy+}", "api-users"),
    ("ANY /auth/v1/{proxy+}", "api-auth"),
    ("ANY /health", "api-health"),
    ("ANY /metrics", "api-health"),
    ("ANY /ready", "api-health"),
];

/// Every route leads to its function, which the gateway may call.
pub(crate) fn routes(template: &Template, faults: &mut Faults) {
    let functions = template.functions();
    let packages: BTreeMap<_, _> = functions
        .iter()
        .map(|it| (it.id.as_str(), it.package()))
        .collect();
    let callable: BTreeSet<_> = template
        .of_type("AWS::Lambda::Permission")
        .map(|(_, it)| &it["Properties"])
        .filter(|it| {
            it["Principal"] == "apigateway.amazonaws.com" && it["Action"] == "lambda:InvokeFunction"
        })
        .filter(|it| pattern(&it["SourceArn"]).ends_with("${Api}/*"))
        .filter_map(|it| reference(&it["FunctionName"]))
        .collect();
    let mut found = BTreeMap::new();
    let routes = template.of_type("AWS::ApiGatewayV2::Route");
    for (id, resource) in routes.filter(|it| reference(&it.1["Properties"]["ApiId"]) == Some("Api"))
    {
        let route = &resource["Properties"];
        let target = pattern(&route["Target"]);
        let integration = target
            .strip_prefix("integrations/${")
            .and_then(|it| it.strip_suffix('}'));
        let integration = template.properties(integration.unwrap_or_default());
        let function = attribute(&integration["IntegrationUri"], "Arn").unwrap_or_default();
        let proxied = integration["PayloadFormatVersion"] == "2.0"
            && integration["IntegrationType"] == "AWS_PROXY";
        faults.expect(
            proxied,
            format!("{id} does not reach a function in payload 2.0"),
        );
        faults.expect(
            callable.contains(function),
            format!("the gateway may not call {function:?} of {id}"),
        );
        let package = packages.get(function).copied().unwrap_or_default();
        let key = route["RouteKey"].as_str().unwrap_or_default();
        faults.expect(
            found.insert(key, package).is_none(),
            format!("{key} is there twice"),
        );
    }
    let golden: BTreeMap<_, _> = ROUTES.into_iter().collect();
    faults.expect(found == golden, format!("the routes are {found:?}"));
    // Behind it the routes would have to be found in a generated document.
    let generated = template.of_type("AWS::Serverless::HttpApi").count();
    faults.expect(generated == 0, "routes must be written out");
}

/// The WebSocket API: its three routes lead to one function, whose answers to messages are sent, and its log
/// cannot tell tickets.
pub(crate) fn sockets(template: &Template, faults: &mut Faults) {
    let api = template.properties("SocketApi");
    let speaks = api["ProtocolType"] == "WEBSOCKET"
        && api["RouteSelectionExpression"] == "$request.body.action";
    faults.expect(speaks, "the live API speaks no WebSocket");
    let of_api =
        |it: &serde_json::Value| reference(&it["Properties"]["ApiId"]) == Some("SocketApi");
    let mut keys = BTreeSet::new();
    for (id, route) in template.of_type("AWS::ApiGatewayV2::Route") {
        if !of_api(route) {
            continue;
        }
        let route = &route["Properties"];
        keys.insert(route["RouteKey"].as_str().unwrap_or_default());
        let leads = pattern(&route["Target"]) == "integrations/${SocketIntegration}";
        faults.expect(leads, format!("{id} does not reach the socket function"));
    }
    let all = BTreeSet::from(["$connect", "$default", "$disconnect"]);
    faults.expect(keys == all, format!("the live API has the routes {keys:?}"));
    let integration = template.properties("SocketIntegration");
    let uri = pattern(&integration["IntegrationUri"]);
    let leads = integration["IntegrationType"] == "AWS_PROXY"
        && uri.ends_with("/functions/${SocketFunction.Arn}/invocations");
    faults.expect(leads, "the live API does not reach its function");
    let permission = template.properties("SocketPermission");
    let callable = reference(&permission["FunctionName"]) == Some("SocketFunction")
        && permission["Principal"] == "apigateway.amazonaws.com"
        && pattern(&permission["SourceArn"]).ends_with(":${SocketApi}/*");
    faults.expect(callable, "the live API may not call its function");
    let answered = template.properties("SocketDefaultRoute")["RouteResponseSelectionExpression"]
        == "$default"
        && template.properties("SocketDefaultResponse")["RouteResponseKey"] == "$default";
    faults.expect(answered, "clients are not sent what messages are answered");
    let stage = template.properties("SocketStage");
    let limit = stage["DefaultRouteSettings"]["ThrottlingRateLimit"].as_u64();
    let live = stage["StageName"] == "live" && stage["AutoDeploy"] == true;
    faults.expect(live && limit > Some(0), "the live stage is not as decided");
    // A ticket may be in the query, which the log of a WebSocket API has with its path.
    let logs = stage.get("AccessLogSettings").is_some();
    faults.expect(!logs, "the live stage logs addresses");
}

/// A function behind the gateway answers before the gateway gives up.
pub(crate) fn patience(template: &Template, faults: &mut Faults) {
    for it in template
        .functions()
        .iter()
        .filter(|it| it.package().starts_with("api-"))
    {
        let timeout = it.get("Timeout").as_u64().unwrap_or(u64::MAX);
        faults.expect(
            timeout < 30,
            format!("the gateway leaves {} alone after 30 s", it.id),
        );
    }
}

/// Answers of the gateway's own carry what the web app's clients need to read them.
pub(crate) fn cors(template: &Template, faults: &mut Faults) {
    let cors = &template.properties("Api")["CorsConfiguration"];
    let from_parameter = json!({"Fn::Split": [",", {"Ref": "WebOrigins"}]});
    faults.expect(
        cors["AllowOrigins"] == from_parameter,
        "other origins than the site's are allowed",
    );
    let headers = words(&cors["AllowHeaders"]);
    for header in [
        "apikey",
        "authorization",
        "content-type",
        "idempotency-key",
        "if-match",
        "if-none-match",
        "x-client-info",
        "x-correlation-id",
        "x-supabase-api-version",
    ] {
        faults.expect(
            headers.contains(header),
            format!("browsers may not send {header}"),
        );
    }
    let exposed = words(&cors["ExposeHeaders"]);
    faults.expect(
        exposed.contains("x-supabase-api-version"),
        "the auth client cannot read our error codes",
    );
    for header in [
        "etag",
        "x-ratelimit-remaining",
        "x-correlation-id",
        "retry-after",
    ] {
        faults.expect(
            exposed.contains(header),
            format!("pages cannot read {header}"),
        );
    }
    let methods = words(&cors["AllowMethods"]);
    for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] {
        faults.expect(
            methods.contains(method),
            format!("browsers may not {method}"),
        );
    }
}

/// Every route has a limit at the gateway, and refreshes of sessions have the account's: the gateway
/// refuses with 429, after which the sign-in library ends the session (AUTH.md section 4).
pub(crate) fn throttling(template: &Template, faults: &mut Faults) {
    let stage = template.properties("ApiStage");
    let default = &stage["DefaultRouteSettings"];
    for name in ["ThrottlingRateLimit", "ThrottlingBurstLimit"] {
        let limit = default[name].as_u64().unwrap_or_default();
        faults.expect(limit > 0, format!("the stage has no {name}"));
        let refreshes = &stage["RouteSettings"]["ANY /auth/v1/{proxy+}"][name];
        let refreshes = refreshes.as_u64().unwrap_or_default();
        faults.expect(
            refreshes >= 5 * limit,
            format!("refreshes meet {name} of other routes"),
        );
    }
    let after = &template.0["Resources"]["ApiStage"]["DependsOn"];
    faults.expect(
        after == "AuthV1Route",
        "the stage may be made before the route its settings name",
    );
    let reserved = &template.properties("AuthFunction")["ReservedConcurrentExecutions"];
    let from_parameter = json!({"Fn::If": ["HasAuthConcurrency", {"Ref": "AuthConcurrency"}, {"Ref": "AWS::NoValue"}]});
    faults.expect(
        *reserved == from_parameter,
        "a flood of passwords can take the capacity of all functions",
    );
}

/// The one stage is live at once, and its log holds no path, address or token.
pub(crate) fn stage(template: &Template, faults: &mut Faults) {
    let stage = template.properties("ApiStage");
    let live = stage["StageName"] == "$default" && stage["AutoDeploy"] == true;
    faults.expect(
        live && reference(&stage["ApiId"]) == Some("Api"),
        "the stage is not live",
    );
    let settings = &stage["AccessLogSettings"];
    let group = attribute(&settings["DestinationArn"], "Arn").unwrap_or_default();
    let logged = template.0["Resources"][group]["Type"] == "AWS::Logs::LogGroup";
    faults.expect(logged, "calls are not logged");
    let format = settings["Format"].as_str().unwrap_or_default();
    let entry: Result<serde_json::Value, _> = serde_json::from_str(format);
    faults.expect(entry.is_ok(), "log lines are not JSON");
    for told in [
        "$context.path",
        "$context.identity",
        "$context.authorizer",
        "$context.protocol",
    ] {
        faults.expect(!format.contains(told), format!("the log tells {told}"));
    }
}
