//! Faults in functions, queues, the table, rights and alarms.

use serde_json::json;

use super::plant::{Planted, gone, put};

pub(super) fn functions() -> Vec<Planted> {
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

pub(super) fn settings() -> Vec<Planted> {
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

pub(super) fn queues() -> Vec<Planted> {
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

pub(super) fn batches() -> Vec<Planted> {
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
        put(
            "batches",
            "SweepFunction.Events/Messages/Properties/ScalingConfig/MaximumConcurrency",
            json!(16),
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
            "DueFunction.Events/Tick/Properties/Schedule",
            json!("rate(1 minutes)"),
        ),
        gone("schedules", "DueFunction.Events/Tick"),
        gone(
            "schedules",
            "NotifyFunction.EventInvokeConfig/MaximumEventAgeInSeconds",
        ),
    ]
}

pub(super) fn data() -> Vec<Planted> {
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

pub(super) fn rights() -> Vec<Planted> {
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
        gone("golden rights", "SweepPolicy#1"),
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
        gone("kept out", "SweepPolicy#6"),
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

pub(super) fn alarms() -> Vec<Planted> {
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
            "DueSilentAlarm.TreatMissingData",
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
