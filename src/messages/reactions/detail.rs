//! What an event says of the reactions that changed: its `detail` in the log.

use std::sync::Arc;

use crate::id::UserId;

/// Somebody reacted with an emoji, or does no longer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReactionStep {
    /// Who.
    pub user: UserId,
    /// With what.
    pub emoji: String,
    /// Whether the reaction was added; else it was taken back.
    pub adds: bool,
}

/// As the log keeps them.
pub(super) fn to_detail(steps: &[ReactionStep]) -> Option<Arc<str>> {
    let steps: Vec<(String, &str, bool)> =
        steps.iter().map(|step| (step.user.to_string(), step.emoji.as_str(), step.adds)).collect();
    serde_json::to_string(&steps).ok().map(Arc::from)
}

/// The changes of an event, oldest first.
pub fn reaction_steps(detail: Option<&str>) -> Vec<ReactionStep> {
    // Written above only; a damaged row shows none.
    let steps = detail.and_then(|json| serde_json::from_str::<Vec<(String, String, bool)>>(json).ok());
    let step =
        |(user, emoji, adds): (String, String, bool)| Some(ReactionStep { user: UserId::parse(&user)?, emoji, adds });
    steps.unwrap_or_default().into_iter().filter_map(step).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_gives_back_what_changed() {
        let step = |emoji: &str, adds| ReactionStep { user: UserId::new(), emoji: emoji.to_owned(), adds };
        let steps = [step("👍", true), step(":+1:", false)];
        let detail = to_detail(&steps);
        assert_eq!(reaction_steps(detail.as_deref()), steps);
        assert_eq!((reaction_steps(None), reaction_steps(Some("junk"))), (Vec::new(), Vec::new()));
    }
}
