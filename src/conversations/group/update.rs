//! Changing what a group is: its title, its picture, the app's data, and who may write, and how long
//! its messages are kept.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use crate::accounts::Viewer;
use crate::app::App;
use crate::clock::Timestamp;
use crate::conversations::group::{self, Group, GroupActor, GroupStep, Stay, StepOutcome};
use crate::conversations::permission::{ActionPlace, MemberAction, may};
use crate::conversations::system_line::{LineKind, SystemLine};
use crate::conversations::{Reference, Title, find_membership};
use crate::entity::conversation::{self, Kind, Posting};
use crate::error::{Error, Result};
use crate::id::ImageId;
use crate::images::{ImageAttachment, ImageClaims, ImageSource, Images};
use crate::limits;

/// The changes to a group; `None` leaves a field as it is.
#[derive(Default)]
pub struct GroupUpdate {
    /// A new title.
    pub title: Option<Title>,
    /// A new picture, or none.
    pub picture: Option<Option<ImageSource>>,
    /// New data of the app's, or none.
    pub metadata: Option<Option<String>>,
    /// Who may write from now on.
    pub posting: Option<Posting>,
    /// For how many days messages are kept from now on, or none of its own.
    pub retention: Option<Option<RetentionDays>>,
}

/// For how many days a group keeps its messages: from 1 to [`limits::RETENTION_DAYS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetentionDays(i32);

impl RetentionDays {
    /// Accepts a number within the bounds.
    pub fn parse(days: i32) -> Result<Self> {
        match days {
            1..=limits::RETENTION_DAYS => Ok(Self(days)),
            _ => Err(Error::input("retentionDays", "messages are kept for 1 to 3,650 days")),
        }
    }

    /// The number.
    pub fn get(self) -> i32 {
        self.0
    }
}

/// Likewise, with the picture prepared.
pub(super) struct UpdateStep {
    title: Option<Title>,
    picture: Option<Option<ImageAttachment>>,
    metadata: Option<Option<String>>,
    posting: Option<Posting>,
    retention: Option<Option<RetentionDays>>,
}

impl UpdateStep {
    /// What it sets, as the audit log names it.
    pub(super) fn fields(&self) -> Vec<&'static str> {
        let Self { title, picture, metadata, posting, retention } = self;
        let set = [
            ("title", title.is_some()),
            ("picture", picture.is_some()),
            ("metadata", metadata.is_some()),
            ("posting", posting.is_some()),
            ("retention", retention.is_some()),
        ];
        set.into_iter().filter(|(_, is_set)| *is_set).map(|(name, _)| name).collect()
    }

    /// The new picture.
    pub(super) fn picture(&self) -> Option<&ImageAttachment> {
        self.picture.as_ref()?.as_ref()
    }
}

/// Changes a group, for those who may: `Forbidden`. What is the same already changes nothing. An image belongs to a person,
/// so a key sets none: `Forbidden`. `NotFound` for a direct conversation.
pub async fn update(
    app: &App,
    images: &Images,
    by: GroupActor<'_>,
    update: GroupUpdate,
) -> Result<conversation::Model> {
    let GroupUpdate { title, picture, metadata, posting, retention } = update;
    let prepared = match (&picture, by) {
        (Some(Some(source)), GroupActor::Member(member)) => {
            // Preparing an image takes seconds, so a change that the writer will reject is rejected first.
            if member.conversation().kind != Kind::Group {
                return Err(Error::NotFound);
            }
            if !may(member.standing(), MemberAction::Update, ActionPlace::of_group(member.conversation())) {
                return Err(Error::Forbidden);
            }
            Some(images.prepare(member.viewer(), source).await?)
        }
        (Some(Some(_)), GroupActor::Key(..) | GroupActor::Operator(..)) => return Err(Error::Forbidden),
        (Some(None) | None, _) => None,
    };
    let picture = picture.map(|_| prepared.as_deref().cloned());
    let step = UpdateStep { title, picture, metadata, posting, retention };
    let changed = group::change(app, by, GroupStep::Update(step)).await?;
    if let Some(prepared) = prepared {
        prepared.attached();
    }
    // The previous picture.
    images.delete_soon();
    Ok(changed)
}

/// `own` is the membership of who asks, unless that is a key.
pub(super) fn plan(
    group: &mut Group,
    own: Option<&Stay>,
    step: &UpdateStep,
    claims: &mut ImageClaims,
    now: Timestamp,
) -> Result<StepOutcome> {
    if !may(group::standing(own), MemberAction::Update, ActionPlace::of_group(&group.row)) {
        return Err(Error::Forbidden);
    }
    let row = &mut group.row;
    let mut outcome = StepOutcome::default();
    // First, as nothing may be recorded of a change that is refused.
    if let Some(picture) = step.picture() {
        claims.take(picture)?;
    }
    let before = row.clone();
    if let Some(title) = &step.title
        && row.title.as_deref() != Some(title.as_str())
    {
        row.title = Some(title.as_str().to_owned());
        outcome.lines.push(SystemLine::of(LineKind::TitleChanged).with_title(title));
    }
    if let Some(picture) = &step.picture
        && row.picture_id != picture.as_ref().map(ImageAttachment::id)
    {
        outcome.lost = std::mem::replace(&mut row.picture_id, picture.as_ref().map(ImageAttachment::id));
        outcome.picture.clone_from(picture);
        outcome.lines.push(SystemLine::of(LineKind::PictureChanged));
    }
    if let Some(metadata) = &step.metadata {
        row.metadata.clone_from(metadata);
    }
    if let Some(posting) = step.posting {
        row.posting = posting;
    }
    if let Some(retention) = step.retention {
        row.retention_days = retention.map(RetentionDays::get);
    }
    if *row != before {
        row.updated_at = now;
        outcome.events.push(group::updated_event(row.id, own.map(|own| own.user)));
    }
    Ok(outcome)
}

/// Whether an image is the picture of a group that the viewer is in.
pub async fn shows_picture(app: &App, viewer: &Viewer, image: ImageId) -> Result<bool> {
    let with_it = conversation::Entity::find().filter(conversation::Column::PictureId.eq(image));
    match with_it.one(&app.db.reader).await? {
        Some(group) => Ok(find_membership(app, viewer, Reference::Id(group.id)).await?.is_some()),
        None => Ok(false),
    }
}
