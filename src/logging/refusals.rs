//! Lines about refusals by rates: one for each rate in ten seconds, which says how many there were. Whoever is refused may try
//! a thousand times a second.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// The shortest time between two lines of one rate.
const PACE: Duration = Duration::from_secs(10);

/// By the names of rates: when the last line was, and how many refusals there were since.
static SINCE: Mutex<Option<HashMap<&'static str, (Instant, u64)>>> = Mutex::new(None);

/// Something was refused by the rate of this name.
pub(crate) fn rate_limited(rate: &'static str, now: Instant) {
    let refused = {
        let mut since = SINCE.lock().unwrap_or_else(PoisonError::into_inner);
        count(since.get_or_insert_default(), rate, now)
    };
    if let Some(refused) = refused {
        tracing::warn!(
            event = "rate.limited",
            rate,
            refused,
            "refused by the rate {rate}: {refused} since the last line"
        );
    }
}

/// How many were refused since the last line, if another one is due.
fn count(since: &mut HashMap<&'static str, (Instant, u64)>, rate: &'static str, now: Instant) -> Option<u64> {
    match since.get_mut(rate) {
        Some((last, refused)) if now.duration_since(*last) < PACE => {
            *refused += 1;
            None
        }
        Some((last, refused)) => {
            *last = now;
            Some(std::mem::take(refused) + 1)
        }
        None => {
            since.insert(rate, (now, 0));
            Some(1)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_refusal_is_logged_and_then_one_line_for_many() {
        let (mut since, began) = (HashMap::new(), Instant::now());
        assert_eq!(count(&mut since, "send", began), Some(1));
        for second in 1..10 {
            assert_eq!(count(&mut since, "send", began + Duration::from_secs(second)), None);
        }
        assert_eq!(count(&mut since, "login", began + PACE), Some(1));
        assert_eq!(count(&mut since, "send", began + PACE), Some(10));
        assert_eq!(count(&mut since, "send", began + PACE), None);
    }
}
