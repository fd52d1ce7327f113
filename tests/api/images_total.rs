//! The room that all images of a server may take together.

use std::time::Duration;

use parlour::clock::Timestamp;
use parlour::entity::image::{self, Format};
use parlour::id::{ImageId, UserId};
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel};
use serde_json::json;

use crate::support::pictures::png;
use crate::support::{TestApp, code};

const SLOT: &str = "mutation { createImageUpload(input: { mimeType: \"image/png\", byteSize: 100 }) { id } }";

#[tokio::test]
async fn a_server_whose_room_for_images_is_used_up_takes_no_more_until_some_are_gone() {
    let app = TestApp::start_with(&[("IMAGE_STORAGE_GIB", "1")]).await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
    ada.send_image(&app, &bob, &png(30, 20)).await;
    let large = image::Model {
        id: ImageId::new(),
        owner_id: UserId::parse(&bob.id).expect("an id"),
        format: Format::Png,
        width: 1,
        height: 1,
        byte_size: 1 << 30,
        stored_bytes: 1 << 30,
        placeholder: None,
        parts: "[]".into(),
        created_at: Timestamp(0),
    };
    let database = app.database().await;
    let row = image::Entity::insert(large.clone().into_active_model().reset_all());
    row.exec_without_returning(&database).await.expect("it is written");
    // The sum is taken once a minute.
    app.clock.advance(Duration::from_secs(61));

    let refused = ada.try_send_image(&app, json!({ "to": { "userId": bob.id } }), &png(30, 20)).await;
    assert_eq!(code(&refused), "PAYLOAD_TOO_LARGE");
    assert_eq!(ada.fails(SLOT, json!({})).await, "PAYLOAD_TOO_LARGE");
    ada.send(&bob, "text goes on").await;

    image::Entity::delete_by_id(large.id).exec(&database).await.expect("it is deleted");
    app.clock.advance(Duration::from_secs(61));
    ada.send_image(&app, &bob, &png(30, 20)).await;
}
