//! What things are called on this machine: physical names, ARNs and URLs.

use serde_json::Value;

use super::{TemplateError, intrinsics::Evaluator};

/// The account every local resource lives in.
pub const ACCOUNT: &str = "000000000000";
/// The region every local resource lives in.
pub const REGION: &str = "us-east-1";
/// The stack's name, and so the prefix of most names.
pub const STACK: &str = "vara-local";

pub(super) fn pseudo_parameter(name: &str) -> Option<&'static str> {
    Some(match name {
        "AWS::AccountId" => ACCOUNT,
        "AWS::Region" => REGION,
        "AWS::StackName" => STACK,
        "AWS::StackId" => "arn:aws:cloudformation:us-east-1:000000000000:stack/vara-local/local",
        "AWS::Partition" => "aws",
        "AWS::URLSuffix" => "amazonaws.com",
        _ => return None,
    })
}

fn resource<'a>(evaluator: &Evaluator<'a>, logical: &str) -> Result<&'a Value, TemplateError> {
    evaluator
        .template
        .pointer(&format!("/Resources/{logical}"))
        .ok_or_else(|| TemplateError::UnknownReference(logical.to_owned()))
}

fn kind(resource: &Value) -> &str {
    resource
        .get("Type")
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// The physical name: what the template says, or the stack's and the resource's.
pub(super) fn physical(
    evaluator: &Evaluator<'_>,
    logical: &str,
    property: &str,
) -> Result<String, TemplateError> {
    let resource = resource(evaluator, logical)?;
    match resource.pointer(&format!("/Properties/{property}")) {
        Some(name) => evaluator.text(name),
        // AWS makes names of buckets in lower case.
        None if kind(resource) == "AWS::S3::Bucket" => {
            Ok(format!("{STACK}-{}", logical.to_lowercase()))
        }
        None => Ok(format!("{STACK}-{logical}")),
    }
}

/// What `Ref` of a resource comes to.
pub(super) fn reference(evaluator: &Evaluator<'_>, logical: &str) -> Result<String, TemplateError> {
    let physical = |property| physical(evaluator, logical, property);
    match kind(resource(evaluator, logical)?) {
        "AWS::SQS::Queue" => Ok(format!(
            "{}/{ACCOUNT}/{}",
            evaluator.place.sqs_url,
            physical("QueueName")?
        )),
        "AWS::S3::Bucket" => physical("BucketName"),
        "AWS::DynamoDB::Table" => physical("TableName"),
        "AWS::Serverless::Function" => physical("FunctionName"),
        "AWS::Logs::LogGroup" => physical("LogGroupName"),
        "AWS::SecretsManager::Secret" => attribute(evaluator, logical, "Id"),
        "AWS::SNS::Topic" => attribute(evaluator, logical, "TopicArn"),
        _ => Ok(logical.to_owned()),
    }
}

/// What `Fn::GetAtt` comes to.
pub(super) fn attribute(
    evaluator: &Evaluator<'_>,
    logical: &str,
    attribute: &str,
) -> Result<String, TemplateError> {
    let physical = |property| physical(evaluator, logical, property);
    let arn = |service: &str, rest: String| format!("arn:aws:{service}:{REGION}:{ACCOUNT}:{rest}");
    Ok(match (kind(resource(evaluator, logical)?), attribute) {
        ("AWS::SQS::Queue", "Arn") => arn("sqs", physical("QueueName")?),
        ("AWS::SQS::Queue", "QueueName") => physical("QueueName")?,
        ("AWS::SQS::Queue", "QueueUrl") => reference(evaluator, logical)?,
        ("AWS::S3::Bucket", "Arn") => format!("arn:aws:s3:::{}", physical("BucketName")?),
        ("AWS::DynamoDB::Table", "Arn") => {
            arn("dynamodb", format!("table/{}", physical("TableName")?))
        }
        ("AWS::Serverless::Function", "Arn") => {
            arn("lambda", format!("function:{}", physical("FunctionName")?))
        }
        ("AWS::SecretsManager::Secret", "Id") => {
            arn("secretsmanager", format!("secret:{STACK}-{logical}"))
        }
        ("AWS::SNS::Topic", "TopicArn") => arn("sns", format!("{STACK}-{logical}")),
        ("AWS::Logs::LogGroup", "Arn") => {
            arn("logs", format!("log-group:{}:*", physical("LogGroupName")?))
        }
        ("AWS::IAM::Role", "Arn") => format!("arn:aws:iam::{ACCOUNT}:role/{STACK}-{logical}"),
        ("AWS::KMS::Key", "Arn") => arn("kms", format!("key/{logical}")),
        ("AWS::ApiGateway::RestApi", "RootResourceId") => format!("{logical}/"),
        ("AWS::CloudFront::Function", "FunctionARN") => {
            format!("arn:aws:cloudfront::{ACCOUNT}:function/{logical}")
        }
        ("AWS::CloudFront::Distribution", "DomainName") => {
            let url = &evaluator.place.gateway_url;
            url.split_once("://")
                .map_or(url.as_str(), |(_, host)| host)
                .to_owned()
        }
        ("AWS::ApiGatewayV2::Api", "ApiEndpoint") => evaluator.place.gateway_url.clone(),
        (kind, attribute) => {
            return Err(TemplateError::UnknownAttribute {
                resource: logical.to_owned(),
                kind: kind.to_owned(),
                attribute: attribute.to_owned(),
            });
        }
    })
}
