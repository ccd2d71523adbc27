//! Accounts that cannot be traded as they are set up.

use super::*;
use crate::rest::{Failure, Unfit};
use base::Rate;
use telemetry::{Counter, NoticeCode};
use venue::Outcome;

/// Nothing is known of the account yet.
fn unasked(venue: VenueId) -> World {
    World::unasked(venue, 1_024, Settings::default(), "secret")
}

/// Answers what is asked about the account, and does all else that waits.
fn answer(world: &mut World, news: &[News]) {
    let jobs = world.raw_jobs();
    let about = jobs.iter().filter(|job| job.task == Task::Account).count();
    assert_eq!(about, 1, "{}", world.venue);
    for job in jobs {
        match job.task {
            Task::Account => news.iter().for_each(|news| world.reply(job, *news)),
            _ => world.finish(job),
        }
    }
    world.step();
}

/// Everything connected and reconciled, with this found of the account.
fn up_with(venue: VenueId, unfit: Option<Unfit>) -> World {
    let mut world = unasked(venue);
    let found = unfit.map(News::Unfit).into_iter().chain([News::Done]).collect::<Vec<_>>();
    answer(&mut world, &found);
    world.connect();
    world.finish_jobs();
    world.step();
    world
}

fn told(world: &mut World) -> Vec<NoticeCode> {
    std::iter::from_fn(|| world.notices.pop()).map(|notice| notice.code).collect()
}

fn armed(inputs: &[Input]) -> bool {
    inputs.iter().any(|input| matches!(input, Input::SessionState(state) if state.orders))
}

#[test]
fn an_unfit_account_is_never_armed_and_is_named() {
    let cases = [
        (Unfit::Hedged, NoticeCode::AccountHedged, Counter::AccountsHedged),
        (Unfit::Level(1), NoticeCode::AccountLevel, Counter::AccountsLevel),
        (Unfit::NoTrading, NoticeCode::AccountNoTrading, Counter::AccountsNoTrading),
    ];
    for (venue, _) in VENUES {
        for (unfit, code, gauge) in cases {
            let mut world = up_with(venue, Some(unfit));
            assert!(!armed(&world.inputs()), "{venue} {unfit:?}");
            assert!(told(&mut world).contains(&code), "{venue} {unfit:?}");
            assert_eq!(world.stage.page.get(gauge), 1, "{venue} {unfit:?}");
            world.take_sent();
            let order = world.place(Style::Limit);
            assert_eq!(rejects(&world.inputs()), [(order, RejectClass::Auth, 0)], "{venue}");
            assert_eq!(world.take_sent(), [] as [Value; 0], "{venue}");
        }
    }
}

#[test]
fn an_account_that_was_put_right_is_armed_without_a_restart() {
    let mut world = up_with(VenueId::Bybit, Some(Unfit::Hedged));
    world.inputs();
    for _ in 0..31 {
        world.tell(r#"{"op":"pong"}"#);
        world.push(r#"{"op":"pong"}"#);
        world.advance(Span::from_secs(1));
        world.step();
    }
    let asked = world.raw_jobs().into_iter().find(|job| job.task == Task::Account);
    world.finish(asked.expect("asked again after half a minute"));
    world.step();
    world.step();
    assert!(armed(&world.inputs()));
    assert!(told(&mut world).contains(&NoticeCode::AccountFit));
    assert_eq!(world.stage.page.get(Counter::AccountsHedged), 0);
}

#[test]
fn an_account_nobody_could_ask_about_is_unknown_and_not_armed() {
    for (venue, _) in VENUES {
        let mut world = unasked(venue);
        let (outcome, class) = (Outcome::Unknown, RejectClass::Unavailable);
        let failure = Failure { outcome, class, status: 0, code: 0, retry_after_ms: 0 };
        answer(&mut world, &[News::Failed(failure)]);
        world.inputs();
        world.pass(Span::from_millis(2_010));
        let again = world.raw_jobs().iter().any(|job| job.task == Task::Account);
        assert!(again && !armed(&world.inputs()), "{venue}");
    }
}

#[test]
fn fees_other_than_the_configured_are_told_and_nothing_more() {
    let mut world = up_with(VenueId::Okx, None);
    let job = Job { task: Task::Fees, tag: 0, step: 0, offset_ns: 0 };
    told(&mut world);
    let instrument = world.instrument;
    world.reply(job, News::Fees { instrument, maker: Rate(0), taker: Rate(0) });
    world.step();
    assert_eq!(told(&mut world), [], "as configured");
    world.reply(job, News::Fees { instrument, maker: Rate(0), taker: Rate(500_000_000) });
    world.step();
    assert_eq!(told(&mut world), [NoticeCode::FeesDiffer]);
    world.take_sent();
    world.place(Style::Limit);
    assert_eq!(world.take_sent().len(), 1);
}
