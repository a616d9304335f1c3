//! The reader against the real template, and against faults planted in it.

use std::time::Duration;

use super::{Place, Secret, SecretValue, System, TemplateError, functions::rate, load};

const TEMPLATE: &str = include_str!("../../../../template.yaml");

fn place() -> Place {
    Place {
        parameters: [
            ("Stage", "local"),
            ("PublicUrl", "http://localhost:4000"),
            ("WebOrigins", "http://localhost:3000,http://localhost:5173"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into(),
        sqs_url: "http://127.0.0.1:9".to_owned(),
        gateway_url: "http://localhost:4000".to_owned(),
    }
}

pub(crate) fn real() -> System {
    load(TEMPLATE, &place()).unwrap()
}

/// The real template with one text replaced, which must be there.
fn planted(from: &str, to: &str) -> Result<System, TemplateError> {
    assert!(TEMPLATE.contains(from), "{from} is not in the template");
    load(&TEMPLATE.replacen(from, to, 1), &place())
}

#[test]
fn the_real_template_is_understood() {
    let system = real();
    let packages: Vec<_> = system
        .functions
        .iter()
        .map(|function| function.package.as_str())
        .collect();
    for package in ["api-auth", "api-health", "queue-image-scan", "schedule-due"] {
        assert!(packages.contains(&package), "{package} in {packages:?}");
    }
    assert_eq!(system.tables.len(), 1);
    assert_eq!(system.tables[0].ttl.as_deref(), Some("ttl"));
    assert!(matches!(
        secret(&system, "Secret").value,
        SecretValue::Generated(64)
    ));
    assert_eq!(system.buckets[0].notifications[0].prefix, "uploads/");
    assert_eq!(system.buckets[0].cors[0].origins.len(), 2);
    assert!(
        system
            .api
            .routes
            .iter()
            .any(|route| route.key == "$default")
    );
    for route in &system.api.routes {
        assert!(
            system
                .functions
                .iter()
                .any(|function| function.arn == route.function_arn),
            "{} leads to {}",
            route.key,
            route.function_arn
        );
    }
}

#[test]
fn mails_are_stored_by_the_rule_of_the_template_where_there_is_a_domain_for_them() {
    assert_eq!(real().mails, None);
    let mut place = place();
    let domain = ("PostDomain".to_owned(), "post.vara.test".to_owned());
    place.parameters.extend([domain]);
    let system = load(TEMPLATE, &place).unwrap();
    let rule = system.mails.unwrap();
    assert_eq!(rule.prefix, "mail/");
    let bucket = system.buckets.iter().find(|it| it.name == rule.bucket);
    assert_eq!(bucket.unwrap().notifications[0].prefix, rule.prefix);
    assert_ne!(system.buckets[0].name, rule.bucket, "pictures come first");
}

#[test]
fn rules_of_the_template_hold_for_production_only() {
    let with = |given: &[(&str, &str)]| {
        let mut place = place();
        let given = given
            .iter()
            .map(|(name, it)| ((*name).into(), (*it).into()));
        place.parameters.extend(given);
        load(TEMPLATE, &place).map(|_| ())
    };
    let site = ("WebOrigins", "https://app.vara.test.net");
    let (alarms, sender) = (("AlarmEmail", "ops@test.net"), ("MailFrom", "v@test.net"));
    let prod = ("Stage", "prod");
    with(&[prod, site, alarms, sender]).unwrap();
    with(&[("Stage", "dev")]).unwrap();
    for (given, rule) in [
        (vec![prod, alarms, sender], "ProductionSite"),
        (
            vec![
                prod,
                ("WebOrigins", "http://localhost:5173"),
                alarms,
                sender,
            ],
            "ProductionSite",
        ),
        (vec![prod, site, sender], "ProductionAlarms"),
        (vec![prod, site, alarms], "ProductionSender"),
    ] {
        let error = with(&given).unwrap_err().to_string();
        assert!(error.contains(rule), "{rule}: {error}");
    }
}

#[test]
fn a_stage_must_be_given() {
    let mut place = place();
    place.parameters.remove("Stage");
    let error = load(TEMPLATE, &place).unwrap_err().to_string();
    assert_eq!(error, "the parameter Stage has no value");
}

#[test]
fn the_route_of_large_uploads_is_followed_to_the_bucket() {
    let system = real();
    let uploads = system.api.large_uploads.unwrap();
    assert_eq!(uploads.route, "POST /api/v1/images/upload");
    assert_eq!(uploads.above_bytes, 4_400_000);
    assert_eq!(uploads.bucket, system.buckets[0].name);
    assert_eq!(uploads.key, "uploads/{user}/{image}");
    let parts = ["user", "image"].map(|it| (it.to_owned(), it.to_owned()));
    assert_eq!(uploads.key_parts, parts.into());
    assert_eq!((uploads.status, uploads.answer.as_str()), (201, "answer"));
    assert_eq!(uploads.failure.status, 503);
    assert_eq!(uploads.answers["REQUEST_TOO_LARGE"].status, 413);
    assert_eq!(uploads.answers["DEFAULT_5XX"].status, 500);
    assert_eq!(uploads.cors.origins.len(), 2);
    let authorizer = system
        .functions
        .iter()
        .find(|it| it.arn == uploads.authorizer_arn)
        .unwrap();
    assert_eq!(authorizer.package, "api-upload-authorizer");
}

#[test]
fn every_redrive_policy_names_a_queue() {
    let system = real();
    let mut policies = 0;
    for queue in &system.queues {
        let Some(policy) = queue.attributes.get("RedrivePolicy") else {
            continue;
        };
        policies += 1;
        let policy: serde_json::Value = serde_json::from_str(policy).unwrap();
        assert!(
            system
                .queues
                .iter()
                .any(|target| policy["deadLetterTargetArn"] == target.arn)
        );
    }
    // Every queue has a dead-letter queue of its own, and those have none.
    assert_eq!(policies * 2, system.queues.len());
}

#[test]
fn sources_and_schedules_are_read() {
    let system = real();
    let function = |package: &str| {
        system
            .functions
            .iter()
            .find(|function| function.package == package)
            .unwrap()
    };
    let scan = function("queue-image-scan");
    assert_eq!(scan.sources.len(), 2);
    assert!(scan.sources.iter().all(|source| source.reports_failures));
    assert!(scan.sources.iter().all(|source| source.batch_size == 1));
    assert_eq!(
        function("schedule-due").schedules[0].every,
        Duration::from_secs(60)
    );
}

#[test]
fn globals_reach_every_function() {
    assert!(
        real()
            .functions
            .iter()
            .all(|function| function.handler == "bootstrap")
    );
}

fn secret<'a>(system: &'a System, logical: &str) -> &'a Secret {
    let mut secrets = system.secrets.iter();
    secrets.find(|it| it.logical == logical).unwrap()
}

#[test]
fn settings_refer_to_secrets_of_the_template() {
    let system = real();
    let function = |package: &str| {
        let mut functions = system.functions.iter();
        &functions
            .find(|it| it.package == package)
            .unwrap()
            .environment
    };
    let auth = function("api-auth");
    assert_eq!(
        auth["SECRET"],
        format!("secret:{}", secret(&system, "Secret").arn)
    );
    let SecretValue::Written(keys) = &secret(&system, "SearchKeys").value else {
        panic!("{:?}", secret(&system, "SearchKeys"));
    };
    let keys: serde_json::Value = serde_json::from_str(keys).unwrap();
    assert_eq!(keys["tineye"], "");
    assert!(function("queue-image-scan")["TINEYE_API_KEY"].ends_with("SearchKeys#tineye"));
}

#[test]
fn faults_are_named() {
    for (from, to, named) in [
        ("AWS::SQS::QueuePolicy", "AWS::SQS::Cue", "AWS::SQS::Cue"),
        (
            "VisibilityTimeout:",
            "VisbilityTimeout:",
            "VisbilityTimeout",
        ),
        ("CodeUri:", "CodeUrl:", "CodeUrl"),
        ("BatchSize:", "BatchSze:", "BatchSze"),
        (
            "MaximumConcurrency:",
            "MaximumConcurency:",
            "MaximumConcurency",
        ),
        (
            "Schedule: rate(1 minute)",
            "Schedule: rate(1 minutes)",
            "rate(1 minutes)",
        ),
        (
            "Schedule: rate(1 minute)",
            "Schedule: cron(0 1 * * ? *)",
            "cron(",
        ),
        (
            "ReportBatchItemFailures",
            "ReportBatchItemFailure",
            "ReportBatchItemFailure",
        ),
        ("provided.al2023", "provided.al2", "provided.al2"),
        (
            "!GetAtt ImageIngestQueue.Arn",
            "!GetAtt ImageIngestQueue.Urn",
            "Urn",
        ),
        ("!Ref Table", "!Ref Tabel", "Tabel"),
        ("\nResources:", "\nHooks: {}\nResources:", "Hooks"),
        (
            "!FindInMap [Queues, !Ref Queue, Name]",
            "!FindInMap [Queues, !Ref Queue, Nam]",
            "Queues.ImageIngest.Nam",
        ),
        (
            "Fn::ForEach::Queues:",
            "Fn::ForEeach::Queues:",
            "Fn::ForEeach::Queues",
        ),
        (
            "PayloadFormatVersion: \"2.0\"",
            "PayloadFormatVersion: \"1.0\"",
            "1.0",
        ),
        ("Name: prefix", "Name: prefx", "prefx"),
        (
            "const LARGE_ABOVE_BYTES = 4400000;",
            "const ABOVE = 4400000;",
            "LARGE_ABOVE_BYTES",
        ),
        (
            "const LARGE_ABOVE_BYTES = 4400000;",
            "const LARGE_ABOVE_BYTES = 4.4e6;",
            "4.4e6",
        ),
        (
            "const LARGE_ORIGIN = 'uploads'",
            "const LARGE_ORIGIN = 'else'",
            "else",
        ),
        (
            "EventType: viewer-request",
            "EventType: viewer-response",
            "viewer-response",
        ),
        ("OriginPath: /uploads", "OriginPath: /else", "/else"),
        (
            "PathPart: upload\n",
            "PathPart: uplaod\n",
            "POST /api/v1/images/upload",
        ),
        (
            "AuthorizerResultTtlInSeconds: 0",
            "AuthorizerResultTtlInSeconds: 300",
            "300",
        ),
        (
            "IntegrationHttpMethod: PUT",
            "IntegrationHttpMethod: POST",
            "POST",
        ),
        (
            "integration.request.path.user: context.authorizer.user",
            "integration.request.path.user: method.request.header.User",
            "method.request.header.User",
        ),
        (
            "          integration.request.header.Content-Type: method.request.header.Content-Type\n",
            "",
            "Content-Type",
        ),
        (
            "$util.base64Decode(",
            "$util.escapeJavaScript(",
            "escapeJavaScript",
        ),
        (
            "ResponseType: REQUEST_TOO_LARGE",
            "ResponseType: TOO_LARGE",
            "REQUEST_TOO_LARGE",
        ),
        (
            "OriginOverride: false",
            "OriginOverride: true",
            "OriginOverride",
        ),
    ] {
        let error = planted(from, to).unwrap_err().to_string();
        assert!(error.contains(named), "{from} -> {to}: {error}");
    }
}

#[test]
fn rates() {
    assert_eq!(rate("rate(1 minute)"), Some(Duration::from_secs(60)));
    assert_eq!(rate("rate(2 hours)"), Some(Duration::from_secs(7200)));
    assert_eq!(rate("rate(3 days)"), Some(Duration::from_secs(259_200)));
    for wrong in [
        "rate(0 minutes)",
        "rate(1 minutes)",
        "rate(2 minute)",
        "rate(1 week)",
        "1 day",
    ] {
        assert_eq!(rate(wrong), None, "{wrong}");
    }
}
