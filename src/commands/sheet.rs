//! How commands print what they found: lines for people, or JSON for programs.

use clap::Args;
use serde_json::{Map, Value};

use crate::clock::Timestamp;
use crate::limits;
use crate::terminal::Terminal;

/// How much of a list is printed.
#[derive(Clone, Debug, Args)]
pub(crate) struct ListBounds {
    /// How many
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=limits::OPERATOR_LIST))]
    pub first: u32,
    /// Only those behind this one: the last id that was printed before
    #[arg(long, value_name = "ID")]
    pub after: Option<String>,
    /// How it is printed
    #[command(flatten)]
    pub form: SheetForm,
}

/// How something is printed.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct SheetForm {
    /// Print JSON: an object a line
    #[arg(long)]
    pub json: bool,
}

/// The next page of a list, by the id that it begins after.
impl ListBounds {
    /// Reads `--after`.
    pub(crate) fn after<T>(&self, parse: impl FnOnce(&str) -> Option<T>) -> anyhow::Result<Option<T>> {
        match &self.after {
            Some(text) => {
                Ok(Some(parse(text).ok_or_else(|| anyhow::anyhow!("--after takes an id, and {text} is none"))?))
            }
            None => Ok(None),
        }
    }

    /// Says whether the list goes on, and where.
    pub(crate) async fn end(&self, terminal: &Terminal, has_next: bool, last: Option<String>) -> anyhow::Result<()> {
        match last.filter(|_| has_next) {
            Some(last) => terminal.note(format!("there are more: --after {last}")).await,
            None => Ok(()),
        }
    }
}

impl SheetForm {
    /// Prints an object of a list; people see these fields of it.
    pub(crate) async fn row(self, terminal: &Terminal, object: Value, shown: &[&str]) -> anyhow::Result<()> {
        if self.json {
            return terminal.line(object).await;
        }
        let fields: Vec<String> = shown.iter().map(|name| plain(&object[*name])).collect();
        terminal.line(fields.join("  ")).await
    }

    /// Prints one object; people see a line for each field.
    pub(crate) async fn object(self, terminal: &Terminal, object: Map<String, Value>) -> anyhow::Result<()> {
        if self.json {
            return terminal.line(Value::Object(object)).await;
        }
        let width = object.keys().map(String::len).max().unwrap_or(0);
        for (name, value) in object {
            match value {
                Value::Array(items) if items.iter().any(Value::is_object) => {
                    for item in items {
                        let fields: Vec<String> =
                            item.as_object().into_iter().flat_map(Map::values).map(plain).collect();
                        terminal.line(format!("{name:width$}  {}", fields.join("  "))).await?;
                    }
                }
                value => terminal.line(format!("{name:width$}  {}", plain(&value))).await?,
            }
        }
        Ok(())
    }
}

/// A value on one line, with nothing in it that moves a terminal's cursor: people type names and texts.
fn plain(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => {
            let escaped = |c: char| if c.is_control() { c.escape_default().to_string() } else { c.to_string() };
            text.chars().map(escaped).collect()
        }
        Value::Array(items) if items.is_empty() => "-".to_owned(),
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

/// A column that holds JSON, as a value.
pub(super) fn json_column(column: Option<&str>) -> Value {
    column.and_then(|text| serde_json::from_str(text).ok()).unwrap_or(Value::Null)
}

/// A time, to the millisecond as the API has it.
pub(super) fn moment(at: Timestamp) -> String {
    at.to_rfc3339()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_people_typed_stays_on_its_line() {
        for (value, shown) in [
            (json!("Ada"), "Ada"),
            (json!("two\nlines\u{1b}[2J"), "two\\nlines\\u{1b}[2J"),
            (json!(null), "-"),
            (json!([]), "-"),
            (json!(["moderator", "admin"]), "moderator, admin"),
            (json!(7), "7"),
            (json!({ "a": "\n" }), "{\"a\":\"\\n\"}"),
        ] {
            assert_eq!(plain(&value), shown);
        }
    }
}
