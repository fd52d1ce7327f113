//! For how long a group keeps its messages.

use crate::error::{Error, Result};
use crate::limits;

/// A number of days from 1 to [`limits::RETENTION_DAYS`].
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
