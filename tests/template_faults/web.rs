//! Faults in what the web reaches: gateway, distribution, uploads and their bucket.

use serde_json::json;

use super::plant::{Planted, gone, put};

pub(super) fn bucket() -> Vec<Planted> {
    vec![
        put(
            "bucket",
            "Bucket.PublicAccessBlockConfiguration/IgnorePublicAcls",
            json!(false),
        ),
        put(
            "bucket",
            "Bucket.VersioningConfiguration",
            json!({"Status": "Enabled"}),
        ),
        put(
            "bucket",
            "Bucket.LifecycleConfiguration/Rules/0/Status",
            json!("Disabled"),
        ),
        gone("bucket", "Bucket.LifecycleConfiguration/Rules/1"),
        put(
            "bucket",
            "BucketPolicy.PolicyDocument/Statement/0/Effect",
            json!("Allow"),
        ),
        put(
            "bucket",
            "Bucket.CorsConfiguration/CorsRules/0/AllowedOrigins",
            json!(["*"]),
        ),
        gone("mail bucket", "MailBucket.LifecycleConfiguration"),
        put(
            "mail bucket",
            "MailBucketPolicy.PolicyDocument/Statement/0/Principal/Service",
            json!("s3.amazonaws.com"),
        ),
        gone("mail bucket", "MailBucketPolicy.PolicyDocument/Statement/1"),
        put("mail bucket", "MailRule.Rule/ScanEnabled", json!(false)),
        gone("encryption", "Bucket.BucketEncryption"),
        put(
            "encryption",
            "Table.SSESpecification/SSEEnabled",
            json!(false),
        ),
        gone("encryption", "Secret.KmsKeyId"),
        put("encryption", "DataKey.EnableKeyRotation", json!(false)),
        put("encryption", "TokenKey.EnableKeyRotation", json!(false)),
        gone("retained", "DataKey/DeletionPolicy"),
        gone("retained", "TokenKey/DeletionPolicy"),
        put("retained", "Table/UpdateReplacePolicy", json!("Delete")),
        put("retained", "Bucket/DeletionPolicy", json!("Retain")),
        put("production", "/Parameters/Stage/Default", json!("dev")),
        gone("production", "/Rules/ProductionAlarms"),
        gone("production", "/Rules/ProductionSite/Assertions/0/Assert"),
        put(
            "secrets",
            "Secret.GenerateSecretString/PasswordLength",
            json!(16),
        ),
        gone("secrets", "/Parameters/TineyeApiKey/NoEcho"),
        put(
            "secrets",
            "/Parameters/TineyeApiKey/Default",
            json!("6mm60lsCNIB"),
        ),
        put(
            "fetched secrets",
            "AlertsFunction.Environment/Variables/SECRET",
            json!({"Fn::Sub": "{{resolve:secretsmanager:${Secret}:SecretString}}"}),
        ),
        put(
            "fetched secrets",
            "BreachCheckFunction.Environment/Variables/HIBP_API_KEY",
            json!({"Ref": "HibpApiKey"}),
        ),
        put(
            "fetched secrets",
            "BreachCheckFunction.Environment/Variables/HIBP_API_KEY",
            json!({"Fn::Sub": "secret:${HibpKey.Id}#token"}),
        ),
        put(
            "fetched secrets",
            "AlertsFunction.Environment/Variables/SIGNING_SECRET",
            json!({"Fn::Sub": "secret:${SigningSecret.Id}"}),
        ),
    ]
}

pub(super) fn gateway() -> Vec<Planted> {
    let elsewhere = json!({"Fn::Sub": "integrations/${UsersIntegration}"});
    vec![
        gone("sockets", "SocketConnectRoute"),
        gone("sockets", "SocketDefaultResponse.RouteResponseKey"),
        put(
            "sockets",
            "SocketPermission.FunctionName",
            json!({"Ref": "AuthFunction"}),
        ),
        put(
            "sockets",
            "SocketStage.AccessLogSettings",
            json!({"Format": "$context.path"}),
        ),
        gone("routes", "AlertsRoute"),
        put("routes", "AlertsRoute.Target", elsewhere),
        gone("routes", "AuthPermission"),
        put(
            "routes",
            "AuthIntegration.PayloadFormatVersion",
            json!("1.0"),
        ),
        put("patience", "ImagesFunction.Timeout", json!(60)),
        gone("cors", "Api.CorsConfiguration"),
        gone("cors", "Api.CorsConfiguration/AllowHeaders/0"),
        put("cors", "Api.CorsConfiguration/AllowOrigins", json!(["*"])),
        gone("cors", "Api.CorsConfiguration/ExposeHeaders"),
        gone("stage", "ApiStage.AutoDeploy"),
        put(
            "stage",
            "ApiStage.AccessLogSettings/Format",
            json!("{\"p\":\"$context.path\"}"),
        ),
        gone(
            "throttling",
            "ApiStage.DefaultRouteSettings/ThrottlingRateLimit",
        ),
        gone("throttling", "ApiStage.RouteSettings"),
        gone("throttling", "ApiStage/DependsOn"),
        gone("throttling", "AuthFunction.ReservedConcurrentExecutions"),
    ]
}

pub(super) fn distribution() -> Vec<Planted> {
    let code = "import cf from 'cloudfront';\nconst LARGE_ABOVE_BYTES = 9000000;\n";
    let behaviour = "Distribution.DistributionConfig/DefaultCacheBehavior";
    let put_behaviour = |rule, name: &str, value| put(rule, &format!("{behaviour}/{name}"), value);
    vec![
        put_behaviour("distribution", "AllowedMethods", json!(["GET", "HEAD"])),
        put_behaviour("distribution", "CachePolicyId", json!("658327ea")),
        put_behaviour("distribution", "TargetOriginId", json!("uploads")),
        gone(
            "distribution",
            "Distribution.DistributionConfig/Origins/0/OriginCustomHeaders",
        ),
        gone("distribution", "Distribution.DistributionConfig/Origins/1"),
        put(
            "distribution",
            "Distribution.DistributionConfig/Comment",
            json!({"Ref": "AWS::StackName"}),
        ),
        put(
            "distribution",
            "EdgeHeaders.ResponseHeadersPolicyConfig/CorsConfig/OriginOverride",
            json!(true),
        ),
        put(
            "distribution",
            "EdgeHeaders.ResponseHeadersPolicyConfig/CorsConfig/AccessControlAllowHeaders/Items",
            json!(["authorization"]),
        ),
        put_behaviour("router", "FunctionAssociations", json!([])),
        gone("router", "UploadRouter.AutoPublish"),
        put("router", "UploadRouter.FunctionCode", json!(code)),
    ]
}

pub(super) fn uploads() -> Vec<Planted> {
    let body = "{\"error\":{\"code\":\"X\",\"message\":\"Ask POST /api/v1/images/tickets\"}}";
    let names_route = json!({ "application/json": body });
    vec![
        put("large uploads", "UploadPath.PathPart", json!("send")),
        put(
            "large uploads",
            "UploadMethod.AuthorizationType",
            json!("NONE"),
        ),
        put(
            "large uploads",
            "UploadAuthorizer.AuthorizerResultTtlInSeconds",
            json!(300),
        ),
        gone("large uploads", "UploadAuthorizerPermission"),
        gone("large uploads", "UploadApi.BinaryMediaTypes"),
        put(
            "large uploads",
            "UploadMethod.Integration/ContentHandling",
            json!("CONVERT_TO_TEXT"),
        ),
        put("large uploads", "UploadRole#0/Action", json!("s3:*")),
        put(
            "large uploads",
            "UploadRole#0/Resource",
            json!({"Fn::Sub": "${Bucket.Arn}/*"}),
        ),
        gone("large uploads", "UploadRole#1/Condition"),
        gone("upload answers", "UploadThrottled"),
        put(
            "upload answers",
            "UploadRefused.ResponseTemplates",
            names_route,
        ),
        put(
            "upload answers",
            "UploadMethod.Integration/IntegrationResponses/0/StatusCode",
            json!("200"),
        ),
        put("deployment", "UploadMethod.HttpMethod", json!("PUT")),
        gone("deployment", "UploadStage.DeploymentId"),
        gone("deployment", "UploadStage.MethodSettings"),
    ]
}
