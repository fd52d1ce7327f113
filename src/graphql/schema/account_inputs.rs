//! What signing up and in takes, and changing a profile.

use async_graphql::{InputObject, MaybeUndefined};

use crate::graphql::schema::images::ImageInput;

/// A new account.
#[derive(InputObject)]
pub(super) struct SignupInput {
    /// 1 to 80 characters, in any script.
    pub(super) full_name: String,
    /// The e-mail address, which no other account may have. Case is ignored.
    pub(super) email: String,
    /// 6 to 128 characters, unless the server requires more. The 3,000 most common passwords are rejected.
    pub(super) password: String,
}

/// The e-mail address and password of an account.
#[derive(InputObject)]
pub(super) struct LoginInput {
    /// The account's e-mail address.
    pub(super) email: String,
    /// The account's password.
    pub(super) password: String,
}

/// The changes to a profile. Fields that are left out do not change.
#[derive(InputObject)]
pub(super) struct UpdateProfileInput {
    /// 1 to 80 characters, in any script.
    pub(super) full_name: Option<String>,
    /// A new picture; null removes the current one.
    pub(super) profile_pic: MaybeUndefined<ImageInput>,
}
