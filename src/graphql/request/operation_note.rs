//! What the log says of an operation.

use std::borrow::Cow;

use async_graphql::Response;

use crate::graphql::Caller;
use crate::graphql::error::first_code;
use crate::graphql::request::prepare::PreparedOperation;

/// The name that a document gives an operation is cut there.
const NAME_LENGTH: usize = 64;

/// An operation that was executed or refused.
#[derive(Debug)]
pub struct OperationNote {
    /// `query`, `mutation` or `subscription`; `refused` for what was not let in.
    pub kind: &'static str,
    /// Its first field at the root. Empty for what was not let in.
    pub field: String,
    /// What its document calls it.
    pub name: Option<String>,
    /// The code of its first error, or `OK`.
    pub code: Cow<'static, str>,
}

impl OperationNote {
    pub(in crate::graphql) fn executed(prepared: &PreparedOperation, response: &Response) -> Self {
        let (kind, field) = (prepared.kind.name(), prepared.field.clone());
        Self { kind, field, name: shortened(prepared.name.as_deref()), code: first_code(response) }
    }

    pub(in crate::graphql) fn refused(name: Option<&str>, response: &Response) -> Self {
        Self { kind: "refused", field: String::new(), name: shortened(name), code: first_code(response) }
    }

    /// Logs an operation of a socket. Those of requests are in the line of their request. That one succeeded is no news: there
    /// are thousands.
    pub(in crate::graphql) fn log(&self, caller: &Caller) {
        macro_rules! log {
            ($level:ident) => {
                tracing::$level!(
                    event = "operation",
                    request.id = caller.request_id,
                    client.address = %caller.address,
                    user.id = caller.viewer.as_ref().map(|viewer| tracing::field::display(viewer.user())),
                    session.id = caller.viewer.as_ref().map(|viewer| tracing::field::display(viewer.session())),
                    graphql.r#type = self.kind,
                    graphql.field = self.field,
                    graphql.operation = self.name,
                    error.code = %self.code,
                    "{} {} over a socket: {}", self.kind, self.field, self.code
                )
            };
        }
        match self.code == "OK" {
            true => log!(debug),
            false => log!(info),
        }
    }
}

/// A name as a parser accepts it, and no other text of the client's.
fn shortened(name: Option<&str>) -> Option<String> {
    let is_name = |name: &&str| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    name.filter(is_name).map(|name| name.chars().take(NAME_LENGTH).collect())
}
