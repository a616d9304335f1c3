//! Rules about what is kept: the table, the bucket, the key and the secret.

use serde_json::{Value, json};

use crate::template_model::{Faults, Template, attribute, list, words};
use crate::template_secrets::GENERATED;

/// The table has the keys and indexes the store is written for.
pub(crate) fn table(template: &Template, faults: &mut Faults) {
    let table = template.properties("Table");
    let keys = |hash: &str, range: &str| json!([{"AttributeName": hash, "KeyType": "HASH"}, {"AttributeName": range, "KeyType": "RANGE"}]);
    faults.expect(
        table["BillingMode"] == "PAY_PER_REQUEST",
        "the table is not on demand",
    );
    faults.expect(
        table["KeySchema"] == keys("pk", "sk"),
        "the table's keys are not pk and sk",
    );
    let local = &table["LocalSecondaryIndexes"];
    let list_index = local[0]["IndexName"] == "list"
        && local[0]["KeySchema"] == keys("pk", "list")
        && local[0]["Projection"]["ProjectionType"] == "ALL";
    faults.expect(
        list_index && list(local).len() == 1,
        "the index of ordered lists is wrong",
    );
    let global = &table["GlobalSecondaryIndexes"];
    let due_index = global[0]["IndexName"] == "due"
        && global[0]["KeySchema"] == keys("due_kind", "due_at")
        && global[0]["Projection"]["ProjectionType"] == "KEYS_ONLY";
    faults.expect(
        due_index && list(global).len() == 1,
        "the index of due work is wrong",
    );
    let ttl = &table["TimeToLiveSpecification"];
    faults.expect(
        ttl == &json!({"AttributeName": "ttl", "Enabled": true}),
        "tokens are never cleaned",
    );
    let recovery = &table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"];
    faults.expect(
        recovery == true,
        "the table cannot be taken back to yesterday",
    );
}

/// Nobody but our functions reads a picture, and what is deleted is gone.
pub(crate) fn bucket(template: &Template, faults: &mut Faults) {
    let bucket = template.properties("Bucket");
    let block = &bucket["PublicAccessBlockConfiguration"];
    for setting in [
        "BlockPublicAcls",
        "BlockPublicPolicy",
        "IgnorePublicAcls",
        "RestrictPublicBuckets",
    ] {
        faults.expect(
            block[setting] == true,
            format!("the bucket lacks {setting}"),
        );
    }
    let versioned = bucket.get("VersioningConfiguration").is_some();
    faults.expect(!versioned, "a versioned bucket keeps deleted pictures");
    let rules = list(&bucket["LifecycleConfiguration"]["Rules"]);
    let enabled = |it: &&&Value| it["Status"] == "Enabled";
    let uploads = rules
        .iter()
        .filter(enabled)
        .any(|it| it["Prefix"] == "uploads/" && it["ExpirationInDays"] == 7);
    faults.expect(uploads, "uploads are kept for ever");
    let broken = rules
        .iter()
        .filter(enabled)
        .any(|it| it["AbortIncompleteMultipartUpload"]["DaysAfterInitiation"] == 1);
    faults.expect(broken, "broken uploads are kept for ever");
    let statements = list(&template.properties("BucketPolicy")["PolicyDocument"]["Statement"]);
    let tls = statements.iter().any(|it| {
        it["Effect"] == "Deny" && it["Condition"]["Bool"]["aws:SecureTransport"] == "false"
    });
    faults.expect(tls, "the bucket takes plain HTTP");
    let opened = statements.iter().any(|it| it["Effect"] == "Allow");
    faults.expect(!opened, "the bucket's policy lets somebody in");
    let cors = &bucket["CorsConfiguration"]["CorsRules"][0];
    faults.expect(
        cors["AllowedOrigins"] == json!({"Fn::Split": [",", {"Ref": "WebOrigins"}]})
            && words(&cors["AllowedMethods"]).contains("POST"),
        "the site cannot post a ticket's form",
    );
}

/// Only the mail service writes to the bucket of mails, no mail is kept for ever, and the queue is told by it alone.
pub(crate) fn mail_bucket(template: &Template, faults: &mut Faults) {
    let bucket = template.properties("MailBucket");
    let block = &bucket["PublicAccessBlockConfiguration"];
    let closed = block["BlockPublicPolicy"] == true && block["RestrictPublicBuckets"] == true;
    faults.expect(closed, "the bucket of mails can be opened to everybody");
    let days = &bucket["LifecycleConfiguration"]["Rules"][0]["ExpirationInDays"];
    faults.expect(days == 14, "mails are kept for ever");
    let statements = list(&template.properties("MailBucketPolicy")["PolicyDocument"]["Statement"]);
    let (allow, deny): (Vec<_>, Vec<_>) = statements
        .into_iter()
        .partition(|it| it["Effect"] == "Allow");
    let is_ours = |it: &&Value| {
        it["Principal"]["Service"] == "ses.amazonaws.com"
            && it["Action"] == "s3:PutObject"
            && it["Condition"]["StringEquals"]["aws:SourceAccount"]["Ref"] == "AWS::AccountId"
    };
    faults.expect(
        allow.len() == 1 && allow.iter().all(is_ours),
        "others than the mail service may write mails",
    );
    let tls = deny
        .iter()
        .any(|it| it["Condition"]["Bool"]["aws:SecureTransport"] == "false");
    faults.expect(tls, "the bucket of mails takes plain HTTP");
    let sender = &template.properties("TakedownMailQueuePolicy")["PolicyDocument"]["Statement"][0];
    let told = sender["Principal"]["Service"] == "s3.amazonaws.com"
        && sender["Condition"]["StringEquals"]["aws:SourceAccount"]["Ref"] == "AWS::AccountId";
    faults.expect(told, "others than our bucket may tell of mails");
    let rule = &template.properties("MailRule")["Rule"];
    faults.expect(
        rule["ScanEnabled"] == true,
        "mails are not looked at for spam and viruses",
    );
}

/// What all of it is encrypted with, what lets us into accounts of hers, and what her record is sealed with.
const KEYS: [&str; 3] = ["DataKey", "TokenKey", "RecordKey"];

/// Table, pictures and secrets are under our own, rotating key.
pub(crate) fn encryption(template: &Template, faults: &mut Faults) {
    let by_key = |value: &Value| attribute(value, "Arn") == Some("DataKey");
    let sse = &template.properties("Table")["SSESpecification"];
    let table =
        sse["SSEEnabled"] == true && sse["SSEType"] == "KMS" && by_key(&sse["KMSMasterKeyId"]);
    faults.expect(table, "the table is not under our key");
    let rules =
        &template.properties("Bucket")["BucketEncryption"]["ServerSideEncryptionConfiguration"];
    let default = &rules[0]["ServerSideEncryptionByDefault"];
    let bucket = default["SSEAlgorithm"] == "aws:kms" && by_key(&default["KMSMasterKeyID"]);
    faults.expect(bucket, "the bucket is not under our key");
    for (id, _) in template.of_type("AWS::SecretsManager::Secret") {
        let key = &template.properties(id)["KmsKeyId"];
        faults.expect(by_key(key), format!("{id} is not under our key"));
    }
    for id in KEYS {
        let rotated = &template.properties(id)["EnableKeyRotation"];
        faults.expect(rotated == true, format!("{id} never changes"));
    }
}

/// What evidence is signed with. It is not replaced: a pack names it for years.
const SIGNING_KEY: &str = "EvidenceKey";

/// Deleting or replacing the stack does not delete what women entrusted to it. Only what a failed first
/// create made is deleted again.
pub(crate) fn retained(template: &Template, faults: &mut Faults) {
    for id in ["Table", "Bucket", SIGNING_KEY]
        .into_iter()
        .chain(KEYS)
        .chain(GENERATED)
    {
        let resource = &template.0["Resources"][id];
        let kept = resource["DeletionPolicy"] == "RetainExceptOnCreate"
            && resource["UpdateReplacePolicy"] == "Retain";
        faults.expect(kept, format!("{id} goes with the stack"));
    }
}

/// No deployment becomes production, or stops being it, by a parameter that was forgotten. What the
/// rules refuse is tested in `infra/local/src/template/tests.rs`.
pub(crate) fn production(template: &Template, faults: &mut Faults) {
    let stage = &template.0["Parameters"]["Stage"];
    faults.expect(
        stage.is_object() && stage.get("Default").is_none(),
        "the stage has a default",
    );
    for rule in ["ProductionSite", "ProductionAlarms", "ProductionSender"] {
        let rule_is = &template.0["Rules"][rule];
        let holds = rule_is["RuleCondition"] == json!({"Fn::Equals": [{"Ref": "Stage"}, "prod"]})
            && rule_is["Assertions"][0]["Assert"].is_object();
        faults.expect(holds, format!("{rule} does not hold for production"));
    }
}
