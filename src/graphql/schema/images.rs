//! Images, and how clients send them.

use std::sync::Arc;

use async_graphql::{
    Context, ID, InputObject, InputValueError, InputValueResult, Object, OneofObject, Scalar, ScalarType, SimpleObject,
    Value,
};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::entity::image::{self, Format};
use crate::error::Error;
use crate::graphql::AnswerTime;
use crate::graphql::context::ContextExt;
use crate::graphql::error::{Failure, Result};
use crate::graphql::loaders::look_up;
use crate::graphql::schema::date_time::DateTime;
use crate::graphql::written::json_fields;
use crate::id::{ImageId, UploadId};
use crate::images::{ImageSource, IncomingFile, UploadTarget};

/// async-graphql's placeholder in a variable for the one file of a request. The file itself is in the request's data.
const FILE: &str = "#__graphql_file__:0";

/// An image of a message, a group or a user. Its metadata, such as location and camera, was removed when it was sent.
pub(super) struct Image(Arc<image::Model>);

impl Image {
    /// The image with this id. The caller must have checked that the viewer may see it.
    pub(in crate::graphql) async fn find(ctx: &Context<'_>, id: Option<ImageId>) -> Result<Option<Self>> {
        match id {
            Some(id) => Ok(look_up(ctx.loaders()?.images(), id).await?.map(Image)),
            None => Ok(None),
        }
    }
}

impl From<image::Model> for Image {
    fn from(row: image::Model) -> Self {
        Self(Arc::new(row))
    }
}

/// An image of a message, a group or a user. Its metadata, such as location and camera, was removed when it was sent.
#[Object]
impl Image {
    /// The image's id, a UUIDv7.
    pub(super) async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    /// The URL of the image. It is signed: anybody who has it can see the image until it expires, after 30 to 60
    /// minutes. The string stays the same for 30 minutes, so that the image can be cached.
    async fn url(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "Returns a thumbnail of the next larger of five widths (96, 240, 480, 960, 1920), or the image \
                    itself if it is smaller. Thumbnails of animations are still images."
        )]
        max_width: Option<i32>,
    ) -> Result<String> {
        let max_width = max_width.map(|width| u32::try_from(width).ok().filter(|width| *width > 0));
        let max_width = match max_width {
            Some(None) => return Err(Failure(Error::input("maxWidth", "the width must be 1 or more"))),
            Some(width) => width,
            None => None,
        };
        let address = ctx.program()?.images.address(&self.0, max_width);
        ctx.expires_at(address.fresh_until());
        Ok(address.url)
    }

    /// When `url` expires. Request the image again then.
    async fn url_expires_at(&self, ctx: &Context<'_>) -> Result<DateTime> {
        let address = ctx.program()?.images.address(&self.0, None);
        ctx.expires_at(address.fresh_until());
        Ok(DateTime(address.expires_at))
    }

    /// The width in pixels.
    async fn width(&self) -> i32 {
        self.0.width
    }

    /// The height in pixels.
    async fn height(&self) -> i32 {
        self.0.height
    }

    /// The media type of the image at `url` without `maxWidth`: image/jpeg, image/png or image/gif. Thumbnails are
    /// image/jpeg, or image/png if they are transparent.
    async fn mime_type(&self) -> &'static str {
        match self.0.format {
            Format::Jpeg => "image/jpeg",
            Format::Png => "image/png",
            Format::Gif => "image/gif",
        }
    }

    /// The size in bytes of the image at `url` without `maxWidth`.
    async fn byte_size(&self) -> i64 {
        self.0.byte_size
    }

    /// A ThumbHash in base64, to show until the image is loaded.
    async fn placeholder(&self) -> Option<String> {
        self.0.placeholder.as_ref().map(|hash| STANDARD.encode(hash))
    }
}

json_fields! { Image { id, url("maxWidth"), url_expires_at, width, height, mime_type, byte_size, placeholder } }

/// The one file of a request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Upload;

/// A file of a multipart request (see the GraphQL multipart request specification): it is null in the variables and
/// named by `map`. The request needs the header `GraphQL-Require-Preflight: 1` or `Apollo-Require-Preflight: true`.
#[Scalar(name = "Upload", specified_by_url = "https://github.com/jaydenseric/graphql-multipart-request-spec")]
impl ScalarType for Upload {
    fn parse(value: Value) -> InputValueResult<Self> {
        match value {
            Value::String(text) if text == FILE => Ok(Self),
            _ => Err(InputValueError::custom("send a file as a part of a multipart request")),
        }
    }

    fn to_value(&self) -> Value {
        Value::Null
    }
}

/// An image: a file of this request, or one that was uploaded before it.
#[derive(OneofObject)]
pub(super) enum ImageInput {
    /// A file of this multipart request: a JPEG, PNG, WebP or GIF of up to `imageBytes` bytes and `imagePixels` pixels
    /// (serverInfo.limits).
    File(Upload),
    /// The `id` of an upload that you created with createImageUpload, after its bytes were PUT. It can be used for one
    /// image.
    UploadId(ID),
}

impl ImageInput {
    /// The source of the image; the strings are the paths in the input. The time limit of the operation is extended to
    /// that of uploads.
    pub(in crate::graphql) fn source(
        &self,
        ctx: &Context<'_>,
        [file, upload]: [&'static str; 2],
    ) -> Result<ImageSource> {
        if let Ok(time) = ctx.data::<AnswerTime>() {
            time.extend();
        }
        match self {
            Self::File(Upload) => {
                let missing = || Failure(Error::input(file, "send a file as a part of a multipart request"));
                Ok(ImageSource::File(Arc::clone(ctx.data::<Arc<IncomingFile>>().map_err(|_| missing())?)))
            }
            Self::UploadId(id) => Ok(ImageSource::Upload(UploadId::parse(id).ok_or(Failure(Error::NotFound))?, upload)),
        }
    }
}

/// An image to upload.
#[derive(InputObject)]
struct CreateImageUploadInput {
    /// The media type: image/jpeg, image/png, image/webp or image/gif. The content decides; so what browsers and phones
    /// declare by a file's name is accepted as well: an empty type, application/octet-stream, image/jpg, image/heic and
    /// image/heif.
    mime_type: String,
    /// The exact number of bytes that will be sent, up to `imageBytes` (serverInfo.limits).
    byte_size: i32,
}

/// An upload: where to PUT the bytes of an image.
#[derive(SimpleObject)]
struct ImageUpload {
    /// The id to use as `uploadId` after the upload.
    id: ID,
    /// The URL. It accepts one PUT.
    url: String,
    /// The HTTP method, PUT.
    method: &'static str,
    /// The headers that the request must have.
    headers: Vec<HttpHeader>,
    /// When the URL expires. The uploaded bytes must be used within one hour after that, or they are deleted.
    expires_at: DateTime,
}

/// A header of an HTTP request.
#[derive(SimpleObject)]
struct HttpHeader {
    /// The name.
    name: String,
    /// The value.
    value: String,
}

impl From<UploadTarget> for ImageUpload {
    fn from(target: UploadTarget) -> Self {
        let UploadTarget { id, url, headers, expires_at } = target;
        let headers = headers.into_iter().map(|(name, value)| HttpHeader { name, value }).collect();
        Self { id: id.to_string().into(), url, method: "PUT", headers, expires_at: DateTime(expires_at) }
    }
}

/// Mutations of images.
#[derive(Default)]
pub(super) struct ImagesMutation;

#[Object]
impl ImagesMutation {
    /// Creates a URL to which the bytes of an image are PUT before the message that refers to it by `uploadId`: for
    /// large images and slow connections. Uploads and images in requests together have a burst of 10 and then 10 per
    /// minute. The image is counted when the upload is created; if its message or profile fails and it is used again
    /// after more than two minutes, it is counted again. Codes: BAD_USER_INPUT, RATE_LIMITED, UNSUPPORTED_IMAGE for
    /// another media type, and PAYLOAD_TOO_LARGE, also if your images have reached your storage quota.
    async fn create_image_upload(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The image to upload.")] input: CreateImageUploadInput,
    ) -> Result<ImageUpload> {
        let viewer = ctx.viewer()?;
        let images = &ctx.program()?.images;
        Ok(images.upload_target(viewer, &input.mime_type, input.byte_size).await?.into())
    }
}
