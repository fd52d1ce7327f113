//! The ids of members. A member is a person in a conversation and has no id of its own: it is computed from the two.
//!
//! ```text
//!  60 bits of HMAC(conversation) │ 62 bits of HMAC(conversation, person)      as a UUIDv8 (RFC 9562, 5.8)
//! ```
//!
//! So it is the same whenever somebody asks, and can be found again: the first part names one of the viewer's
//! conversations, the second one of its members. The key is the database's, so that nobody can make two members with one id.

use sea_orm::{ColumnTrait, QueryFilter, QuerySelect};
use uuid::{Builder, Uuid};

use crate::accounts::Viewer;
use crate::app::App;
use crate::conversations::membership::{current_rows, member};
use crate::entity::{membership, user};
use crate::error::Result;
use crate::feed::CursorSeal;
use crate::id::{ConversationId, UserId};

/// The id of a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemberId(Uuid);

/// What is hashed, so that nothing else that is made with the key is the same.
const KIND: u8 = b'i';
/// The bits of the conversation: all before the variant, but for the version.
const OF_CONVERSATION: u128 = 0xffff_ffff_ffff_0fff << 64;

impl MemberId {
    /// The id of this person in this conversation.
    pub fn of(seal: &CursorSeal, conversation: ConversationId, user: UserId) -> Self {
        let own = seal.digest(KIND, &[conversation.as_bytes().as_slice(), user.as_bytes()].concat());
        let bits =
            (Self::bits_of(seal, conversation) & OF_CONVERSATION) | (u128::from_be_bytes(own) & !OF_CONVERSATION);
        Self(Builder::from_custom_bytes(bits.to_be_bytes()).into_uuid())
    }

    /// Reads an id; `None` if it is not one of a member.
    pub fn parse(text: &str) -> Option<Self> {
        let id = Uuid::try_parse(text).ok()?;
        (id.get_version_num() == 8 && id.hyphenated().to_string().eq_ignore_ascii_case(text)).then_some(Self(id))
    }

    fn is_in(self, seal: &CursorSeal, conversation: ConversationId) -> bool {
        (self.0.as_u128() ^ Self::bits_of(seal, conversation)) & OF_CONVERSATION == 0
    }

    fn bits_of(seal: &CursorSeal, conversation: ConversationId) -> u128 {
        u128::from_be_bytes(seal.digest(KIND, conversation.as_bytes()))
    }
}

impl std::fmt::Display for MemberId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// The member with this id, if the viewer is in the same conversation.
pub async fn find_member(app: &App, viewer: &Viewer, id: MemberId) -> Result<Option<(membership::Model, user::Model)>> {
    let seal = app.feed.seal();
    let mine = current_rows()
        .select_only()
        .column(membership::Column::ConversationId)
        .filter(membership::Column::UserId.eq(viewer.user()))
        .into_tuple::<ConversationId>();
    let mine = mine.all(&app.db.reader).await?;
    let Some(here) = mine.into_iter().find(|conversation| id.is_in(seal, *conversation)) else { return Ok(None) };
    let members = current_rows()
        .select_only()
        .column(membership::Column::UserId)
        .filter(membership::Column::ConversationId.eq(here))
        .into_tuple::<UserId>();
    let members = members.all(&app.db.reader).await?;
    match members.into_iter().find(|user| MemberId::of(seal, here, *user) == id) {
        Some(user) => member(app, here, user).await,
        None => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_of_one_person_in_one_conversation() {
        let seal = CursorSeal::for_tests();
        let ([tea, coffee], [ada, bob]) = ([(); 2].map(|()| ConversationId::new()), [(); 2].map(|()| UserId::new()));
        let id = MemberId::of(&seal, tea, ada);
        assert_eq!(id, MemberId::of(&seal, tea, ada));
        assert_eq!(id.0.get_version_num(), 8);
        assert_eq!(id.0.get_variant(), uuid::Variant::RFC4122);
        assert!(id.is_in(&seal, tea) && !id.is_in(&seal, coffee));
        for other in [MemberId::of(&seal, tea, bob), MemberId::of(&seal, coffee, ada)] {
            assert_ne!(id, other);
        }
        assert_eq!(MemberId::parse(&id.to_string().to_uppercase()), Some(id));
        for other in [ada.to_string(), id.to_string().replace('-', ""), String::new()] {
            assert_eq!(MemberId::parse(&other), None, "{other}");
        }
    }
}
