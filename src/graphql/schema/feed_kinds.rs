//! The kinds of events that a client can pick.

use async_graphql::{Enum, InputType, Name, Value};

use crate::error::Error;
use crate::feed::{EventKind, KindSet};
use crate::graphql::error::{Failure, Result};

/// A kind of event of the feed, to subscribe to it alone. More values may be added: clients must tolerate unknown values.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
pub enum FeedEventKind {
    /// MessageAdded.
    MessageAdded,
    /// MessageChanged.
    MessageChanged,
    /// ConversationChanged.
    ConversationChanged,
    /// ReadMarkMoved.
    ReadMarkMoved,
    /// UserChanged.
    UserChanged,
    /// ReactionsChanged.
    ReactionsChanged,
    /// PinsChanged.
    PinsChanged,
    /// MembershipChanged.
    MembershipChanged,
    /// BlockChanged.
    BlockChanged,
    /// HistoryTrimmed.
    HistoryTrimmed,
}

/// The kinds of these names, as in the schema. The error names the one that there is not.
pub fn kinds_named<'a>(names: impl Iterator<Item = &'a str>) -> Result<KindSet, String> {
    let one = |name: &str| {
        let kind = FeedEventKind::parse(Some(Value::Enum(Name::new(name))));
        kind.map_err(|_| format!("there is no kind of events {name}: FeedEventKind in the schema has all"))
    };
    let kinds = names.map(one).collect::<Result<Vec<_>, _>>()?;
    FeedEventKind::set(Some(&kinds)).map_err(|Failure(error)| error.to_string())
}

impl FeedEventKind {
    /// The kinds that a client picked; all of them if it picked none.
    pub(super) fn set(picked: Option<&[Self]>) -> Result<KindSet> {
        match picked {
            None => Ok(KindSet::ALL),
            Some([]) => Err(Failure(Error::input("kinds", "name at least one kind of event, or leave `kinds` out"))),
            Some(kinds) => Ok(kinds.iter().flat_map(|kind| kind.recorded()).copied().collect()),
        }
    }

    /// The kinds of the log that clients see as this one.
    fn recorded(self) -> &'static [EventKind] {
        match self {
            Self::MessageAdded => &[EventKind::MessageAdded],
            Self::MessageChanged => &[EventKind::MessageChanged],
            Self::ConversationChanged => {
                &[EventKind::ConversationAdded, EventKind::ConversationUpdated, EventKind::ConversationRemoved]
            }
            Self::ReadMarkMoved => &[EventKind::ReadMarkMoved],
            Self::UserChanged => &[EventKind::UserChanged],
            Self::ReactionsChanged => &[EventKind::ReactionsChanged],
            Self::PinsChanged => &[EventKind::PinsChanged],
            Self::MembershipChanged => &[EventKind::MembershipChanged],
            Self::BlockChanged => &[EventKind::BlockChanged],
            Self::HistoryTrimmed => &[EventKind::HistoryTrimmed],
        }
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::resolver_utils::EnumType;
    use sea_orm::Iterable;

    use super::FeedEventKind;
    use crate::feed::{EventKind, KindSet};

    #[test]
    fn every_kind_that_clients_see_can_be_picked() {
        let all: Vec<FeedEventKind> = FeedEventKind::items().iter().map(|item| item.value).collect();
        let picked: KindSet = all.iter().flat_map(|kind| kind.recorded()).copied().collect();
        for kind in EventKind::iter() {
            assert_eq!(picked.contains(kind), kind != EventKind::Origin, "{kind:?}");
        }
    }
}
