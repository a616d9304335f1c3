//! From properties to the model: the route of uploads that are too large for a function. The distribution's
//! function sends them to a REST API, whose authorizer decides and whose integration stores them in a bucket.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{
    error::TemplateError,
    intrinsics::Evaluator,
    model::{ApiCors, GatewayAnswer, LargeUploads},
    names::function_arn,
    properties::Properties,
};

/// The answers a REST API makes itself that the local gateway makes too.
const ANSWERS: [&str; 4] = [
    "ACCESS_DENIED",
    "DEFAULT_4XX",
    "DEFAULT_5XX",
    "REQUEST_TOO_LARGE",
];

const JSON: &str = "application/json";

/// Follows the distribution to everything that large uploads meet.
pub(super) fn large_uploads(
    evaluator: &Evaluator<'_>,
    logical: &str,
    properties: &Value,
) -> Result<LargeUploads, TemplateError> {
    let distribution = Properties::new(
        evaluator,
        logical,
        properties,
        &["DistributionConfig"],
        &["Tags"],
    )?
    .part(
        "DistributionConfig",
        &["DefaultCacheBehavior", "Enabled", "Origins"],
        &[
            "Aliases",
            "Comment",
            "HttpVersion",
            "IPV6Enabled",
            "PriceClass",
            "ViewerCertificate",
        ],
    )?;
    distribution.must_be("Enabled", &["true"])?;
    let behaviour = distribution.part(
        "DefaultCacheBehavior",
        &[
            "FunctionAssociations",
            "ResponseHeadersPolicyId",
            "TargetOriginId",
        ],
        &[
            "AllowedMethods",
            "CachePolicyId",
            "Compress",
            "OriginRequestPolicyId",
            "ViewerProtocolPolicy",
        ],
    )?;
    let router = router(evaluator, &behaviour)?;
    let api = api(evaluator, &distribution, &router.origin)?;
    let method = method(evaluator, &api, &router.route)?;
    let integration = integration(&method)?;
    Ok(LargeUploads {
        authorizer_arn: authorizer(evaluator, &method)?,
        answers: answers(evaluator, &api)?,
        cors: cors(evaluator, &behaviour)?,
        route: router.route,
        above_bytes: router.above_bytes,
        ..integration
    })
}

/// What the distribution's function decides by.
struct Router {
    route: String,
    above_bytes: u64,
    origin: String,
}

/// Reads the constants of the function's code, which are also what runs on AWS.
fn router(evaluator: &Evaluator<'_>, behaviour: &Properties<'_>) -> Result<Router, TemplateError> {
    let mut arn = None;
    for association in
        behaviour.parts("FunctionAssociations", &["EventType", "FunctionARN"], &[])?
    {
        association.must_be("EventType", &["viewer-request"])?;
        arn = Some(association.needed("FunctionARN")?);
    }
    let arn = arn.unwrap_or_default();
    let logical = arn.rsplit('/').next().unwrap_or_default();
    let function = Properties::new(
        evaluator,
        logical,
        resource(evaluator, "AWS::CloudFront::Function", logical)?,
        &["AutoPublish", "FunctionCode"],
        &["FunctionConfig", "Name"],
    )?;
    function.must_be("AutoPublish", &["true"])?;
    let code = function.needed("FunctionCode")?;
    let constant = |name: &str| {
        let missing = || TemplateError::MissingProperty(format!("{logical}: const {name}"));
        constant(&code, name).ok_or_else(missing)
    };
    let above = constant("LARGE_ABOVE_BYTES")?;
    Ok(Router {
        route: constant("LARGE_ROUTE")?.to_owned(),
        above_bytes: above
            .parse()
            .map_err(|_| TemplateError::unusable(logical, &Value::from(above)))?,
        origin: constant("LARGE_ORIGIN")?.to_owned(),
    })
}

/// The value in a line such as `const NAME = 'value';`.
fn constant<'a>(code: &'a str, name: &str) -> Option<&'a str> {
    code.lines()
        .find_map(|line| {
            let line = line.trim().strip_prefix("const ")?;
            line.strip_prefix(name)?
                .strip_prefix(" = ")?
                .strip_suffix(';')
        })
        .map(|value| value.trim_matches('\''))
}

/// The name of the REST API behind an origin, which must be deployed under the origin's path.
fn api(
    evaluator: &Evaluator<'_>,
    distribution: &Properties<'_>,
    id: &str,
) -> Result<String, TemplateError> {
    let missing = |what: &str| TemplateError::MissingProperty(what.to_owned());
    let mut found = None;
    for origin in distribution.parts(
        "Origins",
        &["DomainName", "Id", "OriginPath"],
        &["CustomOriginConfig", "OriginCustomHeaders"],
    )? {
        if origin.needed("Id")? == id {
            found = Some((origin.needed("DomainName")?, origin.needed("OriginPath")?));
        }
    }
    let (domain, path) = found.ok_or_else(|| missing(&format!("the origin {id}")))?;
    let api = domain.split('.').next().unwrap_or_default().to_owned();
    let properties = Properties::new(
        evaluator,
        &api,
        resource(evaluator, "AWS::ApiGateway::RestApi", &api)?,
        &["BinaryMediaTypes"],
        &["EndpointConfiguration", "Name", "Tags"],
    )?;
    let binary = properties.texts("BinaryMediaTypes")?;
    if !binary.iter().any(|it| it == "multipart/form-data") {
        return Err(missing(&format!("{api}.BinaryMediaTypes: forms")));
    }
    let mut stages = Vec::new();
    for stage in parts_of(
        evaluator,
        "AWS::ApiGateway::Stage",
        &api,
        &["StageName"],
        &["DeploymentId", "MethodSettings", "TracingEnabled"],
    )? {
        stages.push(format!("/{}", stage.needed("StageName")?));
    }
    if !stages.contains(&path) {
        return Err(missing(&format!("a stage of {api} at {path}")));
    }
    Ok(api)
}

/// The one method of the API, which must be the route that large uploads take.
fn method<'a>(
    evaluator: &'a Evaluator<'a>,
    api: &str,
    route: &str,
) -> Result<Properties<'a>, TemplateError> {
    let methods = parts_of(
        evaluator,
        "AWS::ApiGateway::Method",
        api,
        &[
            "AuthorizationType",
            "AuthorizerId",
            "HttpMethod",
            "Integration",
            "ResourceId",
        ],
        &["MethodResponses", "RequestParameters"],
    )?;
    let missing = || TemplateError::UnknownReference(format!("{route} at {api}"));
    let method = methods.into_iter().next().ok_or_else(missing)?;
    let path = path(evaluator, api, &method.needed("ResourceId")?)?;
    if format!("{} {path}", method.needed("HttpMethod")?) != route {
        return Err(missing());
    }
    Ok(method)
}

fn path(evaluator: &Evaluator<'_>, api: &str, logical: &str) -> Result<String, TemplateError> {
    let resource = Properties::new(
        evaluator,
        logical,
        resource(evaluator, "AWS::ApiGateway::Resource", logical)?,
        &["ParentId", "PathPart"],
        &["RestApiId"],
    )?;
    let parent = resource.needed("ParentId")?;
    let above = if parent == format!("{api}/") {
        String::new()
    } else {
        path(evaluator, api, &parent)?
    };
    Ok(format!("{above}/{}", resource.needed("PathPart")?))
}

fn authorizer(evaluator: &Evaluator<'_>, method: &Properties<'_>) -> Result<String, TemplateError> {
    method.must_be("AuthorizationType", &["CUSTOM"])?;
    let logical = method.needed("AuthorizerId")?;
    let authorizer = Properties::new(
        evaluator,
        &logical,
        resource(evaluator, "AWS::ApiGateway::Authorizer", &logical)?,
        &["AuthorizerResultTtlInSeconds", "AuthorizerUri", "Type"],
        &["Name", "RestApiId"],
    )?;
    authorizer.must_be("Type", &["REQUEST"])?;
    // Without it AWS keeps a decision for five minutes.
    authorizer.needed("AuthorizerResultTtlInSeconds")?;
    authorizer.must_be("AuthorizerResultTtlInSeconds", &["0"])?;
    Ok(function_arn(&authorizer.needed("AuthorizerUri")?).to_owned())
}

/// What the integration says; the rest of the model is empty.
fn integration(method: &Properties<'_>) -> Result<LargeUploads, TemplateError> {
    let integration = method.part(
        "Integration",
        &[
            "IntegrationHttpMethod",
            "IntegrationResponses",
            "PassthroughBehavior",
            "RequestParameters",
            "Type",
            "Uri",
        ],
        &["Credentials", "TimeoutInMillis"],
    )?;
    integration.must_be("Type", &["AWS"])?;
    integration.must_be("IntegrationHttpMethod", &["PUT"])?;
    integration.must_be("PassthroughBehavior", &["WHEN_NO_MATCH"])?;
    let uri = integration.needed("Uri")?;
    let (bucket, key) = uri
        .split_once(":s3:path/")
        .and_then(|(_, path)| path.split_once('/'))
        .ok_or_else(|| TemplateError::unusable("Uri", &Value::from(uri.as_str())))?;
    let mut uploads = LargeUploads {
        bucket: bucket.to_owned(),
        key: key.to_owned(),
        key_parts: key_parts(&integration)?,
        ..LargeUploads::default()
    };
    for response in integration.parts(
        "IntegrationResponses",
        &["ResponseTemplates", "SelectionPattern", "StatusCode"],
        &[],
    )? {
        response.must_be("SelectionPattern", &["200"])?;
        let answer = answer(&response, None)?;
        if response.text("SelectionPattern")?.is_none() {
            uploads.failure = answer;
            continue;
        }
        let entry = answer
            .body
            .strip_prefix("$util.base64Decode($context.authorizer.")
            .and_then(|rest| rest.strip_suffix(')'))
            .ok_or_else(|| TemplateError::unusable(JSON, &Value::from(answer.body.as_str())))?;
        uploads.status = answer.status;
        uploads.answer = entry.to_owned();
    }
    if uploads.status == 0 || uploads.failure.status == 0 {
        let what = "Integration.IntegrationResponses: one for 200 and one for all else";
        return Err(TemplateError::MissingProperty(what.to_owned()));
    }
    Ok(uploads)
}

/// Which entry of the authorizer's context each variable of the key stands for. The content type must be
/// passed on as it is.
fn key_parts(integration: &Properties<'_>) -> Result<BTreeMap<String, String>, TemplateError> {
    const CONTENT_TYPE: &str = "integration.request.header.Content-Type";
    let mapped = match integration.get("RequestParameters")? {
        Some(Value::Object(mapped)) => mapped,
        _ => Map::new(),
    };
    let mut parts = BTreeMap::new();
    let mut is_typed = false;
    for (to, from) in &mapped {
        let from = from.as_str().unwrap_or_default();
        let variable = to.strip_prefix("integration.request.path.");
        match (variable, from.strip_prefix("context.authorizer.")) {
            (Some(variable), Some(entry)) => {
                parts.insert(variable.to_owned(), entry.to_owned());
            }
            (None, None) if to == CONTENT_TYPE && from == "method.request.header.Content-Type" => {
                is_typed = true;
            }
            _ => return Err(TemplateError::unusable(to, &Value::from(from))),
        }
    }
    if is_typed {
        Ok(parts)
    } else {
        Err(TemplateError::MissingProperty(CONTENT_TYPE.to_owned()))
    }
}

fn answers(
    evaluator: &Evaluator<'_>,
    api: &str,
) -> Result<BTreeMap<String, GatewayAnswer>, TemplateError> {
    let mut answers = BTreeMap::new();
    for response in parts_of(
        evaluator,
        "AWS::ApiGateway::GatewayResponse",
        api,
        &["ResponseTemplates", "ResponseType", "StatusCode"],
        &[],
    )? {
        let kind = response.needed("ResponseType")?;
        let default = match kind.as_str() {
            "DEFAULT_4XX" => Some(400),
            "DEFAULT_5XX" => Some(500),
            _ => None,
        };
        answers.insert(kind, answer(&response, default)?);
    }
    match ANSWERS.iter().find(|it| !answers.contains_key(**it)) {
        Some(missing) => Err(TemplateError::MissingProperty(format!(
            "a gateway response {missing} of {api}"
        ))),
        None => Ok(answers),
    }
}

fn answer(response: &Properties<'_>, default: Option<u16>) -> Result<GatewayAnswer, TemplateError> {
    let status = response.number("StatusCode")?;
    let status = status.and_then(|it| u16::try_from(it).ok()).or(default);
    Ok(GatewayAnswer {
        status: status.ok_or_else(|| TemplateError::MissingProperty("StatusCode".to_owned()))?,
        body: response
            .part("ResponseTemplates", &[JSON], &[])?
            .needed(JSON)?,
    })
}

fn cors(evaluator: &Evaluator<'_>, behaviour: &Properties<'_>) -> Result<ApiCors, TemplateError> {
    let logical = behaviour.needed("ResponseHeadersPolicyId")?;
    let cors = Properties::new(
        evaluator,
        &logical,
        resource(
            evaluator,
            "AWS::CloudFront::ResponseHeadersPolicy",
            &logical,
        )?,
        &["ResponseHeadersPolicyConfig"],
        &[],
    )?
    .part(
        "ResponseHeadersPolicyConfig",
        &["CorsConfig"],
        &["CustomHeadersConfig", "Name", "SecurityHeadersConfig"],
    )?
    .part(
        "CorsConfig",
        &[
            "AccessControlAllowCredentials",
            "AccessControlAllowOrigins",
            "AccessControlExposeHeaders",
            "OriginOverride",
        ],
        &[
            "AccessControlAllowHeaders",
            "AccessControlAllowMethods",
            "AccessControlMaxAgeSec",
        ],
    )?;
    cors.must_be("OriginOverride", &["false"])?;
    let items = |name| cors.part(name, &["Items"], &[])?.texts("Items");
    Ok(ApiCors {
        origins: items("AccessControlAllowOrigins")?,
        exposed: items("AccessControlExposeHeaders")?,
        credentials: cors.text("AccessControlAllowCredentials")?.as_deref() == Some("true"),
    })
}

/// The properties of a resource, which must be of this type.
fn resource<'a>(
    evaluator: &Evaluator<'a>,
    kind: &str,
    logical: &str,
) -> Result<&'a Value, TemplateError> {
    evaluator
        .template
        .pointer(&format!("/Resources/{logical}"))
        .filter(|it| it["Type"] == kind)
        .map(|it| &it["Properties"])
        .ok_or_else(|| TemplateError::UnknownReference(format!("{logical} ({kind})")))
}

/// Every resource of this type that belongs to the API.
fn parts_of<'a>(
    evaluator: &'a Evaluator<'a>,
    kind: &str,
    api: &str,
    used: &[&str],
    ignored: &[&str],
) -> Result<Vec<Properties<'a>>, TemplateError> {
    let used: Vec<&str> = used.iter().copied().chain(["RestApiId"]).collect();
    let mut parts = Vec::new();
    let resources = evaluator.template["Resources"].as_object();
    for (logical, resource) in resources.into_iter().flatten() {
        if resource["Type"] != kind {
            continue;
        }
        let part = Properties::new(evaluator, logical, &resource["Properties"], &used, ignored)?;
        if part.needed("RestApiId")? == api {
            parts.push(part);
        }
    }
    Ok(parts)
}
