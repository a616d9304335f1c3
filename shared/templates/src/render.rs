//! Filling in of a template: every block on its own, values escaped, what is not filled in visible as `[[label]]`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Value, ValueKind};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, State, UndefinedBehavior};

use vara_domain::Timestamp;

use crate::escape::escape;
use crate::{FieldType, FieldValue, FieldValues, FilledBlock, SignerRole, Template};

static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let syntax = SyntaxConfig::builder()
        .trim_blocks(true)
        .lstrip_blocks(true)
        .build()
        .expect("the usual syntax");
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::Custom("markdown".into()));
    environment.set_formatter(|out, state, value| write_escaped(out, state, value));
    environment.set_syntax(syntax);
    environment
});

fn write_escaped(
    out: &mut minijinja::Output<'_>,
    _: &State<'_, '_>,
    value: &Value,
) -> Result<(), Error> {
    let fault = |what: &'static str| Error::new(ErrorKind::InvalidOperation, what);
    match value.kind() {
        ValueKind::Undefined | ValueKind::None => Err(fault("a value that is not there")),
        ValueKind::String if value.is_safe() => {
            write!(out, "{value}").map_err(|_| fault("writing a value"))
        }
        _ => write!(out, "{}", escape(&value.to_string())).map_err(|_| fault("writing a value")),
    }
}

impl Template {
    /// The blocks that are there with these values.
    pub(crate) fn render(&self, values: &FieldValues) -> Result<Vec<FilledBlock>, String> {
        let context = self.context(values);
        let mut blocks = Vec::with_capacity(self.blocks.len());
        for block in &self.blocks {
            let err = |err: Error| format!("{}, {}: {err:#}", self.id, block.id);
            if let Some(when) = &block.when {
                let when = ENVIRONMENT.compile_expression(when).map_err(err)?;
                if !when.eval(&context).map_err(err)?.is_true() {
                    continue;
                }
            }
            let text = ENVIRONMENT.render_str(&block.text, &context).map_err(err)?;
            blocks.push(FilledBlock {
                id: block.id.clone(),
                locked: block.locked,
                text: text.trim().to_owned(),
            });
        }
        Ok(blocks)
    }

    fn context(&self, values: &FieldValues) -> BTreeMap<String, Value> {
        let mut context = BTreeMap::new();
        for field in &self.fields {
            let value = match (values.get(&field.name), field.kind) {
                (Some(FieldValue::Bool(it)), _) => Value::from(*it),
                (Some(FieldValue::Text(it)), FieldType::Url) => autolink(it),
                (Some(FieldValue::Text(it)), FieldType::Instant) => Value::from(minute(it)),
                (Some(FieldValue::Text(it)), _) => Value::from(it.as_str()),
                (Some(FieldValue::Urls(them)), _) => them.iter().map(|it| autolink(it)).collect(),
                (None, FieldType::UrlList) if field.required => {
                    std::iter::once(placeholder(&field.label)).collect()
                }
                (None, FieldType::Choice | FieldType::Bool) => Value::from(()),
                (None, _) if field.required => placeholder(&field.label),
                (None, _) => Value::from(()),
            };
            context.insert(field.name.clone(), value);
        }
        let signer = match values.get("role") {
            Some(FieldValue::Text(it)) if it == "AGENT" => SignerRole::Agent,
            _ => SignerRole::Herself,
        };
        let printed = self.statements_of(signer).filter(|it| it.printed);
        let printed = printed.map(|it| Value::from_safe_string(it.text.clone()));
        context.insert("statements".to_owned(), printed.collect());
        context
    }
}

/// The moment to the minute, with its zone. Texts leave the house, and who reads them need not know RFC 3339.
fn minute(moment: &str) -> String {
    let utc = Timestamp::parse(moment).map(|it| it.to_string());
    let utc = utc.unwrap_or_else(|| moment.to_owned());
    match (utc.get(..10), utc.get(11..16)) {
        (Some(day), Some(time)) => format!("{day} {time} UTC"),
        _ => utc,
    }
}

/// The address as a link that shows it whole.
fn autolink(address: &str) -> Value {
    Value::from_safe_string(format!("<{address}>"))
}

fn placeholder(label: &str) -> Value {
    Value::from_safe_string(format!("\\[\\[{}\\]\\]", escape(label)))
}
