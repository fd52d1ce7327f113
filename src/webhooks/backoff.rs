//! How long a webhook waits after a failure.

use std::time::Duration;

use crate::limits;

/// The wait after so many failures in a row: from a second, doubled, to an hour. A random half of it is left out, so that
/// receivers that were away together are not called together.
pub(super) fn wait(failures: i32, random: u32) -> Duration {
    let doublings = u32::try_from(failures.saturating_sub(1)).unwrap_or(0).min(20);
    let whole = limits::WEBHOOK_FIRST_WAIT.saturating_mul(1 << doublings).min(limits::WEBHOOK_LONGEST_WAIT);
    // From a half to all of it, and never less than the first wait.
    let part = 0.5 + f64::from(random) / f64::from(u32::MAX) / 2.0;
    whole.mul_f64(part).max(limits::WEBHOOK_FIRST_WAIT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_from_a_second_to_an_hour_with_a_random_part() {
        let seconds = |failures| (wait(failures, 0).as_secs(), wait(failures, u32::MAX).as_secs());
        for (failures, expected) in
            [(0, (1, 1)), (1, (1, 1)), (2, (1, 2)), (4, (4, 8)), (12, (1024, 2048)), (13, (1800, 3600))]
        {
            assert_eq!(seconds(failures), expected, "{failures}");
        }
        for failures in [14, 40, i32::MAX] {
            assert_eq!(seconds(failures), (1800, 3600), "{failures}");
        }
    }
}
