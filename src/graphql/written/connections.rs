//! Pages of lists. The library has their resolvers, so what those return is written here once more.

use async_graphql::connection::{Connection, CursorType, Edge, PageInfo};
use async_graphql::{Context, ObjectType};

use super::Selection;
use super::fields::{FieldWriter, JsonObject, JsonValue, SelectedField};

impl<C, T, E> JsonObject for Connection<C, T, E>
where
    C: CursorType + Send + Sync + 'static,
    T: JsonObject,
    E: ObjectType + 'static,
{
    fn field(field: &SelectedField<'_>) -> Option<FieldWriter<Self>> {
        match field.name() {
            "nodes" => {
                let selection = Selection::<T>::of(field)?;
                Some(Box::new(move |page, ctx, json| {
                    selection.write_all(page.edges.iter().map(|edge| &edge.node), ctx, json)
                }))
            }
            "edges" => {
                let selection = Selection::of(field)?;
                Some(Box::new(move |page, ctx, json| selection.write_all(page.edges.iter(), ctx, json)))
            }
            "pageInfo" => {
                let selection = Selection::of(field)?;
                Some(Box::new(move |page, ctx: &Context<'_>, json| {
                    let info = PageInfo {
                        has_previous_page: page.has_previous_page,
                        has_next_page: page.has_next_page,
                        start_cursor: page.edges.first().map(|edge| edge.cursor.encode_cursor()),
                        end_cursor: page.edges.last().map(|edge| edge.cursor.encode_cursor()),
                    };
                    selection.write(&info, ctx, json)
                }))
            }
            // What a list has beside its page is counted when it is selected.
            _ => None,
        }
    }
}

impl<C, T, E> JsonObject for Edge<C, T, E>
where
    C: CursorType + Send + Sync + 'static,
    T: JsonObject,
    E: ObjectType + 'static,
{
    fn field(field: &SelectedField<'_>) -> Option<FieldWriter<Self>> {
        match field.name() {
            "cursor" => Some(Box::new(|edge, _, json| edge.cursor.encode_cursor().write(json))),
            "node" => {
                let selection = Selection::<T>::of(field)?;
                Some(Box::new(move |edge, ctx, json| selection.write(&edge.node, ctx, json)))
            }
            _ => None,
        }
    }
}

impl JsonObject for PageInfo {
    fn field(field: &SelectedField<'_>) -> Option<FieldWriter<Self>> {
        match field.name() {
            "hasPreviousPage" => Some(Box::new(|info, _, json| info.has_previous_page.write(json))),
            "hasNextPage" => Some(Box::new(|info, _, json| info.has_next_page.write(json))),
            "startCursor" => Some(Box::new(|info, _, json| info.start_cursor.write(json))),
            "endCursor" => Some(Box::new(|info, _, json| info.end_cursor.write(json))),
            _ => None,
        }
    }
}
