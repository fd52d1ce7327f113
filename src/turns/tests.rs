use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use super::*;

const BOUNDS: TurnBounds = TurnBounds { at_once: 3, at_once_per_person: 2, waiting: 100, waiting_per_person: 50 };

/// Somebody who waits for a turn.
type Waiting = Pin<Box<dyn Future<Output = Result<Turn<char>, LineFull>>>>;

fn wait(turns: &FairTurns<char>, person: char) -> Waiting {
    let turns = turns.clone();
    let mut waiting: Waiting = Box::pin(async move { turns.enter(&person).await });
    assert!(poll(&mut waiting).is_none(), "it has a turn at once");
    waiting
}

fn poll(waiting: &mut Waiting) -> Option<Result<Turn<char>, LineFull>> {
    match waiting.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(entered) => Some(entered),
        Poll::Pending => None,
    }
}

fn enter(turns: &FairTurns<char>, person: char) -> Turn<char> {
    let turns = turns.clone();
    let mut waiting: Waiting = Box::pin(async move { turns.enter(&person).await });
    poll(&mut waiting).expect("a turn at once").expect("room in the line")
}

/// Whether no jobs are counted and all places are free.
fn is_idle(turns: &FairTurns<char>) -> bool {
    let jobs = turns.0.lock();
    jobs.count == 0 && jobs.by_person.is_empty() && turns.0.all.available_permits() == turns.0.bounds.at_once
}

#[test]
fn one_person_is_limited_to_their_share_and_another_enters_at_once() {
    let turns = FairTurns::new(BOUNDS);
    let (first, _second) = (enter(&turns, 'a'), enter(&turns, 'a'));
    let mut third = wait(&turns, 'a');

    drop(enter(&turns, 'b'));
    assert!(poll(&mut third).is_none());

    drop(first);
    assert!(poll(&mut third).is_some());
}

#[test]
fn people_take_turns_however_many_jobs_one_of_them_has() {
    let turns = FairTurns::new(TurnBounds { at_once: 1, at_once_per_person: 1, ..BOUNDS });
    let mut at_work = Some(enter(&turns, 'a'));
    let mut waiting: Vec<(char, Waiting)> = "aaaaaaaabbc".chars().map(|who| (who, wait(&turns, who))).collect();

    let mut order = String::new();
    while !waiting.is_empty() {
        drop(at_work.take());
        // Twice: a job that gets one of its own places then has to wait for one of all places.
        for _ in 0..2 {
            waiting.retain_mut(|(who, waiting)| match poll(waiting) {
                Some(entered) => {
                    at_work = entered.ok();
                    order.push(*who);
                    false
                }
                None => true,
            });
        }
    }

    assert_eq!(order, "bcabaaaaaaa");
}

#[test]
fn a_dropped_job_leaves_the_queue() {
    let turns = FairTurns::new(BOUNDS);
    let at_work = [enter(&turns, 'a'), enter(&turns, 'a'), enter(&turns, 'b')];
    // One waits among their own, one among all.
    let (own, all) = (wait(&turns, 'a'), wait(&turns, 'b'));
    let mut patient = wait(&turns, 'c');

    drop((own, all, at_work));

    drop(poll(&mut patient).expect("no one is before them"));
    drop(patient);
    assert!(is_idle(&turns));
}

#[test]
fn a_granted_turn_that_is_dropped_goes_to_the_next() {
    let turns = FairTurns::new(TurnBounds { at_once: 1, ..BOUNDS });
    let at_work = enter(&turns, 'a');
    let (granted, mut next) = (wait(&turns, 'b'), wait(&turns, 'c'));

    drop(at_work);
    drop(granted);

    assert!(poll(&mut next).is_some());
}

#[test]
fn a_job_beyond_the_bounds_is_refused() {
    let turns = FairTurns::new(TurnBounds { at_once: 2, at_once_per_person: 1, waiting: 3, waiting_per_person: 2 });
    let full = |person: char| {
        let turns = turns.clone();
        let mut waiting: Waiting = Box::pin(async move { turns.enter(&person).await });
        poll(&mut waiting).is_some_and(|entered| entered.is_err())
    };
    let at_work = (enter(&turns, 'a'), enter(&turns, 'b'));
    let waiting = (wait(&turns, 'a'), wait(&turns, 'a'));
    assert!(full('a'), "too many of one person");

    let last = wait(&turns, 'c');
    assert!(full('d'), "too many in all");

    drop((at_work, waiting, last));
    assert!(is_idle(&turns));
}

#[test]
fn an_own_turn_that_has_not_begun_does_not_delay_others() {
    let turns = FairTurns::new(TurnBounds { at_once: 1, at_once_per_person: 1, ..BOUNDS });
    let own = turns.try_line_up(&'a').expect("a place of their own");
    assert!(turns.try_line_up(&'a').is_none(), "they have one");

    drop(enter(&turns, 'b'));

    let mut beginning: Pin<Box<dyn Future<Output = Turn<char>>>> = Box::pin(own.begin());
    let Poll::Ready(turn) = beginning.as_mut().poll(&mut Context::from_waker(Waker::noop())) else {
        panic!("no one else is waiting");
    };
    drop((turn, beginning));
    assert!(is_idle(&turns));
}

#[test]
fn without_shares_one_person_may_have_all_turns() {
    let turns = FairTurns::new(BOUNDS.without_shares());
    let _at_work = [enter(&turns, 'a'), enter(&turns, 'a'), enter(&turns, 'a')];
    drop(wait(&turns, 'a'));
}
