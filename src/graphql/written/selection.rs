//! The selection of an object, read once for all objects of a list.

use async_graphql::Context;
use async_graphql::parser::types::{Selection as Selected, SelectionSet};

use super::fields::{FieldWriter, JsonObject, NotAtOnce, SelectedField, list};

/// What is selected of an object: the key of each field as JSON, and how the field is written.
pub(in crate::graphql) struct Selection<T>(Vec<(Vec<u8>, FieldWriter<T>)>);

impl<T: JsonObject> Selection<T> {
    /// What a field selects of its object; `None` if there is something among it that can't be written at once.
    pub(in crate::graphql) fn of(field: &SelectedField<'_>) -> Option<Self> {
        let mut fields = Vec::new();
        for set in &field.sets {
            collect::<T>(field.ctx, set, &mut fields)?;
        }
        let write = |field: SelectedField<'_>| {
            let mut key = serde_json::to_vec(field.key()).ok()?;
            key.push(b':');
            Some((key, writer::<T>(&field)?))
        };
        Some(Self(fields.into_iter().map(write).collect::<Option<_>>()?))
    }

    /// Writes what is selected of an object.
    pub(in crate::graphql) fn write(&self, object: &T, ctx: &Context<'_>, json: &mut Vec<u8>) -> Result<(), NotAtOnce> {
        json.push(b'{');
        for (number, (key, write)) in self.0.iter().enumerate() {
            if number > 0 {
                json.push(b',');
            }
            json.extend_from_slice(key);
            write(object, ctx, json)?;
        }
        json.push(b'}');
        Ok(())
    }

    /// Writes what is selected of each object of a list.
    pub(in crate::graphql) fn write_all<'a>(
        &self,
        objects: impl Iterator<Item = &'a T>,
        ctx: &Context<'_>,
        json: &mut Vec<u8>,
    ) -> Result<(), NotAtOnce>
    where
        T: 'a,
    {
        list(objects, json, |object, json| self.write(object, ctx, json))
    }
}

fn writer<T: JsonObject>(field: &SelectedField<'_>) -> Option<FieldWriter<T>> {
    if field.name() != "__typename" {
        return T::field(field);
    }
    let name = serde_json::to_vec(&*T::type_name()).ok()?;
    Some(Box::new(move |_, _, json| {
        json.extend_from_slice(&name);
        Ok(())
    }))
}

/// Collects the fields of a selection and its fragments, in the order in which they are first selected. The selections of
/// a field that is selected again are added to it.
fn collect<'a, T: JsonObject>(
    ctx: &'a Context<'a>,
    set: &'a SelectionSet,
    fields: &mut Vec<SelectedField<'a>>,
) -> Option<()> {
    for item in &set.items {
        match &item.node {
            Selected::Field(field) => {
                let key = &field.node.response_key().node;
                match fields.iter_mut().find(|known| known.key() == key.as_str()) {
                    Some(known) => known.sets.push(&field.node.selection_set.node),
                    None => fields.push(SelectedField::only(ctx, field)),
                }
            }
            Selected::InlineFragment(fragment) => {
                let on = fragment.node.type_condition.as_ref().map(|condition| condition.node.on.node.as_str());
                if on.is_none_or(|on| applies::<T>(ctx, on)) {
                    collect::<T>(ctx, &fragment.node.selection_set.node, fields)?;
                }
            }
            Selected::FragmentSpread(spread) => {
                let fragment = &ctx.query_env.fragments.get(&spread.node.fragment_name.node)?.node;
                if applies::<T>(ctx, fragment.type_condition.node.on.node.as_str()) {
                    collect::<T>(ctx, &fragment.selection_set.node, fields)?;
                }
            }
        }
    }
    Some(())
}

/// Whether a fragment on this type or interface is of the object.
fn applies<T: JsonObject>(ctx: &Context<'_>, on: &str) -> bool {
    let name = T::type_name();
    let interfaces = || ctx.schema_env.registry.implements.get(&*name);
    name == on || interfaces().is_some_and(|interfaces| interfaces.contains(on))
}
