//! What a key may do.

use std::fmt;
use std::str::FromStr;

/// A group of operations that a key may call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyScope {
    /// Making and changing the app's people, ending their sessions, erasing them, and looking them up.
    Users,
}

impl KeyScope {
    const ALL: [Self; 1] = [Self::Users];

    fn name(self) -> &'static str {
        match self {
            Self::Users => "users",
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
#[error("there is no such scope: expected users")]
pub struct UnknownScope;

impl FromStr for KeyScope {
    type Err = UnknownScope;

    fn from_str(text: &str) -> Result<Self, UnknownScope> {
        Self::ALL.into_iter().find(|scope| scope.name() == text).ok_or(UnknownScope)
    }
}

/// The scopes of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct KeyScopes(Vec<KeyScope>);

impl KeyScopes {
    pub(super) fn new(mut scopes: Vec<KeyScope>) -> Self {
        scopes.sort_by_key(|scope| scope.name());
        scopes.dedup();
        Self(scopes)
    }

    /// Reads the column. A scope that a newer version knows gives nothing here.
    pub(super) fn read(column: &str) -> Self {
        Self::new(column.split(',').filter_map(|name| name.parse().ok()).collect())
    }

    pub(super) fn contain(&self, scope: KeyScope) -> bool {
        self.0.contains(&scope)
    }
}

/// As the column has it.
impl fmt::Display for KeyScopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.0.iter().map(|scope| scope.name()).collect();
        f.write_str(&names.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_column_is_read_as_it_was_written_and_unknown_scopes_give_nothing() {
        let scopes = KeyScopes::new(vec![KeyScope::Users, KeyScope::Users]);
        assert_eq!(scopes.to_string(), "users");
        assert_eq!(KeyScopes::read("users"), scopes);
        assert_eq!(KeyScopes::read("everything,users,"), scopes);
        assert!(!KeyScopes::read("").contain(KeyScope::Users));
        assert!(!KeyScopes::read("Users, users").contain(KeyScope::Users), "written by us, so read as it is");
    }
}
