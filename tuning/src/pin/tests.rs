#![allow(clippy::unwrap_used)]
use super::{PinError, confine_current, pin_current};
use crate::{Host, thread_facts, thread_id};

#[test]
fn a_pinned_thread_runs_where_it_was_put() {
    for cpu in Host::read(None).unwrap().allowed {
        let thread = std::thread::spawn(move || {
            pin_current(cpu.id).unwrap();
            thread_facts(thread_id().unwrap()).unwrap().cpu
        });
        assert_eq!(thread.join().unwrap(), Some(cpu.id));
    }
}

#[test]
fn a_processor_that_is_not_there_is_refused_by_number() {
    let thread = std::thread::spawn(|| (pin_current(1000), pin_current(u32::MAX)));
    let (missing, absurd) = thread.join().unwrap();
    assert_eq!(missing, Err(PinError::Refused { cpu: 1000 }));
    assert_eq!(absurd, Err(PinError::Refused { cpu: u32::MAX }));
}

#[test]
fn a_confined_thread_passes_its_processors_on_to_those_it_starts() {
    let last = Host::read(None).unwrap().allowed.last().unwrap().id;
    let thread = std::thread::spawn(move || {
        confine_current(&[last]).unwrap();
        std::thread::spawn(|| Host::read(None).unwrap().allowed.len()).join().unwrap()
    });
    assert_eq!(thread.join().unwrap(), 1);
    assert_eq!(confine_current(&[u32::MAX]), Err(PinError::Refused { cpu: u32::MAX }));
}
