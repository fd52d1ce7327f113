//! Objects that are written as JSON at once.
//!
//! async-graphql resolves each field of each object in a future of its own and builds a map for each object, before a
//! byte is written: of a page of 50 messages, 400 futures and 101 maps. Here the selection is read once ([`Selection`]),
//! and the objects of a page are then written one after another into one buffer. Their values come from the same
//! resolvers, which are polled once. So no rule is written twice, and there is nothing to keep equal but the form of the
//! JSON, which `tests/api/written` compares over random documents.
//!
//! What is not there at once is not waited for: a resolver that has to ask the database elsewhere, an error, a field that
//! is not listed by [`json_fields!`]. Then the buffer is dropped, and async-graphql resolves the object as any other.
//!
//! async-graphql stays in charge of everything around it: the request, its validation, the root and errors. It takes what
//! was written as a value of bytes, which occur nowhere else in this schema, and [`to_json`] copies them.

mod connections;
pub(super) mod fields;
mod response;
mod selection;

use std::borrow::Cow;

use async_graphql::parser::types::{Field, Selection as Selected, SelectionSet};
use async_graphql::registry::Registry;
use async_graphql::{ContextSelectionSet, OutputType, Positioned, QueryPathSegment, ServerResult, Value};

use fields::SelectedField;
pub(super) use fields::{FieldWriter, JsonObject, JsonValue, NotAtOnce, at_once, json_fields, serialize};
pub use response::to_json;
pub(super) use selection::Selection;

/// An object that is written as JSON at once, if that is possible.
pub(super) struct AsJson<T>(pub(super) T);

/// In the data of a request: all of its objects are resolved, as if nothing could be written at once. For tests, which
/// compare both.
#[derive(Clone, Copy, Debug)]
pub struct ResolveAll;

impl<T> From<T> for AsJson<T> {
    fn from(object: T) -> Self {
        Self(object)
    }
}

impl<T: JsonObject> OutputType for AsJson<T> {
    fn type_name() -> Cow<'static, str> {
        T::type_name()
    }

    fn introspection_type_name(&self) -> Cow<'static, str> {
        self.0.introspection_type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        T::create_type_info(registry)
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, field: &Positioned<Field>) -> ServerResult<Value> {
        match write(&self.0, ctx, field) {
            Some(json) => Ok(Value::Binary(json.into())),
            None => self.0.resolve(ctx, field).await,
        }
    }
}

/// The JSON of an object; `None` if it cannot be written at once.
fn write<T: JsonObject>(object: &T, ctx: &ContextSelectionSet<'_>, field: &Positioned<Field>) -> Option<Vec<u8>> {
    if ctx.data::<ResolveAll>().is_ok() || is_merged(ctx) {
        return None;
    }
    let ctx = ctx.with_field(field);
    let selection = Selection::of(&SelectedField::only(&ctx, field))?;
    let mut json = Vec::with_capacity(1_024);
    selection.write(object, &ctx, &mut json).ok()?;
    Some(json)
}

/// Whether the document selects this place twice: async-graphql merges the values of both, and can't merge bytes.
fn is_merged(ctx: &ContextSelectionSet<'_>) -> bool {
    let Some(here) = &ctx.path_node else { return true };
    let mut names = vec![&here.segment];
    names.extend(here.parents().map(|node| &node.segment));
    let mut within = &ctx.query_env.operation.node.selection_set.node;
    for name in names.into_iter().rev() {
        let QueryPathSegment::Name(name) = name else { continue };
        let mut found = None;
        if !find_only(ctx, within, name, &mut found) {
            return true;
        }
        let Some(only) = found else { return true };
        within = only;
    }
    false
}

/// Finds the selection of the field with this key. Returns `false` if there are several.
fn find_only<'a>(
    ctx: &ContextSelectionSet<'a>,
    within: &'a SelectionSet,
    key: &str,
    found: &mut Option<&'a SelectionSet>,
) -> bool {
    within.items.iter().all(|item| match &item.node {
        Selected::Field(field) if field.node.response_key().node == *key => {
            found.replace(&field.node.selection_set.node).is_none()
        }
        Selected::Field(_) => true,
        Selected::InlineFragment(fragment) => find_only(ctx, &fragment.node.selection_set.node, key, found),
        Selected::FragmentSpread(spread) => match ctx.query_env.fragments.get(&spread.node.fragment_name.node) {
            Some(fragment) => find_only(ctx, &fragment.node.selection_set.node, key, found),
            None => false,
        },
    })
}
