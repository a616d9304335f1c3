//! Rules about who may do what. A function that is broken into must not be able
//! to do more than its work.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::template_model::{
    Faults, Function, Template, attribute, list, pattern, reference, words,
};

/// Rights that not everybody has, and who has them. A right that is not here and
/// not in [`COMMON`] is a fault, so that a new one is seen in review.
const RIGHTS: [(&str, &str); 43] = [
    ("dynamodb:BatchWriteItem", "api-users queue-sweep"),
    (
        "dynamodb:Query index/due",
        "api-admin queue-sweep schedule-due schedule-notify",
    ),
    ("execute-api:ManageConnections", "queue-push"),
    (
        "dynamodb:Query index/list",
        "api-accounts api-alerts api-documents api-evidence api-images api-matches api-scans api-takedowns api-users queue-breach-check queue-image-scan queue-profile-scan",
    ),
    (
        "kms:Decrypt RecordKey",
        "api-admin api-alerts api-auth api-documents api-events api-evidence api-images api-matches api-scans api-takedowns api-upload-authorizer api-users queue-capture queue-image-scan queue-render queue-takedown queue-takedown-mail",
    ),
    ("kms:Decrypt TokenKey", "api-accounts"),
    (
        "kms:GenerateDataKey",
        "api-images api-users queue-capture queue-image-ingest queue-render queue-sweep",
    ),
    (
        "kms:GenerateDataKey RecordKey",
        "api-admin api-alerts api-auth api-documents api-events api-evidence api-images api-matches api-scans api-takedowns api-upload-authorizer api-users queue-capture queue-image-scan queue-render queue-takedown queue-takedown-mail",
    ),
    ("kms:GenerateDataKey TokenKey", "api-accounts"),
    ("s3:DeleteObject downloads", "api-users queue-sweep"),
    ("s3:DeleteObject mail", "queue-takedown-mail"),
    ("s3:GetObject mail", "queue-takedown-mail"),
    ("kms:GetPublicKey EvidenceKey", "api-evidence queue-capture"),
    ("kms:Sign EvidenceKey", "queue-capture"),
    (
        "s3:DeleteObject evidence",
        "api-evidence api-users queue-capture queue-sweep",
    ),
    (
        "s3:GetObject evidence",
        "api-evidence queue-capture queue-sweep",
    ),
    ("s3:PutObject evidence", "queue-capture"),
    (
        "secretsmanager:GetSecretValue StampAuthorities",
        "queue-capture",
    ),
    (
        "s3:DeleteObject pictures",
        "api-images api-users queue-image-ingest queue-sweep",
    ),
    (
        "s3:DeleteObject uploads",
        "api-images api-users queue-image-ingest queue-sweep",
    ),
    (
        "s3:GetObject pictures",
        "api-images api-proxy queue-image-scan queue-profile-scan queue-render queue-sweep",
    ),
    ("s3:GetObject downloads", "api-documents queue-render"),
    ("s3:GetObject uploads", "queue-image-ingest queue-sweep"),
    (
        "s3:ListBucket",
        "api-documents api-evidence api-health api-images api-proxy api-users queue-capture queue-image-ingest queue-image-scan queue-profile-scan queue-render queue-sweep queue-takedown-mail",
    ),
    ("s3:PutObject downloads", "queue-render"),
    ("s3:PutObject erased", "api-users queue-sweep"),
    ("s3:PutObject pictures", "queue-image-ingest"),
    ("s3:PutObject uploads", "api-images"),
    (
        "secretsmanager:GetSecretValue Allowances",
        "api-scans queue-breach-check queue-image-scan",
    ),
    (
        "secretsmanager:GetSecretValue FacecheckKey",
        "queue-image-scan queue-sweep",
    ),
    ("secretsmanager:GetSecretValue FormerSigning", "api-auth"),
    (
        "secretsmanager:GetSecretValue HibpKey",
        "queue-breach-check",
    ),
    ("secretsmanager:GetSecretValue OauthClients", "api-accounts"),
    (
        "secretsmanager:GetSecretValue ProxySecret",
        "api-proxy queue-image-scan",
    ),
    (
        "secretsmanager:GetSecretValue SearchKeys",
        "queue-image-scan",
    ),
    ("secretsmanager:GetSecretValue SigningSecret", "api-auth"),
    (
        "secretsmanager:GetSecretValue of the API",
        "api-accounts api-admin api-alerts api-auth api-documents api-events api-evidence api-health api-images api-matches api-onboarding api-protection-plan api-proxy api-realtime api-scans api-socket api-takedowns api-upload-authorizer api-users",
    ),
    (
        "ses:SendEmail",
        "api-accounts api-auth queue-notice queue-sign-in-mail queue-takedown",
    ),
    (
        "sqs:ChangeMessageVisibility",
        "queue-breach-check queue-capture queue-image-ingest queue-image-scan queue-mail-feedback queue-notice queue-profile-scan queue-push queue-render queue-sign-in-mail queue-sweep queue-takedown queue-takedown-mail",
    ),
    (
        "sqs:DeleteMessage",
        "api-admin queue-breach-check queue-capture queue-image-ingest queue-image-scan queue-mail-feedback queue-notice queue-profile-scan queue-push queue-render queue-sign-in-mail queue-sweep queue-takedown queue-takedown-mail",
    ),
    (
        "sqs:GetQueueAttributes",
        "api-admin api-health api-scans queue-breach-check queue-capture queue-image-ingest queue-image-scan queue-mail-feedback queue-notice queue-profile-scan queue-push queue-render queue-sign-in-mail queue-sweep queue-takedown queue-takedown-mail",
    ),
    (
        "sqs:ReceiveMessage",
        "api-admin queue-breach-check queue-capture queue-image-ingest queue-image-scan queue-mail-feedback queue-notice queue-profile-scan queue-push queue-render queue-sign-in-mail queue-sweep queue-takedown queue-takedown-mail",
    ),
    (
        "sqs:SendMessage",
        "api-admin api-alerts api-auth api-documents api-evidence api-images api-matches api-onboarding api-protection-plan api-scans api-socket api-takedowns api-upload-authorizer api-users queue-breach-check queue-capture queue-image-ingest queue-image-scan queue-mail-feedback queue-notice queue-profile-scan queue-render queue-sweep queue-takedown queue-takedown-mail schedule-due schedule-notify",
    ),
];

/// The keys that functions use themselves, for one account or one woman at a time.
const KEYS_BY_CONTEXT: [&str; 2] = ["RecordKey", "TokenKey"];

/// The key that evidence is signed with. It opens nothing.
const SIGNING_KEY: &str = "EvidenceKey";

/// Rights whose spread says nothing: items of the table, own logs, own traces.
const COMMON: [&str; 14] = [
    "dynamodb:BatchGetItem",
    "dynamodb:ConditionCheckItem",
    "dynamodb:DeleteItem",
    "dynamodb:GetItem",
    "dynamodb:PutItem",
    "dynamodb:Query",
    "dynamodb:UpdateItem",
    "kms:Decrypt",
    "logs:CreateLogStream",
    "logs:PutLogEvents",
    "secretsmanager:BatchGetSecretValue",
    "secretsmanager:GetSecretValue Collector",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
];

/// Each function has a role nobody else has, that only Lambda may take on, and
/// that has no policy from elsewhere.
pub(crate) fn own_role(template: &Template, faults: &mut Faults) {
    let mut used = BTreeSet::new();
    for function in template.functions() {
        let id = &function.id;
        let role = attribute(function.get("Role"), "Arn").unwrap_or_default();
        faults.expect(
            used.insert(role.to_owned()),
            format!("{id} shares its role"),
        );
        let role = template.properties(role);
        let trust = &role["AssumeRolePolicyDocument"]["Statement"];
        let only_lambda = list(trust).len() == 1
            && trust[0]["Principal"] == json!({"Service": "lambda.amazonaws.com"})
            && trust[0]["Action"] == "sts:AssumeRole";
        faults.expect(only_lambda, format!("others than Lambda may be {id}"));
        // Managed policies, SAM's own included, speak of every resource of the account.
        let managed =
            role.get("ManagedPolicyArns").is_some() || function.properties.contains_key("Policies");
        faults.expect(!managed, format!("{id} has a policy that is not its own"));
    }
    for (id, policy) in template.of_type("AWS::IAM::Policy") {
        let policy = &policy["Properties"];
        let others = policy.get("Users").is_some() || policy.get("Groups").is_some();
        let mut roles = list(&policy["Roles"]).into_iter().map(reference);
        let of_functions = roles.all(|it| it.is_some_and(|it| used.contains(it)));
        faults.expect(
            of_functions && !others,
            format!("{id} permits somebody who is no function"),
        );
    }
}

/// No right on everything, and no right to do everything. Tracing is the one thing AWS gives no
/// resource for; reading secrets together needs the right to read each as well.
pub(crate) fn no_wildcards(template: &Template, faults: &mut Faults) {
    for function in template.functions() {
        for statement in template.statements(&function) {
            let of = format!("{} {}", function.id, statement["Sid"]);
            let actions = words(&statement["Action"]);
            faults.expect(!actions.is_empty(), format!("{of} has no actions"));
            faults.expect(
                actions.iter().all(|it| !it.contains('*')),
                format!("{of} may do anything"),
            );
            let unnamed =
                |it: &&str| it.starts_with("xray:") || *it == "secretsmanager:BatchGetSecretValue";
            let has_no_resource = actions.iter().all(unnamed);
            let resources = list(&statement["Resource"]);
            let is_secret = |it: &Value| {
                attribute(it, "Id").is_some_and(|id| {
                    template.0["Resources"][id]["Type"] == "AWS::SecretsManager::Secret"
                })
            };
            let bounded =
                !resources.is_empty() && resources.iter().all(|it| is_bounded(it) || is_secret(it));
            faults.expect(
                bounded || has_no_resource,
                format!("{of} reaches everything"),
            );
            faults.expect(
                statement["Effect"] == "Allow",
                format!("{of} is not a plain permission"),
            );
        }
        for denial in template.denials(&function) {
            let of = format!("{} {}", function.id, denial["Sid"]);
            // A condition that names nothing would refuse everything.
            let bounded = denial["Condition"].is_object();
            faults.expect(bounded, format!("{of} refuses everything"));
        }
    }
}

/// Whether a resource is one of ours: an attribute, or a path that begins with one.
fn is_bounded(resource: &Value) -> bool {
    let path = pattern(resource);
    let inside_ours = [
        "${Table.Arn}/index/",
        "${Bucket.Arn}/uploads/",
        "${Bucket.Arn}/downloads/",
        "${Bucket.Arn}/erased/",
        "${Bucket.Arn}/pictures/",
        "${Bucket.Arn}/evidence/",
        "${MailBucket.Arn}/mail/",
    ]
    .iter()
    .any(|ours| path.strip_prefix(ours).is_some_and(|rest| !rest.is_empty()));
    let identity = [":identity/${", ":configuration-set/${"]
        .iter()
        .any(|kind| path.contains(kind) && !path.contains('*'));
    // Any connection, of our WebSocket API and its stage.
    let connections = path.ends_with(":${SocketApi}/live/*/@connections/*");
    attribute(resource, "Arn").is_some() || inside_ours || identity || connections
}

/// Exactly the functions of the golden list hold each right.
pub(crate) fn golden(template: &Template, faults: &mut Faults) {
    let mut held = BTreeMap::<String, BTreeSet<String>>::new();
    for function in template.functions() {
        for statement in template.statements(&function) {
            for action in words(&statement["Action"]) {
                for right in rights(action, &statement["Resource"]) {
                    held.entry(right)
                        .or_default()
                        .insert(function.package().to_owned());
                }
            }
        }
    }
    held.retain(|right, _| !COMMON.contains(&right.as_str()));
    for (right, holders) in RIGHTS {
        let wanted: BTreeSet<_> = holders.split(' ').map(str::to_owned).collect();
        let held = held.remove(right).unwrap_or_default();
        faults.expect(held == wanted, format!("{right} is held by {held:?}"));
    }
    for right in held.keys() {
        faults.expect(false, format!("{right} is in no list"));
    }
}

/// A right, told apart by the folder of the bucket, the index of the table or the key
/// where there is one.
fn rights(action: &str, resources: &Value) -> BTreeSet<String> {
    let part = |resource: &Value| {
        let path = pattern(resource);
        let folder = path
            .strip_prefix("${Bucket.Arn}/")
            .or_else(|| path.strip_prefix("${MailBucket.Arn}/"))
            .map(|it| it.trim_end_matches("/*").to_owned());
        let index = path.strip_prefix("${Table.Arn}/").map(str::to_owned);
        let key = attribute(resource, "Arn")
            .filter(|it| KEYS_BY_CONTEXT.contains(it) || *it == SIGNING_KEY);
        // All that answer her have the same ones.
        let secret = attribute(resource, "Id").map(|it| match it {
            "EdgeSecret" | "GateSecrets" | "Secret" => "of the API",
            other => other,
        });
        folder
            .or(index)
            .or_else(|| key.or(secret).map(str::to_owned))
    };
    let named = |resource: &Value| match part(resource) {
        Some(part) => format!("{action} {part}"),
        None => action.to_owned(),
    };
    list(resources).into_iter().map(named).collect()
}

/// Whoever is told of a resource may use it, and whoever may use it is told of it.
/// Whoever reads items or objects may also decrypt them.
pub(crate) fn match_settings(template: &Template, faults: &mut Faults) {
    for function in template.functions() {
        let id = &function.id;
        let told: BTreeSet<_> = function
            .variables()
            .values()
            .filter_map(|value| reference(value).map(str::to_owned))
            .filter(|name| template.0["Resources"].get(name.as_str()).is_some())
            .collect();
        let read: BTreeSet<_> = function
            .events("SQS")
            .iter()
            .filter_map(|event| attribute(&event["Queue"], "Arn").map(str::to_owned))
            .collect();
        let used = used(template, &function);
        for name in &told {
            faults.expect(
                used.contains(name),
                format!("{id} is told of {name} and may not use it"),
            );
        }
        for name in &used {
            // A queue's failures are found through the queue itself.
            let failures = told
                .iter()
                .any(|queue| template.dead_letter_queue(queue) == Some(name.as_str()));
            let known = told.contains(name) || read.contains(name) || failures;
            faults.expect(known, format!("{id} may use {name} and is not told of it"));
        }
        for queue in &read {
            let consume = [
                "ReceiveMessage",
                "DeleteMessage",
                "GetQueueAttributes",
                "ChangeMessageVisibility",
            ];
            let may = consume
                .iter()
                .all(|it| may(template, &function, &format!("sqs:{it}"), queue));
            faults.expect(may, format!("{id} may not read {queue}"));
        }
        // AWS takes a queue for a function only when its role may already read it.
        let attached = template.0["Resources"][id]["DependsOn"].as_str();
        let waits = attached.is_some_and(|it| {
            let policy = template.properties(it);
            let mut statements = list(&policy["PolicyDocument"]["Statement"]).into_iter();
            statements.any(|it| words(&it["Action"]).contains("sqs:ReceiveMessage"))
        });
        faults.expect(
            read.is_empty() || waits,
            format!("{id} is given a queue before it may read it"),
        );
        let items = may(template, &function, "dynamodb:GetItem", "Table");
        let decrypts = may(template, &function, "kms:Decrypt", "DataKey");
        faults.expect(
            decrypts || !items,
            format!("{id} reads what it cannot decrypt"),
        );
    }
}

/// The table, bucket and queues a function's role names.
fn used(template: &Template, function: &Function) -> BTreeSet<String> {
    let kinds = [
        "AWS::DynamoDB::Table",
        "AWS::S3::Bucket",
        "AWS::SES::ConfigurationSet",
        "AWS::SQS::Queue",
    ];
    let resources = template
        .statements(function)
        .into_iter()
        .flat_map(|it| list(&it["Resource"]));
    let names = resources.filter_map(|it| attribute(it, "Arn").or_else(|| owner(pattern(it))));
    names
        .filter(|name| {
            kinds
                .iter()
                .any(|kind| template.0["Resources"][name]["Type"] == *kind)
        })
        .map(str::to_owned)
        .collect()
}

/// The resource a path such as `${Bucket.Arn}/uploads/*` begins with, or `…:configuration-set/${Name}` ends
/// with.
fn owner(path: &str) -> Option<&str> {
    if let Some((_, name)) = path.split_once(":configuration-set/${") {
        return name.strip_suffix('}');
    }
    path.strip_prefix("${")?
        .split_once(".Arn}")
        .map(|(name, _)| name)
}

fn may(template: &Template, function: &Function, action: &str, resource: &str) -> bool {
    template.statements(function).into_iter().any(|it| {
        let on_it = list(&it["Resource"])
            .into_iter()
            .any(|r| attribute(r, "Arn") == Some(resource));
        on_it && words(&it["Action"]).contains(action)
    })
}

/// The key of our data is used only through the services that hold it, and the others for
/// one account or one woman at a time.
pub(crate) fn key_by_service(template: &Template, faults: &mut Faults) {
    for function in template.functions() {
        for statement in template.statements(&function) {
            if words(&statement["Action"])
                .iter()
                .any(|it| it.starts_with("kms:"))
            {
                let key = attribute(&statement["Resource"], "Arn");
                if key == Some(SIGNING_KEY) {
                    continue;
                }
                if key.is_some_and(|it| KEYS_BY_CONTEXT.contains(&it)) {
                    let account =
                        &statement["Condition"]["StringLike"]["kms:EncryptionContext:account"];
                    faults.expect(
                        account == "*",
                        format!("{} may open without naming an account", function.id),
                    );
                    continue;
                }
                let via = &statement["Condition"]["StringEquals"]["kms:ViaService"];
                let services: BTreeSet<_> = list(via).into_iter().map(pattern).collect();
                let ours = services.iter().all(|it| {
                    let ways = ["dynamodb.", "s3.", "secretsmanager."];
                    ways.iter().any(|way| it.starts_with(way))
                });
                faults.expect(
                    !services.is_empty() && ours,
                    format!("{} may decrypt anything", function.id),
                );
            }
        }
    }
}

/// Mail leaves only under our own name.
pub(crate) fn mail(template: &Template, faults: &mut Faults) {
    for function in template.functions() {
        for statement in template.statements(&function) {
            if words(&statement["Action"])
                .iter()
                .any(|it| it.starts_with("ses:"))
            {
                let from = &statement["Condition"]["StringEquals"]["ses:FromAddress"];
                faults.expect(
                    reference(from) == Some("MailFrom"),
                    format!("{} may mail as anybody", function.id),
                );
            }
        }
    }
}
