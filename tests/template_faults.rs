//! Faults planted on purpose, each with the rule that must see it.

use serde_json::{Value, json};

/// A rule's name, where in the template the fault goes (a JSON pointer), and what
/// stands there instead; nothing means that what stood there is removed.
pub(crate) type Planted = (&'static str, String, Option<Value>);

fn put(rule: &'static str, at: &str, value: Value) -> Planted {
    (rule, pointer(at), Some(value))
}

fn gone(rule: &'static str, at: &str) -> Planted {
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

/// All planted faults; a test holds that no rule is without one.
pub(crate) fn planted() -> Vec<Planted> {
    [
        functions(),
        settings(),
        queues(),
        batches(),
        data(),
        bucket(),
        rights(),
        gateway(),
        distribution(),
        uploads(),
        alarms(),
    ]
    .concat()
}

fn functions() -> Vec<Planted> {
    vec![
        gone("one function per crate", "AlertsFunction"),
        put(
            "one function per crate",
            "AlertsFunction.CodeUri",
            json!("target/lambda/api-users/"),
        ),
        put(
            "one function per crate",
            "AlertsFunction.CodeUri",
            json!("target/lambda/api-ghost/"),
        ),
        put(
            "alike runtime",
            "/Globals/Function/Architectures",
            json!(["arm64"]),
        ),
        put(
            "alike runtime",
            "ScansFunction.Runtime",
            json!("provided.al2"),
        ),
        put("sizes", "AuthFunction.MemorySize", json!(128)),
        gone("sizes", "ImageScanFunction.Timeout"),
        gone("logs", "AuthLogs.RetentionInDays"),
        put(
            "logs",
            "AuthFunction.LoggingConfig/LogGroup",
            json!({"Ref": "UsersLogs"}),
        ),
        put(
            "logs",
            "AuthFunction.LoggingConfig/LogFormat",
            json!("Text"),
        ),
    ]
}

fn settings() -> Vec<Planted> {
    vec![
        gone(
            "demands",
            "ImageScanFunction.Environment/Variables/QUEUE_IMAGE_SCAN",
        ),
        put(
            "settings",
            "ImageScanFunction.Environment/Variables/SECRET",
            json!("x"),
        ),
        gone("settings", "AuthFunction.Environment/Variables/MAIL_FROM"),
        put(
            "settings",
            "AuthFunction.Environment/Variables/TINEYE_URL",
            json!("http://127.0.0.1"),
        ),
        put(
            "setting values",
            "AuthFunction.Environment/Variables/SECRET",
            json!("hunter2"),
        ),
        put(
            "setting values",
            "UsersFunction.Environment/Variables/TABLE",
            json!({"Ref": "Bucket"}),
        ),
    ]
}

fn queues() -> Vec<Planted> {
    vec![
        put(
            "visibility",
            "BackgroundScanQueue.VisibilityTimeout",
            json!(1799),
        ),
        gone("visibility", "ImageIngestFunction.Events/Arrivals"),
        gone("dead letters", "ImageScanQueue.RedrivePolicy"),
        put(
            "dead letters",
            "ImageScanQueue.RedrivePolicy/maxReceiveCount",
            json!(5),
        ),
        gone(
            "dead letters",
            "ImageIngestDeadLetterQueue.MessageRetentionPeriod",
        ),
        gone(
            "dead letters",
            "ImageIngestDeadLetterQueue.RedriveAllowPolicy",
        ),
        put(
            "dead letters",
            "ImageScanQueue.RedrivePolicy/deadLetterTargetArn/Fn::GetAtt/0",
            json!("ImageIngestDeadLetterQueue"),
        ),
        gone(
            "queues encrypted",
            "ImageScanDeadLetterQueue.SqsManagedSseEnabled",
        ),
    ]
}

fn batches() -> Vec<Planted> {
    vec![
        gone(
            "batches",
            "ImageScanFunction.Events/Background/Properties/FunctionResponseTypes",
        ),
        put(
            "batches",
            "ImageIngestFunction.Events/Arrivals/Properties/BatchSize",
            json!(50),
        ),
        put(
            "batches",
            "ImageScanFunction.Events/Interactive/Properties/BatchSize",
            json!(2),
        ),
        gone(
            "batches",
            "ImageScanFunction.Events/Interactive/Properties/ScalingConfig",
        ),
        gone(
            "arrivals",
            "ImageIngestQueuePolicy.PolicyDocument/Statement/0/Condition/StringEquals",
        ),
        gone(
            "arrivals",
            "ImageIngestQueuePolicy.PolicyDocument/Statement/1",
        ),
        gone("arrivals", "Bucket.NotificationConfiguration"),
        put(
            "arrivals",
            "Bucket.BucketName",
            json!({"Fn::Sub": "elsewhere"}),
        ),
        put(
            "arrivals",
            "ImageIngestQueuePolicy.PolicyDocument/Statement/0/Condition/ArnLike/aws:SourceArn",
            json!({"Fn::Sub": "arn:${AWS::Partition}:s3:::*"}),
        ),
        gone("arrivals", "Bucket/DependsOn"),
        put(
            "schedules",
            "RescanFunction.Events/Tick/Properties/Schedule",
            json!("rate(1 minutes)"),
        ),
        gone("schedules", "RescanFunction.Events/Tick"),
    ]
}

fn data() -> Vec<Planted> {
    vec![
        gone("table", "Table.LocalSecondaryIndexes"),
        put(
            "table",
            "Table.GlobalSecondaryIndexes/0/Projection/ProjectionType",
            json!("ALL"),
        ),
        put(
            "table",
            "Table.TimeToLiveSpecification/AttributeName",
            json!("expires"),
        ),
        gone("table", "Table.PointInTimeRecoverySpecification"),
        put("table", "Table.BillingMode", json!("PROVISIONED")),
    ]
}

fn bucket() -> Vec<Planted> {
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

fn rights() -> Vec<Planted> {
    let managed = json!(["arn:aws:iam::aws:policy/AdministratorAccess"]);
    let anybody = json!({"AWS": "*"});
    vec![
        put(
            "own role",
            "AlertsFunction.Role/Fn::GetAtt/0",
            json!("UsersRole"),
        ),
        put("own role", "AlertsRole.ManagedPolicyArns", managed),
        put(
            "own role",
            "AlertsRole.AssumeRolePolicyDocument/Statement/0/Principal",
            anybody,
        ),
        put("own role", "RowsPolicy.Users", json!(["somebody"])),
        put(
            "own role",
            "RowsPolicy.Roles/0",
            json!({"Ref": "UploadRole"}),
        ),
        put(
            "no wildcards",
            "CollectionsPolicy#0/Action/0",
            json!("dynamodb:*"),
        ),
        put("no wildcards", "RowsPolicy#0/Resource", json!("*")),
        put(
            "no wildcards",
            "UsersPolicy#1/Resource/0",
            json!({"Fn::Sub": "${Bucket.Arn}/*"}),
        ),
        put(
            "golden rights",
            "ImageScanPolicy#0/Action",
            json!(["s3:GetObject", "s3:DeleteObject"]),
        ),
        put(
            "golden rights",
            "RowsPolicy#0/Action/0",
            json!("dynamodb:Scan"),
        ),
        gone("golden rights", "RescanPolicy#1"),
        gone("rights match settings", "ListBucketPolicy.Roles/3"),
        gone("rights match settings", "ImageScanPolicy#1/Action/3"),
        gone(
            "rights match settings",
            "HealthFunction.Environment/Variables/BUCKET",
        ),
        gone("rights match settings", "ImageScanFunction/DependsOn"),
        gone("rights match settings", "AlertsRole#2"),
        gone("key by service", "AlertsRole#2/Condition"),
        gone("key by service", "AccountsPolicy#0/Condition"),
        gone("mail", "MailPolicy#0/Condition"),
        gone("no wildcards", "CallersKeptOutPolicy#1/Condition"),
        gone("kept out", "CallersKeptOutPolicy.Roles/3"),
        gone("kept out", "ReadOnlyRowsPolicy.Roles/4"),
        gone("kept out", "WorkersKeptOutPolicy.Roles/1"),
        gone("kept out", "HealthPolicy#0/Condition"),
        gone("kept out", "RescanPolicy#5"),
        gone("kept out", "UsersPolicy#2"),
        gone("kept out", "UsersPolicy#3"),
        gone("kept out", "WorkersKeptOutPolicy#0"),
        gone(
            "kept out",
            "AuthPolicy#1/Condition/ForAnyValue:StringLike/dynamodb:LeadingKeys/1",
        ),
        put(
            "kept out",
            "HealthPolicy#0/Condition/ForAllValues:StringLike/dynamodb:LeadingKeys",
            json!(["USER#*"]),
        ),
    ]
}

fn gateway() -> Vec<Planted> {
    let elsewhere = json!({"Fn::Sub": "integrations/${UsersIntegration}"});
    vec![
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

fn distribution() -> Vec<Planted> {
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

fn uploads() -> Vec<Planted> {
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

fn alarms() -> Vec<Planted> {
    let silent = json!("It rings. See infra/runbooks/nothing.md");
    vec![
        gone("dead letter alarms", "ImageScanDeadLetterAlarm"),
        put(
            "dead letter alarms",
            "ImageIngestDeadLetterAlarm.Threshold",
            json!(10),
        ),
        gone("age alarms", "BackgroundScanAgeAlarm"),
        gone("function alarms", "UsersErrorsAlarm"),
        gone("function alarms", "ThrottlesAlarm"),
        gone("function alarms", "UploadFailuresAlarm"),
        put(
            "function alarms",
            "RescanSilentAlarm.TreatMissingData",
            json!("notBreaching"),
        ),
        gone("measures", "EnginesSpentAlarm"),
        put("measures", "ScansFailAlarm.Namespace", json!("AWS/Lambda")),
        gone("dashboard", "Dashboard.DashboardBody"),
        put(
            "dashboard",
            "Dashboard.DashboardBody",
            json!({"Fn::Sub": "{\"widgets\": [{}]}"}),
        ),
        put("runbooks", "ImageScanAgeAlarm.AlarmDescription", silent),
        gone("runbooks", "ImageScanAgeAlarm.AlarmActions"),
        gone("runbooks", "AlarmSubscription"),
    ]
}
