//! Images of messages and of people, upload slots, and objects to delete from storage.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, binary_null, integer, small_integer, string, text, uuid, uuid_null,
};

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0006_images"
    }
}

#[derive(DeriveIden)]
enum Image {
    Table,
    Id,
    OwnerId,
    Format,
    Width,
    Height,
    ByteSize,
    StoredBytes,
    Placeholder,
    Parts,
    CreatedAt,
}

#[derive(DeriveIden)]
enum ImageUpload {
    Table,
    Id,
    OwnerId,
    MimeType,
    ByteSize,
    CreatedAt,
    ExpiresAt,
    UsedAt,
}

#[derive(DeriveIden)]
enum ImageDeletion {
    Table,
    Key,
    DueAt,
    Tries,
}

#[derive(DeriveIden)]
enum Message {
    Table,
    ImageId,
}

#[derive(DeriveIden)]
enum User {
    Table,
    ImageId,
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        images(manager).await?;
        uploads(manager).await?;
        deletions(manager).await?;
        // Null if there is none, so that the previous version need not know the column.
        let to_message = Table::alter().table(Message::Table).add_column(uuid_null(Message::ImageId)).to_owned();
        manager.alter_table(to_message).await?;
        let to_person = Table::alter().table(User::Table).add_column(uuid_null(User::ImageId)).to_owned();
        manager.alter_table(to_person).await?;
        // To find the message of an image. Partial, as most messages have none.
        manager
            .create_index(
                Index::create()
                    .name("message_image_idx")
                    .table(Message::Table)
                    .col(Message::ImageId)
                    .and_where(Expr::col(Message::ImageId).is_not_null())
                    .to_owned(),
            )
            .await
    }
}

async fn images(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            Table::create()
                .table(Image::Table)
                .col(uuid(Image::Id).primary_key())
                .col(uuid(Image::OwnerId))
                .col(small_integer(Image::Format))
                .col(integer(Image::Width))
                .col(integer(Image::Height))
                // The size of the image alone, and with its thumbnails, which the owner's quota counts.
                .col(big_integer(Image::ByteSize))
                .col(big_integer(Image::StoredBytes))
                .col(binary_null(Image::Placeholder))
                // The ranges of the image and its thumbnails in the object, as JSON.
                .col(text(Image::Parts))
                .col(big_integer(Image::CreatedAt))
                .to_owned(),
        )
        .await?;
    manager
        .create_index(
            Index::create()
                .name("image_owner_idx")
                .table(Image::Table)
                .col(Image::OwnerId)
                .col(Image::StoredBytes)
                .to_owned(),
        )
        .await
}

async fn uploads(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            Table::create()
                .table(ImageUpload::Table)
                .col(uuid(ImageUpload::Id).primary_key())
                .col(uuid(ImageUpload::OwnerId))
                .col(string(ImageUpload::MimeType))
                .col(big_integer(ImageUpload::ByteSize))
                .col(big_integer(ImageUpload::CreatedAt))
                .col(big_integer(ImageUpload::ExpiresAt))
                .col(big_integer_null(ImageUpload::UsedAt))
                .to_owned(),
        )
        .await?;
    manager
        .create_index(
            Index::create()
                .name("image_upload_created_idx")
                .table(ImageUpload::Table)
                .col(ImageUpload::CreatedAt)
                .to_owned(),
        )
        .await
}

async fn deletions(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            Table::create()
                .table(ImageDeletion::Table)
                // An object's key. It is listed before the object is created, until something refers to it.
                .col(string(ImageDeletion::Key).primary_key())
                .col(big_integer(ImageDeletion::DueAt))
                .col(integer(ImageDeletion::Tries))
                .to_owned(),
        )
        .await?;
    manager
        .create_index(
            Index::create()
                .name("image_deletion_due_idx")
                .table(ImageDeletion::Table)
                .col(ImageDeletion::DueAt)
                .to_owned(),
        )
        .await
}
