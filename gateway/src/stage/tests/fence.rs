//! The fence: while it is shut nothing leaves that could change an order.

use super::*;

/// What of it would change an order.
fn changes(world: &mut World) -> Vec<String> {
    let sent: Vec<_> = world.take_sent().iter().map(ToString::to_string).collect();
    let words = ["order.place", "order.create", "\"op\":\"order\"", "ancel"];
    let by_socket = sent.into_iter().filter(|text| words.iter().any(|word| text.contains(word)));
    let mut all: Vec<_> = by_socket.collect();
    let jobs = world.jobs();
    let by_rest = jobs.into_iter().filter(|job| job.task.changes_orders());
    all.extend(by_rest.map(|job| format!("{:?}", job.task)));
    all
}

#[test]
fn a_fence_that_ran_out_lets_nothing_through_and_says_so() {
    for (venue, _) in VENUES {
        let settings = Settings { dead_man: Some(Span::from_secs(4)), ..Settings::default() };
        let mut world = World::up_with(venue, settings);
        world.fence.open_until(world.now() + Span::from_millis(10));
        let resting = world.resting();
        changes(&mut world);
        world.pass(Span::from_millis(10));
        let down = world.session(false, true, true);
        assert!(world.inputs().contains(&down), "{venue}: the core learns of it");
        changes(&mut world);
        let refused = world.place(Style::Limit);
        assert_eq!(rejects(&world.inputs()), [(refused, RejectClass::Unavailable, 0)], "{venue}");
        world.cancel(resting);
        let inputs = world.inputs();
        let told = inputs.iter().any(|input| {
            matches!(input, Input::CancelReject(no) if no.order == resting
                && no.class == RejectClass::Unavailable)
        });
        assert!(told, "{venue}: {inputs:?}");
        // Neither an operator's stop nor the dead man's switch: the account may be somebody else's.
        world.kill.set();
        world.pass(Span::from_millis(3_000));
        assert_eq!(changes(&mut world), [] as [String; 0], "{venue}");
    }
}

#[test]
fn what_waited_behind_the_fence_goes_on_when_it_opens_again() {
    for (venue, _) in VENUES {
        let mut world = World::up(venue);
        world.resting();
        world.fence.close();
        world.kill.set();
        world.pass(Span::from_millis(600));
        assert_eq!(changes(&mut world), [] as [String; 0], "{venue}");
        world.fence.open_until(world.now() + Span::from_secs(10));
        world.pass(Span::from_millis(600));
        let gone = changes(&mut world).concat();
        assert!(gone.contains("ancel"), "{venue}: {gone}");
        world.kill.clear();
        world.step();
        world.inputs();
        world.place(Style::Limit);
        assert_eq!(rejects(&world.inputs()), [], "{venue}");
    }
}
