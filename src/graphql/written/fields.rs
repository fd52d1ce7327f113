//! The fields of an object: which ones can be written, and how.

use async_graphql::parser::types::{Field, SelectionSet};
use async_graphql::{Context, ID, InputType, OutputType, Positioned};
use futures_util::FutureExt;
use serde::Serialize;

use super::Selection;

/// It is not there at once.
pub(in crate::graphql) struct NotAtOnce;

/// Writes a field of an object.
pub(in crate::graphql) type FieldWriter<T> = Box<dyn Fn(&T, &Context<'_>, &mut Vec<u8>) -> Result<(), NotAtOnce>>;

/// An object whose selection can be written. [`json_fields!`] implements it.
pub(in crate::graphql) trait JsonObject: OutputType + Sized + 'static {
    /// How a selected field is written; `None` if it can't be.
    fn field(field: &SelectedField<'_>) -> Option<FieldWriter<Self>>;
}

/// A selected field of an object.
pub(in crate::graphql) struct SelectedField<'a> {
    /// The context of the field whose value is written, in which this one is selected somewhere. Only its data counts.
    pub(super) ctx: &'a Context<'a>,
    field: &'a Positioned<Field>,
    /// What it selects itself: several where the field is selected several times.
    pub(super) sets: Vec<&'a SelectionSet>,
}

impl<'a> SelectedField<'a> {
    pub(super) fn only(ctx: &'a Context<'a>, field: &'a Positioned<Field>) -> Self {
        Self { ctx, field, sets: vec![&field.node.selection_set.node] }
    }

    /// Its name in the answer.
    pub(super) fn key(&self) -> &'a str {
        self.field.node.response_key().node.as_str()
    }

    /// Its name in the schema.
    pub(in crate::graphql) fn name(&self) -> &'a str {
        self.field.node.name.node.as_str()
    }

    /// Whether the function of this name resolves it: `created_at` resolves `createdAt`, and `r#type` resolves `type`.
    pub(in crate::graphql) fn is_resolved_by(&self, function: &str) -> bool {
        let mut name = self.name().bytes();
        let mut is_after_underscore = false;
        function.trim_start_matches("r#").bytes().all(|letter| match letter {
            b'_' => {
                is_after_underscore = true;
                true
            }
            letter => {
                let is_first = std::mem::take(&mut is_after_underscore);
                name.next() == Some(if is_first { letter.to_ascii_uppercase() } else { letter })
            }
        }) && name.next().is_none()
    }

    /// An argument, without a default in the schema; `None` if it is not valid.
    pub(in crate::graphql) fn argument<A: InputType>(&self, name: &str) -> Option<A> {
        let ctx = self.ctx.with_field(self.field);
        ctx.param_value(name, None).ok().map(|(_, value)| value)
    }
}

/// What a resolver gives when it is polled once.
pub(in crate::graphql) fn at_once<V, E>(resolving: impl Future<Output = Result<V, E>>) -> Result<V, NotAtOnce> {
    match resolving.now_or_never() {
        Some(Ok(value)) => Ok(value),
        Some(Err(_)) | None => Err(NotAtOnce),
    }
}

/// A value that is no object.
pub(in crate::graphql) trait JsonValue {
    /// Writes it as async-graphql does.
    fn write(&self, json: &mut Vec<u8>) -> Result<(), NotAtOnce>;
}

/// Writes a value as serde does.
pub(in crate::graphql) fn serialize(value: &(impl Serialize + ?Sized), json: &mut Vec<u8>) -> Result<(), NotAtOnce> {
    serde_json::to_writer(json, value).map_err(|_| NotAtOnce)
}

macro_rules! scalars {
    ($($scalar:ty),+) => {
        $(impl JsonValue for $scalar {
            fn write(&self, json: &mut Vec<u8>) -> Result<(), NotAtOnce> {
                serialize(self, json)
            }
        })+
    };
}

scalars!(bool, i32, i64, usize, str, String);

impl JsonValue for ID {
    fn write(&self, json: &mut Vec<u8>) -> Result<(), NotAtOnce> {
        self.0.write(json)
    }
}

impl<V: JsonValue + ?Sized> JsonValue for &V {
    fn write(&self, json: &mut Vec<u8>) -> Result<(), NotAtOnce> {
        V::write(self, json)
    }
}

impl<V: JsonValue> JsonValue for Option<V> {
    fn write(&self, json: &mut Vec<u8>) -> Result<(), NotAtOnce> {
        match self {
            Some(value) => value.write(json),
            None => null(json),
        }
    }
}

impl<V: JsonValue> JsonValue for Vec<V> {
    fn write(&self, json: &mut Vec<u8>) -> Result<(), NotAtOnce> {
        list(self, json, |value, json| value.write(json))
    }
}

/// Writes a list of what is written one after another.
pub(super) fn list<T>(
    items: impl IntoIterator<Item = T>,
    json: &mut Vec<u8>,
    mut write: impl FnMut(T, &mut Vec<u8>) -> Result<(), NotAtOnce>,
) -> Result<(), NotAtOnce> {
    json.push(b'[');
    for (number, item) in items.into_iter().enumerate() {
        if number > 0 {
            json.push(b',');
        }
        write(item, json)?;
    }
    json.push(b']');
    Ok(())
}

fn null(json: &mut Vec<u8>) -> Result<(), NotAtOnce> {
    json.extend_from_slice(b"null");
    Ok(())
}

/// An object, none, or a list of them.
pub(in crate::graphql) trait JsonNode<T> {
    /// Writes what is selected of it.
    fn write_selected(&self, selection: &Selection<T>, ctx: &Context<'_>, json: &mut Vec<u8>) -> Result<(), NotAtOnce>;
}

impl<T: JsonObject> JsonNode<T> for T {
    fn write_selected(&self, selection: &Selection<T>, ctx: &Context<'_>, json: &mut Vec<u8>) -> Result<(), NotAtOnce> {
        selection.write(self, ctx, json)
    }
}

impl<T: JsonObject> JsonNode<T> for Option<T> {
    fn write_selected(&self, selection: &Selection<T>, ctx: &Context<'_>, json: &mut Vec<u8>) -> Result<(), NotAtOnce> {
        match self {
            Some(object) => selection.write(object, ctx, json),
            None => null(json),
        }
    }
}

impl<T: JsonObject> JsonNode<T> for Vec<T> {
    fn write_selected(&self, selection: &Selection<T>, ctx: &Context<'_>, json: &mut Vec<u8>) -> Result<(), NotAtOnce> {
        selection.write_all(self.iter(), ctx, json)
    }
}

/// Lists the resolvers of an object whose values can be written at once: those of scalars by their names, those of
/// objects with the type, and an argument with its name in the schema. They may use the data of the context, but not look
/// at the selection. A resolver that is not listed is always resolved.
macro_rules! json_fields {
    ($type:ty { $($resolver:ident $(($argument:literal))? $(: $object:ty)?),+ $(,)? }) => {
        impl $crate::graphql::written::JsonObject for $type {
            fn field(
                field: &$crate::graphql::written::fields::SelectedField<'_>,
            ) -> Option<$crate::graphql::written::FieldWriter<Self>> {
                $(
                    if field.is_resolved_by(stringify!($resolver)) {
                        return $crate::graphql::written::fields::json_field!(
                            field, $type, $resolver $(($argument))? $(: $object)?
                        );
                    }
                )+
                None
            }
        }
    };
}

macro_rules! json_field {
    ($field:ident, $type:ty, $resolver:ident) => {
        Some(Box::new(|object: &$type, ctx: &async_graphql::Context<'_>, json: &mut Vec<u8>| {
            let value = $crate::graphql::written::at_once(object.$resolver(ctx))?;
            $crate::graphql::written::JsonValue::write(&value, json)
        }))
    };
    ($field:ident, $type:ty, $resolver:ident ($argument:literal)) => {{
        let argument = $field.argument($argument)?;
        Some(Box::new(move |object: &$type, ctx: &async_graphql::Context<'_>, json: &mut Vec<u8>| {
            let value = $crate::graphql::written::at_once(object.$resolver(ctx, argument))?;
            $crate::graphql::written::JsonValue::write(&value, json)
        }))
    }};
    ($field:ident, $type:ty, $resolver:ident : $object:ty) => {{
        let selection = $crate::graphql::written::Selection::<$object>::of($field)?;
        Some(Box::new(move |object: &$type, ctx: &async_graphql::Context<'_>, json: &mut Vec<u8>| {
            let value = $crate::graphql::written::at_once(object.$resolver(ctx))?;
            $crate::graphql::written::fields::JsonNode::<$object>::write_selected(&value, &selection, ctx, json)
        }))
    }};
}

pub(in crate::graphql) use {json_field, json_fields};
