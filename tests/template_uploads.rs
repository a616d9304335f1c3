//! Rules about the distribution and about uploads that are too large for a function.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::template_model::{Faults, Template, attribute, list, pattern, reference, words};

/// AWS's own policies, by their fixed ids: no caching, and everything passed on but the host.
const CACHING_DISABLED: &str = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad";
const ALL_BUT_HOST: &str = "b689b0a8-53d0-40ab-baf2-68738e2966ac";

/// What Lambda takes, in which a body that is not text grows by a third.
const LAMBDA_BYTES: u64 = 6 * 1024 * 1024;

/// Left of it for headers and the rest of an event.
const EVENT_BYTES: u64 = 64 * 1024;

/// The types of which a deployment of the API is a copy.
const DEPLOYED: [&str; 5] = [
    "AWS::ApiGateway::Authorizer",
    "AWS::ApiGateway::GatewayResponse",
    "AWS::ApiGateway::Method",
    "AWS::ApiGateway::Resource",
    "AWS::ApiGateway::RestApi",
];

/// One host in front of both APIs, which passes everything on and keeps nothing.
pub(crate) fn distribution(template: &Template, faults: &mut Faults) {
    let config = &template.properties("Distribution")["DistributionConfig"];
    let behaviour = &config["DefaultCacheBehavior"];
    let methods = words(&behaviour["AllowedMethods"]);
    faults.expect(methods.len() == 7, "the distribution refuses methods");
    faults.expect(
        behaviour["CachePolicyId"] == CACHING_DISABLED,
        "the distribution keeps answers",
    );
    faults.expect(
        behaviour["OriginRequestPolicyId"] == ALL_BUT_HOST,
        "the distribution does not pass on what callers send",
    );
    faults.expect(
        behaviour["ViewerProtocolPolicy"] == "https-only",
        "the distribution takes plain HTTP",
    );
    faults.expect(
        config.get("CacheBehaviors").is_none(),
        "a path has rules of its own",
    );
    faults.expect(
        pattern(&config["Comment"]).contains("${Release}"),
        "a rotated secret does not reach the distribution",
    );
    let secret = json!({"Fn::Sub": "{{resolve:secretsmanager:${EdgeSecret}:SecretString}}"});
    let known = json!([{ "HeaderName": vara::http::EDGE, "HeaderValue": secret }]);
    let mut hosts = BTreeMap::new();
    for origin in list(&config["Origins"]) {
        let id = origin["Id"].as_str().unwrap_or_default();
        let host = pattern(&origin["DomainName"]);
        let host = host.strip_suffix(".execute-api.${AWS::Region}.${AWS::URLSuffix}");
        hosts.insert(id, host.unwrap_or_default());
        faults.expect(
            origin["CustomOriginConfig"]["OriginProtocolPolicy"] == "https-only",
            format!("{id} is called over plain HTTP"),
        );
        faults.expect(
            origin["OriginCustomHeaders"] == known,
            format!("{id} cannot tell the distribution from others"),
        );
    }
    let wanted = [("api", "${Api}"), ("uploads", "${UploadApi}")].into();
    faults.expect(hosts == wanted, format!("the origins are {hosts:?}"));
    faults.expect(
        behaviour["TargetOriginId"] == "api",
        "calls go to another API",
    );
    let cors = &template.properties("EdgeHeaders")["ResponseHeadersPolicyConfig"]["CorsConfig"];
    let origins = json!({"Fn::Split": [",", {"Ref": "WebOrigins"}]});
    let readable = reference(&behaviour["ResponseHeadersPolicyId"]) == Some("EdgeHeaders")
        && cors["AccessControlAllowOrigins"]["Items"] == origins
        && cors["OriginOverride"] == false;
    faults.expect(readable, "pages cannot read the gateways' own answers");
    let api = &template.properties("Api")["CorsConfiguration"];
    let same = cors["AccessControlAllowHeaders"]["Items"] == api["AllowHeaders"]
        && cors["AccessControlExposeHeaders"]["Items"] == api["ExposeHeaders"];
    faults.expect(same, "the edge and the API allow different headers");
}

/// The function at the edge sends an upload elsewhere as soon as Lambda could not take it, and says who
/// called.
pub(crate) fn router(template: &Template, faults: &mut Faults) {
    let config = &template.properties("Distribution")["DistributionConfig"];
    let associated = &config["DefaultCacheBehavior"]["FunctionAssociations"];
    let runs = list(associated).len() == 1
        && associated[0]["EventType"] == "viewer-request"
        && attribute(&associated[0]["FunctionARN"], "FunctionARN") == Some("UploadRouter");
    faults.expect(runs, "nothing chooses between the APIs");
    let router = template.properties("UploadRouter");
    let live =
        router["AutoPublish"] == true && router["FunctionConfig"]["Runtime"] == "cloudfront-js-2.0";
    faults.expect(live, "the router is not live, or cannot choose an origin");
    let code = router["FunctionCode"].as_str().unwrap_or_default();
    let above = code
        .lines()
        .find_map(|line| line.strip_prefix("const LARGE_ABOVE_BYTES = "))
        .and_then(|it| it.strip_suffix(';')?.parse::<u64>().ok());
    let fits = above.is_some_and(|it| it.div_ceil(3) * 4 + EVENT_BYTES <= LAMBDA_BYTES);
    faults.expect(
        fits,
        format!("{above:?} bytes are more than a function takes"),
    );
    let viewer = format!("request.headers['{}']", vara::http::VIEWER);
    for line in [
        "import cf from 'cloudfront';",
        "const LARGE_ROUTE = 'POST /api/v1/images/upload';",
        "const LARGE_ORIGIN = 'uploads';",
        "request.headers['content-length']",
        "Number(length.value) > LARGE_ABOVE_BYTES",
        "request.method + ' ' + request.uri === LARGE_ROUTE",
        "cf.selectRequestOriginById(LARGE_ORIGIN);",
        &format!("{viewer} = {{value: event.viewer.ip}};"),
        "return request;",
    ] {
        faults.expect(code.contains(line), format!("the router lacks {line}"));
    }
}

/// Every upload is decided on before it is stored, and stored where only the intake looks.
pub(crate) fn large_uploads(template: &Template, faults: &mut Faults) {
    let mut at = "UploadPath";
    let mut path = String::new();
    while let Some(part) = template.properties(at)["PathPart"].as_str() {
        path = format!("/{part}{path}");
        at = reference(&template.properties(at)["ParentId"]).unwrap_or_default();
    }
    let method = template.properties("UploadMethod");
    let route = method["HttpMethod"] == "POST"
        && path == "/api/v1/images/upload"
        && reference(&method["ResourceId"]) == Some("UploadPath");
    faults.expect(route, format!("large uploads are not taken at {path}"));
    let authorizer = template.properties("UploadAuthorizer");
    let decided = method["AuthorizationType"] == "CUSTOM"
        && reference(&method["AuthorizerId"]) == Some("UploadAuthorizer")
        && authorizer["Type"] == "REQUEST"
        && authorizer["AuthorizerResultTtlInSeconds"] == 0
        && pattern(&authorizer["AuthorizerUri"])
            .ends_with("/functions/${UploadAuthorizerFunction.Arn}/invocations");
    faults.expect(decided, "an upload is stored without being decided on");
    let permission = template.properties("UploadAuthorizerPermission");
    let asked = reference(&permission["FunctionName"]) == Some("UploadAuthorizerFunction")
        && permission["Principal"] == "apigateway.amazonaws.com"
        && pattern(&permission["SourceArn"]).ends_with(":${UploadApi}/authorizers/*");
    faults.expect(asked, "the API may not ask its authorizer");
    let integration = &method["Integration"];
    let mapped = json!({
        "integration.request.path.user": "context.authorizer.user",
        "integration.request.path.image": "context.authorizer.image",
        "integration.request.header.Content-Type": "method.request.header.Content-Type",
    });
    let stored = integration["Type"] == "AWS"
        && integration["IntegrationHttpMethod"] == "PUT"
        && integration["PassthroughBehavior"] == "WHEN_NO_MATCH"
        && integration.get("ContentHandling").is_none()
        && pattern(&integration["Uri"]).ends_with(":s3:path/${Bucket}/uploads/{user}/{image}")
        && integration["RequestParameters"] == mapped;
    faults.expect(stored, "an upload is not stored as it was sent");
    let binary = words(&template.properties("UploadApi")["BinaryMediaTypes"]);
    faults.expect(
        binary.contains("multipart/form-data"),
        "the bytes of a picture are taken for text",
    );
    role(template, faults);
}

/// The API may add uploads and nothing else.
fn role(template: &Template, faults: &mut Faults) {
    let integration = &template.properties("UploadMethod")["Integration"];
    let named = attribute(&integration["Credentials"], "Arn") == Some("UploadRole");
    faults.expect(named, "large uploads are stored under another role");
    let role = template.properties("UploadRole");
    let trust = &role["AssumeRolePolicyDocument"]["Statement"];
    let only_gateway = list(trust).len() == 1
        && trust[0]["Principal"] == json!({"Service": "apigateway.amazonaws.com"});
    faults.expect(only_gateway, "others than API Gateway may store uploads");
    let statements = list(&role["Policies"][0]["PolicyDocument"]["Statement"]);
    let rights: Vec<_> = statements
        .iter()
        .map(|it| (it["Action"].as_str().unwrap_or_default(), &it["Resource"]))
        .collect();
    let uploads = json!({"Fn::Sub": "${Bucket.Arn}/uploads/*"});
    let key = json!({"Fn::GetAtt": ["DataKey", "Arn"]});
    let wanted = [("s3:PutObject", &uploads), ("kms:GenerateDataKey", &key)];
    let bound = list(&role["Policies"]).len() == 1
        && rights == wanted
        && pattern(&statements[1]["Condition"]["StringEquals"]["kms:ViaService"])
            .starts_with("s3.");
    faults.expect(bound, format!("the role of large uploads may {rights:?}"));
}

/// Whatever the API answers has the envelope, and is in words for her.
pub(crate) fn upload_answers(template: &Template, faults: &mut Faults) {
    let mut bodies = BTreeMap::new();
    for (id, response) in template.of_type("AWS::ApiGateway::GatewayResponse") {
        let response = &response["Properties"];
        let kind = response["ResponseType"].as_str().unwrap_or_default();
        let status = response["StatusCode"].as_str().unwrap_or_default();
        let body = &response["ResponseTemplates"]["application/json"];
        bodies.insert(kind, (id, status, body));
    }
    let wanted = BTreeMap::from([
        ("ACCESS_DENIED", "403"),
        ("DEFAULT_4XX", ""),
        ("DEFAULT_5XX", ""),
        ("REQUEST_TOO_LARGE", "413"),
        ("THROTTLED", "429"),
    ]);
    let found: BTreeMap<_, _> = bodies.iter().map(|(kind, it)| (*kind, it.1)).collect();
    faults.expect(found == wanted, format!("the API answers {found:?} itself"));
    let responses = &template.properties("UploadMethod")["Integration"]["IntegrationResponses"];
    let good = &responses[0];
    let answered = good["SelectionPattern"] == "200"
        && good["StatusCode"] == "201"
        && good["ResponseTemplates"]["application/json"]
            == "$util.base64Decode($context.authorizer.answer)";
    faults.expect(answered, "a stored upload is not answered as a small one");
    let failed = &responses[1]["ResponseTemplates"]["application/json"];
    let said = bodies.values().map(|(id, _, body)| (*id, *body));
    for (id, body) in said.chain([("UploadMethod", failed)]) {
        let body: Value =
            serde_json::from_str(body.as_str().unwrap_or_default()).unwrap_or_default();
        let error = &body["error"];
        let message = error["message"].as_str().unwrap_or_default();
        let calm = error["code"].is_string() && message.len() > 10 && !message.contains('/');
        faults.expect(calm, format!("{id} says {body}"));
    }
    let too_large = vara::services::pictures::upload_form::too_large();
    let body = json!({ "error": { "code": too_large.code, "message": too_large.message } });
    let same = bodies
        .get("REQUEST_TOO_LARGE")
        .and_then(|(_, _, it)| serde_json::from_str::<Value>(it.as_str()?).ok());
    faults.expect(
        same == Some(body),
        "a picture that is too large is refused in other words",
    );
}

/// A change of the API is deployed: the deployment's name says what it is a copy of.
pub(crate) fn deployment(template: &Template, faults: &mut Faults) {
    let mut digest = 0xcbf2_9ce4_8422_2325_u64;
    let mut resources: Vec<_> = DEPLOYED
        .into_iter()
        .flat_map(|it| template.of_type(it))
        .collect();
    resources.sort_by_key(|(id, _)| *id);
    for (id, resource) in resources {
        // FNV-1a: it must stay the same for years, and nobody attacks it.
        for byte in format!("{id}{resource}").bytes() {
            digest = (digest ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    let name = format!("UploadDeployment{:08x}", digest >> 32);
    let deployments: Vec<_> = template
        .of_type("AWS::ApiGateway::Deployment")
        .map(|(id, _)| id)
        .collect();
    faults.expect(
        deployments == [name.as_str()],
        format!("the deployment must be named {name} now, so that the change is deployed"),
    );
    let stage = template.properties("UploadStage");
    let config = &template.properties("Distribution")["DistributionConfig"];
    let reached = reference(&stage["DeploymentId"]) == Some(name.as_str())
        && stage["StageName"] == "uploads"
        && config["Origins"][1]["OriginPath"] == "/uploads";
    faults.expect(reached, "the distribution does not reach the stage");
    let throttled = stage["MethodSettings"][0]["ThrottlingRateLimit"].is_u64();
    faults.expect(throttled, "large uploads are not throttled");
}
