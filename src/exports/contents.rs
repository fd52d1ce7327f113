//! What is in an archive: all that is somebody's own, and no words of others. It is read a page at a time, by indexes, with a
//! rest between two pages. Messages have no index by their sender: as an erasure does, it looks through the histories of all
//! conversations that the person was ever in.

use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::archive::{Archive, ArchiveSink, Lines};
use super::objects;
use crate::accounts;
use crate::app::App;
use crate::entity::{conversation, image, membership, mention, message, reaction, report, user, user_block};
use crate::error::{Error, Result};
use crate::feed;
use crate::id::{ConversationId, ImageId, ReportId, UserId as PersonId};
use crate::images::{self, Images};
use crate::limits;

/// What the archive says of itself.
const README: &str = "\
This is all that is yours on the chat server, as it was while this archive was made.

Files that end with .jsonl have a JSON object a line (https://jsonlines.org). A long list goes on in a file with a number,
as messages.jsonl in messages-2.jsonl. Times are UTC; ids are those of the API. What others wrote is not in here.

profile        your account
sessions       where you are signed in
conversations  the conversations that you were in, from when to when, and your own side of each; of those that you have
               left, without their titles
messages       your messages, by conversation, with the ids of those that they reply to and of the people they mention;
               not those that you have deleted
reactions      what you reacted with, to which message
mentions       which messages call you
blocks         whom you have blocked
reports        what you have reported to the moderators, and when it was closed
images         your images, in messages and as pictures; each is in the folder images, but those that the server has lost,
               whose file is null
";

/// Where what goes into an archive comes from.
pub(super) struct ExportSource<'a> {
    pub(super) app: &'a App,
    pub(super) images: &'a Images,
    pub(super) person: PersonId,
}

impl ExportSource<'_> {
    /// Writes all of it.
    pub(super) async fn write<S: ArchiveSink>(&self, archive: &mut Archive<S>) -> Result<()> {
        archive.file("README.txt", README.as_bytes()).await?;
        self.profile(archive).await?;
        self.conversations(archive).await?;
        self.reactions(archive).await?;
        self.mentions(archive).await?;
        self.blocks(archive).await?;
        self.reports(archive).await?;
        self.messages(archive).await?;
        self.pictures(archive).await
    }

    async fn profile<S: ArchiveSink>(&self, archive: &mut Archive<S>) -> Result<()> {
        let row = user::Entity::find_by_id(self.person).filter(user::Column::DeletedAt.is_null());
        let row = archive.asking(row.one(&self.app.db.reader)).await?.ok_or(Error::NotFound)?;
        let roles = accounts::roles_for_operator(self.app, self.person).await?;
        let mut lines = Lines::new("profile");
        lines.add(archive, &objects::profile(&row, &roles)).await?;
        lines.finish(archive).await?;
        let mut lines = Lines::new("sessions");
        for row in accounts::sessions_for_operator(self.app, self.person).await? {
            lines.add(archive, &objects::session(&row)).await?;
        }
        lines.finish(archive).await
    }

    async fn conversations<S: ArchiveSink>(&self, archive: &mut Archive<S>) -> Result<()> {
        let mut lines = Lines::new("conversations");
        for some in archive.asking(self.places()).await?.chunks(limits::EXPORT_ROWS as usize) {
            let stays = membership::Entity::find()
                .find_also_related(conversation::Entity)
                .filter(membership::Column::UserId.eq(self.person))
                .filter(membership::Column::ConversationId.is_in(some.iter().copied()))
                .order_by_asc(membership::Column::ConversationId)
                .order_by_asc(membership::Column::FromPosition);
            for (own, place) in archive.asking(stays.all(&self.app.db.reader)).await? {
                if let Some(place) = place {
                    lines.add(archive, &objects::stay(&own, &place)).await?;
                }
            }
            archive.rest().await?;
        }
        lines.finish(archive).await
    }

    /// All conversations that the person was ever in.
    async fn places(&self) -> Result<Vec<ConversationId>> {
        let places = feed::known_in(&self.app.db.reader, [self.person]).await?;
        let mut places: Vec<ConversationId> = places.into_iter().map(|(_, place)| place).collect();
        places.sort_unstable();
        Ok(places)
    }

    async fn messages<S: ArchiveSink>(&self, archive: &mut Archive<S>) -> Result<()> {
        let mut lines = Lines::new("messages");
        for place in archive.asking(self.places()).await? {
            let row = conversation::Entity::find_by_id(place).one(&self.app.db.reader).await?;
            let Some(row) = row else { continue };
            let mut from = row.first_seq;
            while from <= row.last_seq {
                let upto = from.saturating_add(limits::EXPORT_WINDOW - 1);
                let own = message::Entity::find()
                    .filter(message::Column::ConversationId.eq(place))
                    .filter(message::Column::Seq.between(from, upto))
                    .filter(message::Column::SenderId.eq(self.person))
                    .filter(message::Column::DeletedAt.is_null())
                    .filter(message::Column::SystemLine.is_null())
                    .order_by_asc(message::Column::Seq);
                let own = archive.asking(message::read(own, &self.app.db.reader)).await?;
                // Those of somebody who was erased meanwhile are gone.
                for row in own.iter().filter(|row| row.deleted_at.is_none()) {
                    lines.add(archive, &objects::message(row)).await?;
                }
                archive.rest().await?;
                from = upto.saturating_add(1);
            }
        }
        lines.finish(archive).await
    }

    async fn reactions<S: ArchiveSink>(&self, archive: &mut Archive<S>) -> Result<()> {
        use reaction::Column::{Emoji, MessageId, UserId};
        let mut lines = Lines::new("reactions");
        let mut last: Option<reaction::Model> = None;
        loop {
            let mut rows = reaction::Entity::find().filter(UserId.eq(self.person));
            if let Some(last) = last.take() {
                let place = Expr::tuple([MessageId, Emoji].map(Expr::col));
                rows = rows.filter(place.gt(Expr::tuple([Expr::val(last.message_id), Expr::val(last.emoji)])));
            }
            let rows = rows.order_by_asc(MessageId).order_by_asc(Emoji).limit(limits::EXPORT_REACTIONS);
            let rows = archive.asking(rows.all(&self.app.db.reader)).await?;
            for row in &rows {
                lines.add(archive, &objects::reaction(row)).await?;
            }
            archive.rest().await?;
            last = rows.last().cloned();
            if (rows.len() as u64) < limits::EXPORT_REACTIONS {
                return lines.finish(archive).await;
            }
        }
    }

    async fn mentions<S: ArchiveSink>(&self, archive: &mut Archive<S>) -> Result<()> {
        let (mut lines, mut after) = (Lines::new("mentions"), 0);
        loop {
            let rows = mention::Entity::find()
                .filter(mention::Column::UserId.eq(self.person))
                .filter(mention::Column::Seq.ne(mention::NOT_CALLED))
                .filter(mention::Column::Position.gt(after))
                .order_by_asc(mention::Column::Position)
                .limit(limits::EXPORT_ROWS);
            let rows = archive.asking(rows.all(&self.app.db.reader)).await?;
            for row in &rows {
                lines.add(archive, &objects::mention(row)).await?;
            }
            archive.rest().await?;
            let Some(last) = rows.last() else { return lines.finish(archive).await };
            after = last.position;
        }
    }

    async fn blocks<S: ArchiveSink>(&self, archive: &mut Archive<S>) -> Result<()> {
        let mut lines = Lines::new("blocks");
        let rows = user_block::Entity::find()
            .filter(user_block::Column::BlockerId.eq(self.person))
            .order_by_asc(user_block::Column::BlockedId)
            .limit(limits::BLOCKS_PER_USER);
        for row in archive.asking(rows.all(&self.app.db.reader)).await? {
            lines.add(archive, &objects::block(&row)).await?;
        }
        lines.finish(archive).await
    }

    async fn reports<S: ArchiveSink>(&self, archive: &mut Archive<S>) -> Result<()> {
        let (mut lines, mut after) = (Lines::new("reports"), None::<ReportId>);
        loop {
            let mut rows = report::Entity::find().filter(report::Column::ReporterId.eq(self.person));
            if let Some(after) = after {
                rows = rows.filter(report::Column::Id.gt(after));
            }
            let rows = rows.order_by_asc(report::Column::Id).limit(limits::EXPORT_ROWS);
            let rows = archive.asking(rows.all(&self.app.db.reader)).await?;
            for row in &rows {
                lines.add(archive, &objects::report(row)).await?;
            }
            archive.rest().await?;
            after = rows.last().map(|row| row.id);
            if after.is_none() {
                return lines.finish(archive).await;
            }
        }
    }

    /// The images, and the list of those that were there.
    async fn pictures<S: ArchiveSink>(&self, archive: &mut Archive<S>) -> Result<()> {
        let (mut lines, mut after) = (Lines::new("images"), None::<ImageId>);
        loop {
            let mut rows = image::Entity::find().filter(image::Column::OwnerId.eq(self.person));
            if let Some(after) = after {
                rows = rows.filter(image::Column::Id.gt(after));
            }
            let rows = rows.order_by_asc(image::Column::Id).limit(limits::EXPORT_ROWS);
            let rows = archive.asking(rows.all(&self.app.db.reader)).await?;
            let ids: Vec<ImageId> = rows.iter().map(|row| row.id).collect();
            // Others are kept for the moderators alone: that somebody has reported an image is not its owner's to know.
            let used = archive.asking(images::in_use(&self.app.db.reader, &ids)).await?;
            for row in rows.iter().filter(|row| used.contains(&row.id)) {
                match self.picture(archive, row).await? {
                    ExportedPicture::There(name) => lines.add(archive, &objects::image(row, Some(&name))).await?,
                    ExportedPicture::Lost => lines.add(archive, &objects::image(row, None)).await?,
                    ExportedPicture::Deleted => {}
                }
            }
            archive.rest().await?;
            after = rows.last().map(|row| row.id);
            if after.is_none() {
                return lines.finish(archive).await;
            }
        }
    }

    async fn picture<S: ArchiveSink>(&self, archive: &mut Archive<S>, row: &image::Model) -> Result<ExportedPicture> {
        let width = u32::try_from(row.width).unwrap_or(0);
        let Some(served) = self.images.served(row.id, width).await? else { return Ok(ExportedPicture::Deleted) };
        let mut tries = 1;
        let content = loop {
            match self.images.read(&served, 0..served.bytes).await {
                Err(Error::Unavailable { .. }) if tries < limits::EXPORT_TRIES => archive.pause().await?,
                content => break content?,
            }
            tries += 1;
        };
        match content {
            Some(bytes) => {
                let name = format!("images/{}", served.file_name);
                archive.stream(&name, served.bytes, bytes).await.map(|()| ExportedPicture::There(name))
            }
            // The row went first.
            None if self.images.served(row.id, width).await?.is_none() => Ok(ExportedPicture::Deleted),
            None => {
                tracing::warn!(image.id = %row.id, "the image {} is not in the store: an archive goes without it", row.id);
                Ok(ExportedPicture::Lost)
            }
        }
    }
}

/// What became of an image.
enum ExportedPicture {
    /// It is in this file of the archive.
    There(String),
    /// It was deleted meanwhile.
    Deleted,
    /// It should be in the store, and is not.
    Lost,
}
