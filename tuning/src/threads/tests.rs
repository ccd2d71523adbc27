#![allow(clippy::unwrap_used)]
use super::{ThreadFacts, facts, thread_facts, thread_id};
use crate::host::fixture::Fixture;

#[test]
fn the_kernels_files_are_read() {
    let mut files = Fixture::default();
    let dir = "/proc/self/task/42";
    let status = "Name:\tx\nvoluntary_ctxt_switches:\t7\nnonvoluntary_ctxt_switches:\t9\n";
    files.put(&format!("{dir}/status"), status);
    assert_eq!(facts(7, &|path| files.read(path)), None);
    let found = facts(42, &|path| files.read(path)).unwrap();
    let expected = ThreadFacts { involuntary_switches: 9, voluntary_switches: 7, ..found };
    assert_eq!((found, found.migrations, found.cpu), (expected, None, None));

    files.put(&format!("{dir}/sched"), "x (42, #threads: 1)\nse.nr_migrations    :    3\n");
    let before: Vec<String> = (3..39).map(|field| field.to_string()).collect();
    files.put(&format!("{dir}/stat"), &format!("42 (a) b) {} 5 0 0\n", before.join(" ")));
    let found = facts(42, &|path| files.read(path)).unwrap();
    assert_eq!((found.migrations, found.cpu), (Some(3), Some(5)));
}

#[test]
fn this_thread_has_a_number_and_facts() {
    let id = thread_id().unwrap();
    assert!(thread_facts(id).unwrap().cpu.is_some());
    assert_ne!(std::thread::spawn(thread_id).join().unwrap(), Some(id));
    assert_eq!(thread_facts(u32::MAX), None);
}

#[test]
fn where_a_thread_may_run_and_how_long_it_waited_is_read() {
    let read = |path: &str| {
        match path {
        "/proc/self/task/7/status" => Some(
            "voluntary_ctxt_switches:\t1\nnonvoluntary_ctxt_switches:\t2\nCpus_allowed_list:\t2-3\n"
                .to_owned(),
        ),
        "/proc/self/task/7/schedstat" => Some("900 41 3\n".to_owned()),
        _ => None,
    }
    };
    assert_eq!(super::facts(7, &read).unwrap().run_delay_ns, Some(41));
    assert_eq!(super::thread_mask(7, &read), crate::CpuList::parse("2-3"));
    assert_eq!(super::thread_mask(8, &read), None);
}

#[test]
fn stolen_time_is_in_hundredths_of_a_second() {
    let stat = "cpu  9 9 9 9 9 9 9 9 9 9\ncpu1 1 2 3 4 5 6 7 8 0 0\n";
    assert_eq!(crate::stolen_ns(stat, 1), Some(80_000_000));
    assert_eq!(crate::stolen_ns(stat, 0), None);
}
