//! Images, and how they are sent.

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
use crate::graphql::loaders::load;
use crate::graphql::schema::date_time::DateTime;
use crate::id::{ImageId, UploadId};
use crate::images::{ImageSource, IncomingFile, UploadTarget};

/// What stands in a variable for the one file of a request. The file itself is in the request's data.
/// async-graphql's word for it.
const FILE: &str = "#__graphql_file__:0";

/// An image of a message or a person. Its metadata (where it was taken and with what, and the like) was removed when it
/// was sent.
pub struct Image(Arc<image::Model>);

impl Image {
    /// The image with this id. Whoever asks has seen to it that it may be seen.
    pub(in crate::graphql) async fn find(ctx: &Context<'_>, id: Option<ImageId>) -> Result<Option<Self>> {
        match id {
            Some(id) => Ok(load(&ctx.loaders()?.images, id).await?.map(Image)),
            None => Ok(None),
        }
    }
}

/// An image of a message or a person. Its metadata (where it was taken and with what, and the like) was removed when it
/// was sent.
#[Object]
impl Image {
    /// The image's id, a UUIDv7.
    async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    /// Where the image is. The address is signed: whoever has it can see the image until it expires, after half an hour
    /// to an hour. It is the same string for half an hour, so that it can be cached.
    async fn url(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "For a thumbnail: the next of five widths (96, 240, 480, 960, 1920), or the image itself where it is \
                    smaller. Of an animation, thumbnails stand still."
        )]
        max_width: Option<i32>,
    ) -> Result<String> {
        let max_width = max_width.map(|width| u32::try_from(width).ok().filter(|width| *width > 0));
        let max_width = match max_width {
            Some(None) => return Err(Failure(Error::input("maxWidth", "a width is 1 or more"))),
            Some(width) => width,
            None => None,
        };
        let address = ctx.program()?.images.address(&self.0, max_width);
        ctx.expires_at(address.fresh_until());
        Ok(address.url)
    }

    /// When `url` stops working: ask for the image again then.
    async fn url_expires_at(&self, ctx: &Context<'_>) -> Result<DateTime> {
        let address = ctx.program()?.images.address(&self.0, None);
        ctx.expires_at(address.fresh_until());
        Ok(DateTime(address.expires_at))
    }

    /// In pixels.
    async fn width(&self) -> i32 {
        self.0.width
    }

    /// In pixels.
    async fn height(&self) -> i32 {
        self.0.height
    }

    /// The type of what is at `url`, without `maxWidth`: image/jpeg, image/png or image/gif. Thumbnails are image/jpeg,
    /// or image/png where something is transparent.
    async fn mime_type(&self) -> &'static str {
        match self.0.format {
            Format::Jpeg => "image/jpeg",
            Format::Png => "image/png",
            Format::Gif => "image/gif",
        }
    }

    /// The bytes of what is at `url`, without `maxWidth`.
    async fn byte_size(&self) -> i64 {
        self.0.byte_size
    }

    /// A ThumbHash in base64: what to paint before the image has arrived.
    async fn placeholder(&self) -> Option<String> {
        self.0.placeholder.as_ref().map(|hash| STANDARD.encode(hash))
    }
}

/// The one file of a request.
#[derive(Clone, Copy, Debug)]
pub struct Upload;

/// A file of a multipart request (see the GraphQL multipart request specification): null in the variables, and named by
/// `map`. Such a request needs a header, `GraphQL-Require-Preflight: 1` or `Apollo-Require-Preflight: true`.
#[Scalar(name = "Upload", specified_by_url = "https://github.com/jaydenseric/graphql-multipart-request-spec")]
impl ScalarType for Upload {
    fn parse(value: Value) -> InputValueResult<Self> {
        match value {
            Value::String(text) if text == FILE => Ok(Self),
            _ => Err(InputValueError::custom("a file is part of a multipart request")),
        }
    }

    fn to_value(&self) -> Value {
        Value::Null
    }
}

/// An image: a file of this request, or one that was uploaded before.
#[derive(OneofObject)]
pub enum ImageInput {
    /// A file of this multipart request: a JPEG, PNG, WebP or GIF of up to `imageBytes` bytes and `imagePixels` pixels
    /// (serverInfo.limits).
    File(Upload),
    /// The `id` of a createImageUpload of yours, after the bytes were PUT there. It is good for one image.
    UploadId(ID),
}

impl ImageInput {
    /// Where the image comes from; the strings are the paths in the input. Whoever sends one waits for as long as images
    /// take.
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
                let missing = || Failure(Error::input(file, "a file is part of a multipart request"));
                Ok(ImageSource::File(Arc::clone(ctx.data::<Arc<IncomingFile>>().map_err(|_| missing())?)))
            }
            Self::UploadId(id) => Ok(ImageSource::Upload(UploadId::parse(id).ok_or(Failure(Error::NotFound))?, upload)),
        }
    }
}

/// An image that is to be uploaded.
#[derive(InputObject)]
struct CreateImageUploadInput {
    /// image/jpeg, image/png, image/webp or image/gif.
    mime_type: String,
    /// How many bytes will be sent: exactly so many are taken. Up to `imageBytes` (serverInfo.limits).
    byte_size: i32,
}

/// Where to PUT the bytes of an image.
#[derive(SimpleObject)]
struct ImageUpload {
    /// What names the image in `uploadId` then.
    id: ID,
    /// The address. It takes one PUT.
    url: String,
    /// PUT.
    method: &'static str,
    /// What has to be sent along.
    headers: Vec<HttpHeader>,
    /// Until when the address takes bytes. They are kept for an hour after it; use them before.
    expires_at: DateTime,
}

/// A header of a request.
#[derive(SimpleObject)]
struct HttpHeader {
    /// Its name.
    name: String,
    /// Its value.
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
pub struct ImagesMutation;

#[Object]
impl ImagesMutation {
    /// Where to PUT the bytes of an image directly, before the message that names it by `uploadId`: for large images and
    /// slow lines. Together with images that are part of a request, 10 at once and then 10 a minute. The image is paid for
    /// with the place; where its message or profile fails and it is named once more after two minutes, it counts once
    /// more. Codes: BAD_USER_INPUT, RATE_LIMITED, UNSUPPORTED_IMAGE for another type, and PAYLOAD_TOO_LARGE, also where your images
    /// take up all the room there is for them.
    async fn create_image_upload(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What will be uploaded.")] input: CreateImageUploadInput,
    ) -> Result<ImageUpload> {
        let viewer = ctx.viewer()?;
        let images = &ctx.program()?.images;
        Ok(images.upload_target(viewer, &input.mime_type, input.byte_size).await?.into())
    }
}
