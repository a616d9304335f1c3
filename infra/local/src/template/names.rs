//! What things are called on this machine: physical names, ARNs and URLs. How a written name is
//! evaluated is given by whoever asks.

use serde_json::Value;

use super::{error::TemplateError, place::Place};

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

/// How a property is evaluated to text.
type AsText<'a> = dyn Fn(&Value) -> Result<String, TemplateError> + 'a;

/// One resource that is to be named.
pub(super) struct NamedProperties<'a> {
    /// Its name in the template.
    pub(super) logical: &'a str,
    /// As it is written.
    pub(super) resource: &'a Value,
    pub(super) place: &'a Place,
    /// Evaluates a property to text.
    pub(super) text: Box<AsText<'a>>,
}

impl NamedProperties<'_> {
    fn kind(&self) -> &str {
        self.resource
            .get("Type")
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    /// The physical name: what the template says, or the stack's and the resource's.
    pub(super) fn physical(&self, property: &str) -> Result<String, TemplateError> {
        match self.resource.pointer(&format!("/Properties/{property}")) {
            Some(name) => (self.text)(name),
            // AWS makes names of buckets in lower case.
            None if self.kind() == "AWS::S3::Bucket" => {
                Ok(format!("{STACK}-{}", self.logical.to_lowercase()))
            }
            None => Ok(format!("{STACK}-{}", self.logical)),
        }
    }

    /// What `Ref` of the resource comes to.
    pub(super) fn reference(&self) -> Result<String, TemplateError> {
        match self.kind() {
            "AWS::SQS::Queue" => Ok(format!(
                "{}/{ACCOUNT}/{}",
                self.place.sqs_url,
                self.physical("QueueName")?
            )),
            "AWS::S3::Bucket" => self.physical("BucketName"),
            "AWS::DynamoDB::Table" => self.physical("TableName"),
            "AWS::Serverless::Function" => self.physical("FunctionName"),
            "AWS::Logs::LogGroup" => self.physical("LogGroupName"),
            "AWS::SecretsManager::Secret" => self.attribute("Id"),
            "AWS::SNS::Topic" => self.attribute("TopicArn"),
            _ => Ok(self.logical.to_owned()),
        }
    }

    /// What `Fn::GetAtt` of the resource comes to.
    pub(super) fn attribute(&self, attribute: &str) -> Result<String, TemplateError> {
        let Self { logical, place, .. } = self;
        let physical = |property| self.physical(property);
        let arn =
            |service: &str, rest: String| format!("arn:aws:{service}:{REGION}:{ACCOUNT}:{rest}");
        Ok(match (self.kind(), attribute) {
            ("AWS::SQS::Queue", "Arn") => arn("sqs", physical("QueueName")?),
            ("AWS::SQS::Queue", "QueueName") => physical("QueueName")?,
            ("AWS::SQS::Queue", "QueueUrl") => self.reference()?,
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
                let url = &place.gateway_url;
                url.split_once("://")
                    .map_or(url.as_str(), |(_, host)| host)
                    .to_owned()
            }
            ("AWS::ApiGatewayV2::Api", "ApiEndpoint") => {
                let protocol = self.resource.pointer("/Properties/ProtocolType");
                match protocol.and_then(Value::as_str) {
                    Some("WEBSOCKET") => place.gateway_url.replacen("http", "ws", 1),
                    _ => place.gateway_url.clone(),
                }
            }
            (kind, attribute) => {
                return Err(TemplateError::UnknownAttribute {
                    resource: self.logical.to_owned(),
                    kind: kind.to_owned(),
                    attribute: attribute.to_owned(),
                });
            }
        })
    }
}

/// An integration names its function by ARN, or by the long path of the Lambda
/// API with the ARN inside.
pub(super) fn function_arn(uri: &str) -> &str {
    uri.rsplit_once("functions/")
        .map_or(uri, |(_, arn)| arn.trim_end_matches("/invocations"))
}
