//! Uploads after the GraphQL multipart request specification: `operations`, `map`, and then one file for one variable.

use std::collections::HashMap;
use std::fs::File;
use std::sync::Arc;

use async_graphql::{Request, UploadValue};
use axum::body::{Body, Bytes};
use futures_util::TryStreamExt;
use multer::{Constraints, Error, Multipart, SizeLimit};
use tokio::time::timeout;

use super::body;
use super::parameters;
use super::refusal::HttpRefusal;
use crate::images::IncomingFile;
use crate::limits;

/// Reads a multipart body of a signed-in user. The file is streamed to disk and deleted with the request.
pub(super) async fn read(
    content_type: &str,
    body: Body,
    (file, writer): (IncomingFile, File),
) -> Result<Request, HttpRefusal> {
    let boundary = multer::parse_boundary(content_type).map_err(refusal)?;
    body::refuse_declared(&body, limits::MULTIPART_BYTES)?;
    let request = timeout(limits::UPLOAD_READ, parts(body, boundary, writer)).await;
    Ok(request.unwrap_or_else(|_| Err(HttpRefusal::too_slow()))?.data(Arc::new(file)))
}

pub(super) async fn parts(body: Body, boundary: String, writer: File) -> Result<Request, HttpRefusal> {
    // The parts that are parsed have lower bounds of their own, as JSON grows to many times its size.
    let sizes = SizeLimit::new()
        .whole_stream(limits::MULTIPART_BYTES as u64)
        .for_field("operations", limits::BODY_BYTES as u64)
        .for_field("map", limits::UPLOAD_MAP_BYTES as u64);
    let constraints = Constraints::new().size_limit(sizes);
    let mut parts = Multipart::with_constraints(body.into_data_stream(), boundary, constraints);

    let mut request = parameters::from_json(&part(&mut parts, "operations").await?)?;
    let map = part(&mut parts, "map").await?;
    let map: HashMap<String, Vec<String>> = serde_json::from_slice(&map).map_err(|_| {
        HttpRefusal::malformed("body", "the part `map` has to be JSON such as {\"0\": [\"variables.file\"]}")
    })?;
    let (name, path) = the_only_file(map)?;

    let file = parts.next_field().await.map_err(refusal)?.filter(|file| file.name() == Some(&name));
    let Some(file) = file else {
        return Err(HttpRefusal::malformed("body", "the file that `map` names has to follow it"));
    };
    body::write(file.map_err(refusal), writer, limits::IMAGE_BYTES as u64).await?;
    if parts.next_field().await.map_err(refusal)?.is_some() {
        return Err(HttpRefusal::malformed("body", "one file a request is taken"));
    }

    // The file's name and content are not passed on: the schema finds the file itself in the request's data.
    let upload = UploadValue { filename: String::new(), content_type: None, content: Bytes::new() };
    request.set_upload(&path, upload);
    // async-graphql ignores a path that matches no variable.
    if request.uploads.is_empty() {
        return Err(HttpRefusal::malformed("body", "the path in `map` has to lead to a variable of the operation"));
    }
    Ok(request)
}

/// The content of the next part, which has to be the one named.
async fn part(parts: &mut Multipart<'_>, name: &'static str) -> Result<Bytes, HttpRefusal> {
    match parts.next_field().await.map_err(refusal)?.filter(|part| part.name() == Some(name)) {
        Some(part) => part.bytes().await.map_err(refusal),
        None => {
            Err(HttpRefusal::malformed("body", "the parts have to be `operations`, `map` and the file, in this order"))
        }
    }
}

fn the_only_file(map: HashMap<String, Vec<String>>) -> Result<(String, String), HttpRefusal> {
    let mut files = map.into_iter();
    match (files.next(), files.next()) {
        (Some((name, paths)), None) => match <[String; 1]>::try_from(paths) {
            Ok([path]) => Ok((name, path)),
            Err(_) => Err(HttpRefusal::malformed("body", "a file has one place among the variables")),
        },
        _ => Err(HttpRefusal::malformed("body", "one file a request is taken")),
    }
}

fn refusal(error: Error) -> HttpRefusal {
    match error {
        Error::FieldSizeExceeded { limit, .. } | Error::StreamSizeExceeded { limit } => {
            HttpRefusal::too_large(usize::try_from(limit).unwrap_or(usize::MAX))
        }
        _ => HttpRefusal::malformed("body", "this is not a multipart body, or not all of one"),
    }
}
