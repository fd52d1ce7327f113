//! What a key may do.

use std::fmt;
use std::str::FromStr;

/// A group of operations that a key may call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyScope {
    /// Acting in the place of people.
    ActAs,
    /// Groups: making them, their titles and members.
    Conversations,
    /// Messages: reading and deleting them.
    Messages,
    /// Making and changing the app's people, ending their sessions, erasing them, and looking them up.
    Users,
}

impl KeyScope {
    /// All of them, in the order of their names.
    pub const ALL: [Self; 4] = [Self::ActAs, Self::Conversations, Self::Messages, Self::Users];

    /// As the column has it, and who makes a key writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::ActAs => "act-as",
            Self::Conversations => "conversations",
            Self::Messages => "messages",
            Self::Users => "users",
        }
    }

    fn bit(self) -> u8 {
        match self {
            Self::ActAs => 1,
            Self::Conversations => 2,
            Self::Messages => 4,
            Self::Users => 8,
        }
    }
}

impl fmt::Display for KeyScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A name that no scope has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no such scope: expected users, conversations, messages or act-as")]
pub struct UnknownScope;

impl FromStr for KeyScope {
    type Err = UnknownScope;

    fn from_str(text: &str) -> Result<Self, UnknownScope> {
        Self::ALL.into_iter().find(|scope| scope.name() == text).ok_or(UnknownScope)
    }
}

/// The scopes of a key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct KeyScopes(u8);

impl KeyScopes {
    pub(super) fn new(scopes: impl IntoIterator<Item = KeyScope>) -> Self {
        Self(scopes.into_iter().fold(0, |all, scope| all | scope.bit()))
    }

    /// Reads the column. A scope that a newer version knows gives nothing here.
    pub(super) fn read(column: &str) -> Self {
        Self::new(column.split(',').filter_map(|name| name.parse().ok()))
    }

    pub(super) fn contain(self, scope: KeyScope) -> bool {
        self.0 & scope.bit() != 0
    }
}

/// As the column has it.
impl fmt::Display for KeyScopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> =
            KeyScope::ALL.into_iter().filter(|scope| self.contain(*scope)).map(KeyScope::name).collect();
        f.write_str(&names.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_column_is_read_as_it_was_written_and_unknown_scopes_give_nothing() {
        let scopes = KeyScopes::new([KeyScope::Users, KeyScope::ActAs, KeyScope::Users]);
        assert_eq!(scopes.to_string(), "act-as,users");
        assert_eq!(KeyScopes::read("act-as,users"), scopes);
        assert_eq!(KeyScopes::read("everything,users,act-as,"), scopes);
        assert_eq!(KeyScopes::new(KeyScope::ALL).to_string(), "act-as,conversations,messages,users");
        assert!(!KeyScopes::read("").contain(KeyScope::Users));
        assert!(!KeyScopes::read("Users, users").contain(KeyScope::Users), "written by us, so read as it is");
    }
}
