//! The guard in front of every operation: what it refuses, and what is known of an operation that it lets in.

use async_graphql::parser::types::OperationType;
use async_graphql::{Request, ServerError};

use crate::accounts::Viewer;
use crate::error::Error;
use crate::graphql::error::{invalid, not_parsed, refused, server_error};
use crate::graphql::guard::rights::KeyRole;
use crate::graphql::guard::{self, argument_defaults};
use crate::graphql::{Api, Caller};
use crate::rates::neighbourhood;

/// An operation that has passed the guard.
#[derive(Clone, Debug)]
pub(in crate::graphql) struct PreparedOperation {
    pub(in crate::graphql) kind: OperationKind,
    /// Its first field at the root.
    pub(in crate::graphql) field: String,
    /// What its document calls it.
    pub(in crate::graphql) name: Option<String>,
    /// The number of objects that it can return.
    pub(in crate::graphql) objects: usize,
}

/// The kind of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::graphql) enum OperationKind {
    Query,
    Mutation,
    Subscription,
}

impl OperationKind {
    /// As the language writes it.
    pub(in crate::graphql) fn name(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Mutation => "mutation",
            Self::Subscription => "subscription",
        }
    }
}

impl Api {
    /// Guards a document before it is parsed, as the parser can overflow the stack, and before it is executed, as the
    /// library's own checks can take very long. Also charges the cost of queries and mutations.
    pub(in crate::graphql) fn prepare(
        &self,
        request: &mut Request,
        caller: &Caller,
    ) -> Result<PreparedOperation, Vec<ServerError>> {
        self.open(request, caller).map_err(|error| vec![error])?;
        // Checked even if the document was parsed already: it takes a microsecond.
        guard::lexical::check(&request.query).map_err(|refusal| vec![refused(refusal)])?;
        let (name, variables) = (request.operation_name.clone(), request.variables.clone());
        let text = (!self.0.documents.recall(request)).then(|| request.query.clone());
        let document = request.parsed_query().map_err(|error| vec![not_parsed(error)])?;
        let measure = guard::cost::check(document, name.as_deref(), &variables);
        let measure = measure.map_err(|refusal| vec![refused(refusal)])?;
        if let Some(new) = text {
            self.0.documents.remember(new, document);
        }
        // async-graphql would return null without an error.
        if !self.0.program.app.config.introspection && guard::introspection::uses_introspection(document) {
            return Err(vec![invalid("introspection is disabled on this server")]);
        }
        // If there is no operation, the execution reports the error.
        let Some(operation) = guard::operation::chosen(document, name.as_deref()) else {
            return Ok(PreparedOperation {
                kind: OperationKind::Query,
                field: String::new(),
                name: None,
                objects: measure.objects,
            });
        };
        let field = guard::operation::first_field(operation).filter(|field| self.0.names.contains(*field));
        let field = field.unwrap_or_default().to_owned();
        let called = guard::operation::name_of(document, name.as_deref()).map(str::to_owned);
        if key_role(caller).is_some_and(|role| !guard::rights::allows(role, document, operation)) {
            return Err(vec![server_error(Error::Forbidden)]);
        }
        let defaults = guard::variables::complete(operation, &variables, &self.0.names).map_err(|error| vec![error])?;
        let kind = match operation.ty {
            OperationType::Query => OperationKind::Query,
            OperationType::Mutation => OperationKind::Mutation,
            OperationType::Subscription => OperationKind::Subscription,
        };
        let lent = self.0.argument_defaults.lent(document, operation);
        if !lent.is_empty() {
            let mut document = document.clone();
            argument_defaults::lend(&mut document, name.as_deref(), &lent);
            request.set_parsed_query(document);
        }
        request.variables.extend(defaults);
        request.variables.extend(lent.into_iter().filter(|(name, _)| !variables.contains_key(name)));
        if kind != OperationKind::Subscription {
            self.charge(&measure, caller).map_err(|error| vec![server_error(error)])?;
        }
        Ok(PreparedOperation { kind, field, name: called, objects: measure.objects })
    }

    /// Charges the cost of a document to the person or key that sent it, or to their network address if nobody is signed in.
    fn charge(&self, measure: &guard::cost::DocumentMeasure, caller: &Caller) -> Result<(), Error> {
        let rates = &self.0.program.app.rates;
        let acting = caller.viewer.as_ref().and_then(Viewer::acting_key);
        match (&caller.viewer, acting.or(caller.key.as_ref())) {
            (_, Some(key)) => rates.key_objects.take_many(&key.id(), measure.cost()),
            (Some(viewer), None) => rates.objects.take_many(&viewer.user(), measure.cost()),
            (None, None) => rates.visitor_objects.take_many(&neighbourhood(caller.address), measure.cost()),
        }
    }
}

/// In whose name a key sends a request; `None` for people and visitors.
fn key_role(caller: &Caller) -> Option<KeyRole<'_>> {
    match &caller.viewer {
        Some(viewer) => viewer.acting_key().map(|_| KeyRole::Person),
        None => caller.key.as_ref().map(KeyRole::Itself),
    }
}
