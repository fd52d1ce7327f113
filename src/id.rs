//! Ids: UUIDv7 (RFC 9562), a type for each kind of thing, so that they can't be swapped.

use sea_orm::{DbErr, DeriveValueType, TryFromU64};
use uuid::{Uuid, Variant};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, DeriveValueType)]
        pub struct $name(Uuid);

        impl $name {
            /// A new id, later in order than those made before it in this process.
            #[expect(clippy::new_without_default, reason = "two calls give two ids: not a default")]
            pub fn new() -> Self {
                Self(Uuid::now_v7())
            }

            /// Takes the form of a UUIDv7 with hyphens, in lower or upper case; anything else names nothing.
            pub fn parse(text: &str) -> Option<Self> {
                parse_hyphenated(text).map(Self)
            }

            /// The id's sixteen bytes.
            pub fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }

        impl From<$name> for Uuid {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        // SeaORM asks this of every primary key; it is called only for keys that the database counts up.
        impl TryFromU64 for $name {
            fn try_from_u64(_: u64) -> Result<Self, DbErr> {
                Err(DbErr::ConvertFromU64(stringify!($name)))
            }
        }
    };
}

id!(
    /// A person with an account.
    UserId
);
id!(
    /// A signed-in device.
    SessionId
);
id!(
    /// A direct conversation or a group.
    ConversationId
);
id!(
    /// A message; its sender's client may have chosen it.
    MessageId
);

id!(
    /// An image.
    ImageId
);
id!(
    /// A key of an app's backend.
    KeyId
);
id!(
    /// An entry of the audit log.
    AuditId
);
id!(
    /// Something that was reported.
    ReportId
);
id!(
    /// A slot for the bytes of an image, before it is sent.
    UploadId
);
id!(
    /// An archive of somebody's own data.
    ExportId
);
id!(
    /// A subscription whose events are POSTed.
    WebhookId
);

/// Ids are written in lower case, but Swift and many databases write UUIDs in upper case (RFC 9562, 4: either is read).
fn parse_hyphenated(text: &str) -> Option<Uuid> {
    let id = Uuid::try_parse(text).ok()?;
    let hyphenated = text.eq_ignore_ascii_case(id.hyphenated().encode_lower(&mut Uuid::encode_buffer()));
    (hyphenated && id.get_version_num() == 7 && id.get_variant() == Variant::RFC4122).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_hyphenated_form_of_a_version_7_is_an_id_in_either_case() {
        let id = MessageId::new();
        assert_eq!(MessageId::parse(&id.to_string()), Some(id));
        let upper = id.to_string().to_uppercase();
        assert_eq!(MessageId::parse(&upper), Some(id));
        assert_eq!(MessageId::parse(&format!("{{{upper}}}")), None);
        assert_eq!(MessageId::parse(&format!("urn:uuid:{id}")), None);
        assert_eq!(MessageId::parse(&id.to_string().replace('-', "")), None);
        for other in [
            "",
            "1",
            "00000000-0000-0000-0000-000000000000",
            "ffffffff-ffff-ffff-ffff-ffffffffffff",
            "936da01f-9abd-4d9d-80c7-02af85c822a8",
        ] {
            assert_eq!(MessageId::parse(other), None, "{other}");
        }
    }
}
