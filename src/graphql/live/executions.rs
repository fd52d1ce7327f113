//! Turns and CPU budgets for the executions of subscriptions.
//!
//! An event whose frame is not cached is executed. Each execution is charged to one user, whose subscription needs it,
//! by the processor time it takes; waiting for the database is free. A user has one execution at a time. A user over
//! budget waits in their own queue until the budget has refilled: their events arrive later, in order, and their
//! sockets fall behind like those of slow readers.
//!
//! A frame for many is charged to the first user who needs it and has budget. So a shape that many users share costs
//! them one execution per event in all, and no one waits for a user over budget. A shape that only one user has (an
//! alias is enough) is always charged to that user. Cached frames cost nothing and wait for nothing.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use moka::sync::Cache;
use rustix::time::{ClockId, clock_gettime};

use crate::clock;
use crate::config::Config;
use crate::id::UserId;
use crate::limits;
use crate::turns::{FairTurns, LineFull, OwnTurn, Turn};

/// The queue of executions and the budgets of all users.
pub(in crate::graphql) struct ExecutionTurns {
    turns: FairTurns<UserId>,
    /// `None` if rate limits are off.
    budget: Option<TimeBudget>,
}

/// The turn for one execution, which is charged to a user.
pub(in crate::graphql) struct ExecutionTurn<'a> {
    // Dropped in this order: the turn ends after its time was charged.
    charge: Charge<'a>,
    _turn: Turn<UserId>,
}

/// Measures work and charges it to a user.
pub(in crate::graphql) struct Charge<'a> {
    executions: &'a ExecutionTurns,
    user: UserId,
    spent: Duration,
}

impl ExecutionTurns {
    pub(in crate::graphql) fn new(config: &Config) -> Self {
        let bounds = limits::EXECUTIONS;
        let (bounds, budget) = match config.rate_limits {
            true => (bounds, Some(TimeBudget::new(limits::EXECUTION_TIME))),
            false => (bounds.without_shares(), None),
        };
        Self { turns: FairTurns::new(bounds), budget }
    }

    /// Waits until this user may execute something: until their previous execution has ended, they are within budget,
    /// and it is their turn.
    pub(in crate::graphql) async fn turn(&self, user: UserId) -> Result<ExecutionTurn<'_>, LineFull> {
        let own = self.turns.line_up(&user).await?;
        // In a loop, as a new subscription may have been charged meanwhile.
        while let Some(wait) = self.overspent(user) {
            tokio::time::sleep(wait).await;
        }
        Ok(self.begin(user, own).await)
    }

    /// The same for a frame that others need, who must not wait for this user: `None` if the user has an execution
    /// running or is over budget. It waits only for the turn among others.
    pub(in crate::graphql) async fn turn_if_free(&self, user: UserId) -> Option<ExecutionTurn<'_>> {
        let own = self.turns.try_line_up(&user)?;
        match self.overspent(user) {
            Some(_) => None,
            None => Some(self.begin(user, own).await),
        }
    }

    /// Waits until the user is within budget. It takes no turn, as it is for short work that does not wait.
    pub(in crate::graphql) async fn charge(&self, user: UserId) -> Charge<'_> {
        while let Some(wait) = self.overspent(user) {
            // Many may wait here and the first spends the budget: the minimum keeps them from all retrying at once.
            tokio::time::sleep(wait.max(FILLS_IN / 4)).await;
        }
        self.charge_to(user)
    }

    async fn begin(&self, user: UserId, own: OwnTurn<UserId>) -> ExecutionTurn<'_> {
        ExecutionTurn { _turn: own.begin().await, charge: self.charge_to(user) }
    }

    fn charge_to(&self, user: UserId) -> Charge<'_> {
        Charge { executions: self, user, spent: Duration::ZERO }
    }

    fn overspent(&self, user: UserId) -> Option<Duration> {
        self.budget.as_ref()?.overspent(user)
    }
}

impl ExecutionTurn<'_> {
    /// Runs the work and charges its processor time.
    pub(in crate::graphql) async fn run<T>(self, work: impl Future<Output = T>) -> T {
        let Self { charge, _turn } = self;
        charge.run(work).await
    }
}

impl Charge<'_> {
    /// Runs the work and charges its processor time.
    pub(in crate::graphql) async fn run<T>(mut self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        poll_fn(|cx| {
            let began = processor_time();
            let polled = work.as_mut().poll(cx);
            self.spent += processor_time().saturating_sub(began);
            polled
        })
        .await
    }
}

impl Drop for Charge<'_> {
    /// Charges the time, also of an execution that was cancelled.
    fn drop(&mut self) {
        if let Some(budget) = &self.executions.budget {
            budget.spend(self.user, self.spent);
        }
    }
}

/// The processor time of this thread, which other load on the machine does not change.
fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    // It begins at zero and only grows.
    time.try_into().unwrap_or_default()
}

/// A budget of processor time for each user: a share of every second, which is also the burst. It is the generic cell
/// rate algorithm, as in `rates`, but charged afterwards, as the time is not known before.
struct TimeBudget {
    per_second: Duration,
    began: Instant,
    /// When each user's budget is full again, in nanoseconds since `began`.
    full_at: Cache<UserId, Arc<AtomicU64>>,
}

/// The time in which an empty budget refills.
const FILLS_IN: Duration = Duration::from_secs(1);
/// Users whose budgets are remembered.
const PEOPLE: u64 = 100_000;

impl TimeBudget {
    fn new(per_second: Duration) -> Self {
        // Longer than a user can be over budget, as an execution ends with the time limit of a request.
        let idle = limits::REQUEST * 10;
        let full_at = Cache::builder().max_capacity(PEOPLE).time_to_idle(idle).build();
        Self { per_second, began: clock::instant().into_std(), full_at }
    }

    /// How long the user has to wait to be within budget; `None` if they are.
    fn overspent(&self, user: UserId) -> Option<Duration> {
        self.overspent_at(user, self.began.elapsed())
    }

    fn spend(&self, user: UserId, time: Duration) {
        self.spend_at(user, time, self.began.elapsed());
    }

    fn overspent_at(&self, user: UserId, now: Duration) -> Option<Duration> {
        let full_at = Duration::from_nanos(self.full_at.get(&user)?.load(Ordering::Relaxed));
        full_at.checked_sub(now + FILLS_IN).filter(|wait| !wait.is_zero())
    }

    fn spend_at(&self, user: UserId, time: Duration, now: Duration) {
        let fills_in = FILLS_IN.mul_f64(time.div_duration_f64(self.per_second));
        let later = |full_at| Some(nanoseconds(Duration::from_nanos(full_at).max(now) + fills_in));
        // It cannot fail, as the closure always returns a value.
        let _ = self.full_at.get_with(user, Arc::default).fetch_update(Ordering::Relaxed, Ordering::Relaxed, later);
    }
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn executions(settings: &'static str) -> ExecutionTurns {
        let config = Config::from_lookup(|name| (name == "RATE_LIMITS").then(|| settings.to_owned()));
        ExecutionTurns::new(&config.expect("good settings"))
    }

    #[test]
    fn a_budget_can_be_spent_at_once_and_refills_within_a_second() {
        let budget = TimeBudget::new(MS * 250);
        let (ada, bob) = (UserId::new(), UserId::new());
        let at = MS * 10_000;
        budget.spend_at(ada, MS * 200, at);
        budget.spend_at(ada, MS * 50, at);
        assert_eq!(budget.overspent_at(ada, at), None);

        budget.spend_at(ada, MS * 25, at);

        assert_eq!(budget.overspent_at(ada, at), Some(MS * 100));
        assert_eq!(budget.overspent_at(bob, at), None);
        assert_eq!(budget.overspent_at(ada, at + MS * 60), Some(MS * 40));
        assert_eq!(budget.overspent_at(ada, at + MS * 100), None);
        // It does not grow beyond that.
        budget.spend_at(ada, MS * 260, at + MS * 60_000);
        assert_eq!(budget.overspent_at(ada, at + MS * 60_000), Some(MS * 40));
    }

    #[tokio::test]
    async fn an_execution_is_charged_its_processor_time() {
        let executions = executions("on");
        let ada = UserId::new();
        let spent = || {
            let full_at = executions.budget.as_ref().and_then(|budget| budget.full_at.get(&ada));
            full_at.map_or(0, |full_at| full_at.load(Ordering::Relaxed))
        };
        let turn = executions.turn(ada).await.expect("room in the line");
        let before = nanoseconds(executions.budget.as_ref().expect("a budget").began.elapsed());
        turn.run(tokio::time::sleep(MS * 300)).await;
        // Four times the processor time, which is far less than the sleep.
        assert!(spent() < before + nanoseconds(MS * 600), "what it waited for was charged");

        let busy = async {
            let began = processor_time();
            while processor_time() - began < MS * 300 {}
        };
        executions.charge(ada).await.run(busy).await;
        assert!(executions.turn_if_free(ada).await.is_none(), "nothing was charged");
        assert!(executions.turn_if_free(UserId::new()).await.is_some());
    }

    #[tokio::test]
    async fn a_cancelled_execution_is_charged_and_releases_its_turn() {
        let executions = executions("on");
        let ada = UserId::new();
        let endless = async {
            let began = processor_time();
            while processor_time() - began < MS * 300 {}
            std::future::pending::<()>().await;
        };
        let turn = executions.turn(ada).await.expect("room in the line");
        assert!(executions.turn_if_free(ada).await.is_none(), "one at a time");
        tokio::time::timeout(MS, turn.run(endless)).await.expect_err("it has no end");

        assert!(executions.overspent(ada).is_some());
        executions.turn(ada).await.expect("room in the line");
    }

    #[tokio::test]
    async fn without_limits_nobody_waits() {
        let executions = executions("off");
        let ada = UserId::new();
        let first = executions.turn(ada).await;
        let second = executions.turn_if_free(ada).await;
        assert!(first.is_ok() && second.is_some());
        assert!(executions.overspent(ada).is_none());
    }
}
