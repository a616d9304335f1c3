//! Rules about the functions: one per crate, their size, their logs, their settings.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use vara::services::pictures::image_files::INTAKE_WAIT;
use vara::settings::QUEUES;

use crate::template_model::{Faults, Template, reference, root};

/// Package, memory in MB, timeout in seconds.
const SIZES: [(&str, u64, u64); 34] = [
    ("api-accounts", 256, 25),
    ("api-admin", 256, 25),
    ("api-alerts", 256, 15),
    ("api-auth", 1769, 15),
    ("api-documents", 256, 20),
    ("api-evidence", 256, 20),
    ("api-events", 256, 28),
    ("api-health", 256, 15),
    ("api-images", 256, 20),
    ("api-matches", 256, 15),
    ("api-onboarding", 256, 15),
    ("api-protection-plan", 256, 15),
    ("api-proxy", 256, 15),
    ("api-realtime", 256, 28),
    ("api-scans", 256, 15),
    ("api-socket", 256, 10),
    ("api-takedowns", 256, 20),
    ("api-upload-authorizer", 256, 10),
    ("api-users", 256, 15),
    ("queue-breach-check", 256, 120),
    ("queue-capture", 1769, 180),
    ("queue-image-ingest", 1769, 60),
    ("queue-image-scan", 1769, 300),
    ("queue-mail-feedback", 256, 30),
    ("queue-notice", 256, 30),
    ("queue-profile-scan", 1769, 300),
    ("queue-render", 512, 60),
    ("queue-push", 256, 20),
    ("queue-sign-in-mail", 256, 20),
    ("queue-sweep", 256, 60),
    ("queue-takedown", 512, 60),
    ("queue-takedown-mail", 256, 30),
    ("schedule-due", 256, 60),
    ("schedule-notify", 256, 60),
];

/// Settings that every function gets.
const SETTINGS_OF_ALL: [&str; 3] = [
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_EXPORTER_OTLP_HEADERS",
    // Differs with every deployment, so that all functions are updated and read a rotated secret.
    "RELEASE",
];

/// Which settings a function gets besides, and no others. `SECRET` signs picture links: only what a
/// woman talks to may have it. `SIGNING_SECRET` signs sessions: only sign-in may have it.
const SETTINGS: [(&str, &str); 34] = [
    (
        "api-accounts",
        "EDGE_SECRET EXTERNAL_ISSUER EXTERNAL_JWKS_URL EXTERNAL_JWT_SECRET MAIL_FROM MAIL_SETTINGS OAUTH_PROVIDERS PUBLIC_URL RATE_LIMIT RATE_LIMIT_AUTH RATE_LIMIT_USER SECRET SECRET_PREVIOUS SOCIAL_URL STAGE TABLE TOKEN_KEY WEB_ORIGINS",
    ),
    (
        "api-admin",
        "EDGE_SECRET EXTERNAL_ISSUER EXTERNAL_JWKS_URL EXTERNAL_JWT_SECRET PUBLIC_URL QUEUE_BACKGROUND_SCAN QUEUE_BREACH_CHECK QUEUE_CAPTURE QUEUE_IMAGE_INGEST QUEUE_IMAGE_SCAN QUEUE_MAIL_FEEDBACK QUEUE_NOTICE QUEUE_PROFILE_SCAN QUEUE_PUSH QUEUE_RENDER QUEUE_SIGN_IN_MAIL QUEUE_SWEEP QUEUE_TAKEDOWN QUEUE_TAKEDOWN_MAIL QUEUE_TAKEDOWN_URGENT RATE_LIMIT RATE_LIMIT_AUTH RATE_LIMIT_USER RECORD_KEY SECRET SECRET_PREVIOUS STAGE TABLE WEB_ORIGINS",
    ),
    (
        "api-alerts",
        "EDGE_SECRET EXTERNAL_ISSUER EXTERNAL_JWKS_URL EXTERNAL_JWT_SECRET PUBLIC_URL QUEUE_PUSH RATE_LIMIT RATE_LIMIT_AUTH RATE_LIMIT_USER RECORD_KEY SECRET SECRET_PREVIOUS STAGE TABLE WEB_ORIGINS",
    ),
    (
        "api-auth",
        "CONFIRM_FIRST EDGE_SECRET EXTERNAL_ISSUER EXTERNAL_JWKS_URL EXTERNAL_JWT_SECRET MAIL_FROM MAIL_SETTINGS PUBLIC_URL QUEUE_PUSH QUEUE_SIGN_IN_MAIL RATE_LIMIT RATE_LIMIT_AUTH RATE_LIMIT_USER RECORD_KEY SECRET SECRET_PREVIOUS SESSION_MAX_DAYS SIGNING_SECRET SIGNING_SECRET_PREVIOUS STAGE TABLE WEB_ORIGINS",
    ),
    (
        "api-takedowns",
        "EDGE_SECRET EXTERNAL_ISSUER EXTERNAL_JWKS_URL EXTERNAL_JWT_SECRET PUBLIC_URL QUEUE_PUSH QUEUE_TAKEDOWN QUEUE_TAKEDOWN_URGENT RATE_LIMIT RATE_LIMIT_AUTH RATE_LIMIT_USER RECORD_KEY SECRET SECRET_PREVIOUS STAGE TABLE WEB_ORIGINS",
    ),
    (
        "queue-takedown",
        "MAIL_FROM MAIL_SETTINGS POST_DOMAIN QUEUE_PUSH QUEUE_TAKEDOWN QUEUE_TAKEDOWN_URGENT RECORD_KEY STAGE TABLE",
    ),
    (
        "queue-takedown-mail",
        "MAIL_BUCKET POST_DOMAIN QUEUE_PUSH QUEUE_TAKEDOWN QUEUE_TAKEDOWN_URGENT RECORD_KEY STAGE TABLE",
    ),
    (
        "api-documents",
        "BUCKET EDGE_SECRET EXTERNAL_ISSUER EXTERNAL_JWKS_URL EXTERNAL_JWT_SECRET PUBLIC_URL QUEUE_PUSH QUEUE_RENDER RATE_LIMIT RATE_LIMIT_AUTH RATE_LIMIT_USER RECORD_KEY SECRET SECRET_PREVIOUS STAGE TABLE WEB_ORIGINS",
    ),
    (
        "api-evidence",
        "BUCKET EDGE_SECRET EVIDENCE_KEY EVIDENCE_KEYS EXTERNAL_ISSUER EXTERNAL_JWKS_URL EXTERNAL_JWT_SECRET PUBLIC_URL QUEUE_CAPTURE QUEUE_PUSH RATE_LIMIT RATE_LIMIT_AUTH RATE_LIMIT_USER RECORD_KEY SECRET SECRET_PREVIOUS STAGE TABLE WEB_ORIGINS",
    ),
    (
        "api-events",
        "EDGE_SECRET EXTERNAL_ISSUER EXTERNAL_JWKS_URL EXTERNAL_JWT_SECRET PUBLIC_URL RATE_LIMIT RATE_LIMIT_AUTH RATE_LIMIT_USER RECORD_KEY SECRET SECRET_PREVIOUS STAGE TABLE WEB_ORIGINS",
    ),
    (
        "api-health",
        "BUCKET EDGE_SECRET QUEUE_BACKGROUND_SCAN QUEUE_BREACH_CHECK QUEUE_CAPTURE QUEUE_IMAGE_INGEST QUEUE_IMAGE_SCAN QUEUE_MAIL_FEEDBACK QUEUE_NOTICE QUEUE_PROFILE_SCAN QUEUE_PUSH QUEUE_RENDER QUEUE_SIGN_IN_MAIL QUEUE_SWEEP QUEUE_TAKEDOWN QUEUE_TAKEDOWN_MAIL QUEUE_TAKEDOWN_URGENT RATE_LIMIT RATE_LIMIT_AUTH RATE_LIMIT_USER STAGE TABLE WEB_ORIGINS",
    ),
    (
        "api-images",
        "BUCKET EDGE_SECRET EXTERNAL_ISSUER EXTERNAL_JWKS_URL EXTERNAL_JWT_SECRET PUBLIC_URL QUEUE_PUSH RATE_LIMIT RATE_LIMIT_AUTH RATE_LIMIT_USER RECORD_KEY SECRET SECRET_PREVIOUS STAGE TABLE WEB_ORIGINS",
    ),
    (
        "api-matches",
        "EDGE_SECRET EXTERNAL_ISSUER EXTERNAL_JWKS_URL EXTERNAL_JWT_SECRET PUBLIC_URL QUEUE_PUSH RATE_LIMIT RATE_LIMIT_AUTH RATE_LIMIT_USER RECORD_KEY SECRET SECRET_PREVIOUS STAGE TABLE WEB_ORIGINS",
    ),
    (
        "api-onboarding",
        "EDGE_SECRET EXTERNAL_ISSUER EXTERNAL_JWKS_URL EXTERNAL_JWT_SECRET PUBLIC_URL QUEUE_PUSH RATE_LIMIT RATE_LIMIT_AUTH RATE_LIMIT_USER SECRET SECRET_PREVIOUS STAGE TABLE WEB_ORIGINS",
    ),
    (
        "api-protection-plan",
        "EDGE_SECRET EXTERNAL_ISSUER EXTERNAL_JWKS_URL EXTERNAL_JWT_SECRET PUBLIC_URL QUEUE_PUSH RATE_LIMIT RATE_LIMIT_AUTH RATE_LIMIT_USER SECRET SECRET_PREVIOUS STAGE TABLE WEB_ORIGINS",
    ),
    (
        "api-proxy",
        "BUCKET EDGE_SECRET EXTERNAL_ISSUER EXTERNAL_JWKS_URL EXTERNAL_JWT_SECRET PROXY_SECRET PUBLIC_URL RATE_LIMIT RATE_LIMIT_AUTH RATE_LIMIT_USER SECRET SECRET_PREVIOUS STAGE TABLE WEB_ORIGINS",
    ),
    (
        "api-realtime",
        "EDGE_SECRET EXTERNAL_ISSUER EXTERNAL_JWKS_URL EXTERNAL_JWT_SECRET PUBLIC_URL RATE_LIMIT RATE_LIMIT_AUTH RATE_LIMIT_USER SECRET SECRET_PREVIOUS SOCKET_URL STAGE TABLE WEB_ORIGINS",
    ),
    (
        "api-scans",
        "ENGINE_ALLOWANCES EDGE_SECRET EXTERNAL_ISSUER EXTERNAL_JWKS_URL EXTERNAL_JWT_SECRET PUBLIC_URL QUEUE_BACKGROUND_SCAN QUEUE_BREACH_CHECK QUEUE_IMAGE_SCAN QUEUE_PROFILE_SCAN QUEUE_PUSH RATE_LIMIT RATE_LIMIT_AUTH RATE_LIMIT_USER RECORD_KEY SECRET SECRET_PREVIOUS STAGE TABLE WEB_ORIGINS",
    ),
    (
        "api-socket",
        "EDGE_SECRET EXTERNAL_ISSUER EXTERNAL_JWKS_URL EXTERNAL_JWT_SECRET PUBLIC_URL QUEUE_PUSH RATE_LIMIT RATE_LIMIT_AUTH RATE_LIMIT_USER SECRET SECRET_PREVIOUS STAGE TABLE WEB_ORIGINS",
    ),
    (
        "api-upload-authorizer",
        "EDGE_SECRET EXTERNAL_ISSUER EXTERNAL_JWKS_URL EXTERNAL_JWT_SECRET PUBLIC_URL QUEUE_PUSH RATE_LIMIT RATE_LIMIT_AUTH RATE_LIMIT_USER RECORD_KEY SECRET SECRET_PREVIOUS STAGE TABLE",
    ),
    (
        "api-users",
        "ACCOUNT_REST_HOURS BUCKET EDGE_SECRET EXTERNAL_ISSUER EXTERNAL_JWKS_URL EXTERNAL_JWT_SECRET PUBLIC_URL QUEUE_PUSH QUEUE_SIGN_IN_MAIL RATE_LIMIT RATE_LIMIT_AUTH RATE_LIMIT_USER RECORD_KEY SECRET SECRET_PREVIOUS STAGE TABLE WEB_ORIGINS",
    ),
    (
        "queue-breach-check",
        "ENGINE_ALLOWANCES HIBP_API_KEY QUEUE_BREACH_CHECK QUEUE_PUSH STAGE TABLE",
    ),
    (
        "queue-capture",
        "BUCKET EVIDENCE_KEY QUEUE_PUSH RECORD_KEY STAGE TABLE TIME_STAMP_AUTHORITIES",
    ),
    (
        "queue-image-ingest",
        "BUCKET QUEUE_BACKGROUND_SCAN QUEUE_PUSH STAGE TABLE",
    ),
    (
        "queue-image-scan",
        "BUCKET ENGINE_ALLOWANCES QUEUE_PUSH SCAN_DEADLINE_SECONDS FACECHECK_API_KEY GOOGLE_VISION_API_KEY PROXY_SECRET PUBLIC_URL QUEUE_BACKGROUND_SCAN QUEUE_IMAGE_SCAN RECORD_KEY SERPAPI_API_KEY STAGE TABLE TINEYE_API_KEY",
    ),
    (
        "queue-render",
        "BUCKET QUEUE_PUSH QUEUE_RENDER RECORD_KEY STAGE TABLE",
    ),
    ("queue-mail-feedback", "QUEUE_PUSH STAGE TABLE"),
    (
        "queue-notice",
        "MAIL_FROM MAIL_SETTINGS PUBLIC_URL QUEUE_NOTICE QUEUE_PUSH STAGE TABLE WEB_ORIGINS",
    ),
    ("queue-push", "SOCKET_URL STAGE TABLE"),
    ("schedule-notify", "QUEUE_NOTICE STAGE TABLE"),
    (
        "queue-profile-scan",
        "BUCKET QUEUE_PROFILE_SCAN QUEUE_PUSH SOCIAL_URL STAGE TABLE",
    ),
    (
        "queue-sign-in-mail",
        "MAIL_FROM MAIL_SETTINGS PUBLIC_URL STAGE TABLE WEB_ORIGINS",
    ),
    (
        "queue-sweep",
        "BUCKET FACECHECK_API_KEY QUEUE_BACKGROUND_SCAN QUEUE_BREACH_CHECK QUEUE_CAPTURE QUEUE_IMAGE_INGEST QUEUE_IMAGE_SCAN QUEUE_PROFILE_SCAN QUEUE_PUSH QUEUE_RENDER QUEUE_SIGN_IN_MAIL QUEUE_SWEEP QUEUE_TAKEDOWN QUEUE_TAKEDOWN_URGENT SOCIAL_URL STAGE TABLE",
    ),
    ("schedule-due", "QUEUE_SWEEP STAGE TABLE"),
];

/// Every crate under `functions/` has exactly one function, and the reverse.
pub(crate) fn one_per_crate(template: &Template, faults: &mut Faults) {
    let mut seen = BTreeMap::<String, usize>::new();
    for function in template.functions() {
        *seen.entry(function.package().to_owned()).or_default() += 1;
    }
    let crates = crates();
    for package in crates.keys() {
        let count = seen.get(package).copied().unwrap_or_default();
        faults.expect(count == 1, format!("{package} has {count} functions"));
    }
    for package in seen.keys() {
        faults.expect(
            crates.contains_key(package),
            format!("no crate is named {package:?}"),
        );
    }
}

/// The packages of `functions/<kind>/<name>` and their directories.
fn crates() -> BTreeMap<String, PathBuf> {
    let kinds = fs::read_dir(root().join("functions")).expect("functions/ exists");
    kinds
        .map(|kind| kind.expect("functions/ is readable").path())
        .filter(|kind| kind.is_dir())
        .flat_map(|kind| fs::read_dir(kind).expect("a kind of functions is readable"))
        .map(|entry| entry.expect("a kind of functions is readable").path())
        .filter(|dir| dir.join("Cargo.toml").exists())
        .map(|dir| (package_name(&text(&dir.join("Cargo.toml"))), dir))
        .collect()
}

fn text(file: &Path) -> String {
    fs::read_to_string(file)
        .unwrap_or_else(|err| panic!("{} cannot be read: {err}", file.display()))
}

fn package_name(manifest: &str) -> String {
    let name = manifest
        .lines()
        .find_map(|line| line.strip_prefix("name = "));
    name.expect("a manifest has a name")
        .trim_matches('"')
        .to_owned()
}

/// All run alike: on the stage's processor, our own binary, traced.
pub(crate) fn runtime(template: &Template, faults: &mut Faults) {
    for it in template.functions() {
        let alike = it.get("Runtime") == "provided.al2023"
            && it.get("Handler") == "bootstrap"
            && it.get("Architectures") == &serde_json::json!([{"Ref": "Architecture"}])
            && it.get("Tracing") == "Active";
        faults.expect(alike, format!("{} does not run like the others", it.id));
    }
}

/// Memory and time are as decided; a gateway waits 30 seconds at most.
pub(crate) fn sizes(template: &Template, faults: &mut Faults) {
    let sizes: BTreeMap<_, _> = SIZES
        .into_iter()
        .map(|(package, mb, s)| (package, (mb, s)))
        .collect();
    for it in template.functions() {
        let size = it
            .get("MemorySize")
            .as_u64()
            .zip(it.get("Timeout").as_u64());
        faults.expect(
            size.is_some() && size == sizes.get(it.package()).copied(),
            format!("{} has an undecided memory or timeout", it.id),
        );
        if it.package() == "api-images" {
            // A picture's address waits for the intake; what comes after the wait needs time as well.
            let left = it.get("Timeout").as_u64().unwrap_or_default();
            faults.expect(
                left >= INTAKE_WAIT.as_secs() + 5,
                format!("{} may end while it waits for an intake", it.id),
            );
        }
    }
}

/// JSON logs into a group of the function's own, and no group keeps them for ever.
pub(crate) fn logs(template: &Template, faults: &mut Faults) {
    let mut used = BTreeSet::new();
    for it in template.functions() {
        let logging = it.get("LoggingConfig");
        let group = reference(&logging["LogGroup"]).unwrap_or_default();
        let is_group = template.0["Resources"][group]["Type"] == "AWS::Logs::LogGroup";
        faults.expect(
            is_group && logging["LogFormat"] == "JSON",
            format!("{} has no JSON logs", it.id),
        );
        faults.expect(
            used.insert(group.to_owned()),
            format!("{} shares its log group", it.id),
        );
    }
    for (id, resource) in template.of_type("AWS::Logs::LogGroup") {
        let days = &resource["Properties"]["RetentionInDays"];
        faults.expect(days == 30, format!("{id} does not forget after 30 days"));
    }
}

/// Each function gets exactly the settings of the golden list.
pub(crate) fn settings(template: &Template, faults: &mut Faults) {
    let golden: BTreeMap<_, BTreeSet<_>> = SETTINGS
        .into_iter()
        .map(|(package, names)| (package, names.split(' ').chain(SETTINGS_OF_ALL).collect()))
        .collect();
    for it in template.functions() {
        let variables = it.variables();
        let names: BTreeSet<_> = variables.keys().map(String::as_str).collect();
        faults.expect(
            golden
                .get(it.package())
                .is_some_and(|wanted| *wanted == names),
            format!("{} gets {names:?}", it.id),
        );
    }
}

/// A function gets every setting its `main` cannot start without.
pub(crate) fn demands(template: &Template, faults: &mut Faults) {
    let crates = crates();
    for it in template.functions() {
        let Some(dir) = crates.get(it.package()) else {
            continue;
        };
        let variables = it.variables();
        for name in demanded(&text(&dir.join("src/main.rs"))) {
            faults.expect(
                variables.contains_key(&name),
                format!("{} does not start without {name}", it.id),
            );
        }
    }
}

/// The names in `env.text("NAME")`, `env.list("NAME")`, `env.queue("name")`, and those of all queues for `env.all_queues()`.
fn demanded(source: &str) -> impl Iterator<Item = String> {
    let named = |call: &'static str| {
        let calls = source.split(call).skip(1);
        calls.filter_map(|rest| rest.split('"').next())
    };
    let texts = named("env.text(\"").chain(named("env.list(\""));
    let all = source.contains("env.all_queues()");
    let all = QUEUES.into_iter().filter(move |_| all);
    let queues = named("env.queue(\"").chain(all);
    let queues = queues.map(|it| it.to_uppercase().replace('-', "_"));
    texts
        .map(str::to_owned)
        .chain(queues.map(|it| format!("QUEUE_{it}")))
}

/// Settings mean the same thing in every function.
pub(crate) fn setting_values(template: &Template, faults: &mut Faults) {
    let fetched = |it: &str| serde_json::json!({ "Fn::Sub": format!("secret:${{{it}") });
    let golden = serde_json::json!({
        "TABLE": {"Ref": "Table"},
        "BUCKET": {"Ref": "Bucket"},
        "QUEUE_IMAGE_INGEST": {"Ref": "ImageIngestQueue"},
        "QUEUE_IMAGE_SCAN": {"Ref": "ImageScanQueue"},
        "QUEUE_BACKGROUND_SCAN": {"Ref": "BackgroundScanQueue"},
        "QUEUE_PROFILE_SCAN": {"Ref": "ProfileScanQueue"},
        "QUEUE_BREACH_CHECK": {"Ref": "BreachCheckQueue"},
        "QUEUE_NOTICE": {"Ref": "NoticeQueue"},
        "QUEUE_RENDER": {"Ref": "RenderQueue"},
        "QUEUE_CAPTURE": {"Ref": "CaptureQueue"},
        "EVIDENCE_KEY": {"Fn::GetAtt": ["EvidenceKey", "Arn"]},
        "EVIDENCE_KEYS": {"Ref": "EvidenceKeys"},
        "TIME_STAMP_AUTHORITIES": fetched("StampAuthorities.Id}"),
        "HIBP_API_KEY": fetched("HibpKey.Id}#key"),
        "SOCIAL_URL": {"Ref": "SocialUrl"},
        "OAUTH_PROVIDERS": fetched("OauthClients.Id}"),
        "RECORD_KEY": {"Fn::GetAtt": ["RecordKey", "Arn"]},
        "TOKEN_KEY": {"Fn::GetAtt": ["TokenKey", "Arn"]},
        "STAGE": {"Ref": "Stage"},
        "WEB_ORIGINS": {"Ref": "WebOrigins"},
        "MAIL_FROM": {"Ref": "MailFrom"},
        "MAIL_SETTINGS": {"Ref": "MailSettings"},
        "QUEUE_MAIL_FEEDBACK": {"Ref": "MailFeedbackQueue"},
        "TINEYE_API_KEY": fetched("SearchKeys.Id}#tineye"),
        "GOOGLE_VISION_API_KEY": fetched("SearchKeys.Id}#googleVision"),
        "SERPAPI_API_KEY": fetched("SearchKeys.Id}#serpapi"),
        "FACECHECK_API_KEY": fetched("FacecheckKey.Id}#key"),
        "EDGE_SECRET": fetched("EdgeSecret.Id}"),
        "ENGINE_ALLOWANCES": fetched("Allowances.Id}"),
        "PROXY_SECRET": fetched("ProxySecret.Id}"),
        "SCAN_DEADLINE_SECONDS": "50",
        "RATE_LIMIT": {"Ref": "RateLimit"},
        "RATE_LIMIT_AUTH": {"Ref": "RateLimitAuth"},
        "RATE_LIMIT_USER": {"Ref": "RateLimitUser"},
        "SECRET": fetched("Secret.Id}"),
        "SECRET_PREVIOUS": fetched("GateSecrets.Id}#previous"),
        "ACCOUNT_REST_HOURS": {"Ref": "AccountRestHours"},
        "SESSION_MAX_DAYS": {"Ref": "SessionMaxDays"},
        "CONFIRM_FIRST": {"Ref": "ConfirmFirst"},
        "QUEUE_SIGN_IN_MAIL": {"Ref": "SignInMailQueue"},
        "QUEUE_SWEEP": {"Ref": "SweepQueue"},
        "QUEUE_TAKEDOWN": {"Ref": "TakedownQueue"},
        "QUEUE_TAKEDOWN_MAIL": {"Ref": "TakedownMailQueue"},
        "MAIL_BUCKET": {"Ref": "MailBucket"},
        "POST_DOMAIN": {"Ref": "PostDomain"},
        "QUEUE_TAKEDOWN_URGENT": {"Ref": "TakedownUrgentQueue"},
        "QUEUE_PUSH": {"Ref": "PushQueue"},
        "SOCKET_URL": {"Fn::Sub": "${SocketApi.ApiEndpoint}/live"},
        "SIGNING_SECRET": fetched("SigningSecret.Id}"),
        "SIGNING_SECRET_PREVIOUS": fetched("FormerSigning.Id}#secret"),
        "EXTERNAL_ISSUER": {"Ref": "ExternalIssuer"},
        "EXTERNAL_JWKS_URL": {"Ref": "ExternalJwksUrl"},
        "EXTERNAL_JWT_SECRET": fetched("GateSecrets.Id}#externalJwt"),
        "OTEL_EXPORTER_OTLP_ENDPOINT": {"Ref": "OtlpEndpoint"},
        "OTEL_EXPORTER_OTLP_HEADERS": {"Fn::If":
            ["HasCollectorHeaders", fetched("Collector.Id}#headers"), ""]},
        "RELEASE": {"Ref": "Release"},
        "PUBLIC_URL": {"Fn::If": ["HasPublicUrl", {"Ref": "PublicUrl"},
            {"Fn::Sub": "https://${Distribution.DomainName}"}]},
    });
    for it in template.functions() {
        for (name, value) in it.variables() {
            faults.expect(
                golden[&name] == value,
                format!("{} of {} is {value}", name, it.id),
            );
        }
    }
}
