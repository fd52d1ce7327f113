//! A request on its way through the API: its document if it has only the hash, what the guard says of it, how long it may take, and
//! what is left of it for the log and for the session's cookie.

mod answer_time;
mod operation_note;
mod persisted;
mod prepare;
mod session_effect;

pub use answer_time::AnswerTime;
pub use operation_note::OperationNote;
pub(super) use persisted::PersistedDocuments;
pub(super) use prepare::{OperationKind, PreparedOperation};
pub use session_effect::SessionEffect;
pub(super) use session_effect::SessionEffects;
