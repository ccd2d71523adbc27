#![allow(clippy::unwrap_used)]
use super::fixture::Fixture;
use super::{Exclusive, Host, Why};
use crate::CpuList;

fn judge(
    allowed: &str,
    isolated: &str,
    online: &str,
    quota: Option<&str>,
    granted: Option<u32>,
) -> Host {
    let mut files = Fixture::default();
    files.put("/sys/devices/system/cpu/isolated", isolated);
    files.put("/sys/devices/system/cpu/online", online);
    if let Some(quota) = quota {
        files.put("/proc/self/cgroup", "0::/\n");
        files.put("/proc/self/mountinfo", "30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
        files.put("/sys/fs/cgroup/cpu.max", quota);
    }
    Host::judge(&CpuList::parse(allowed).unwrap(), granted, &|path| files.read(path))
}

#[test]
fn exclusivity_is_proven_or_denied_with_the_reason() {
    #[rustfmt::skip]
    let cases = [
        ("0-1", "",    "0-1", None,                 None,    Exclusive::No(Why::Everything)),
        ("1",   "",    "0-1", None,                 None,    Exclusive::No(Why::Unproven)),
        ("1",   "1",   "0-1", None,                 None,    Exclusive::Isolated),
        ("0-1", "1",   "0-1", None,                 None,    Exclusive::No(Why::Everything)),
        ("2-3", "",    "0-7", Some("max 100000"),   Some(2), Exclusive::Granted),
        ("2-3", "",    "0-7", Some("50000 100000"), Some(2), Exclusive::No(Why::Quota)),
        ("2-3", "2-3", "0-7", Some("50000 100000"), None,    Exclusive::No(Why::Quota)),
        ("0-7", "",    "0-7", Some("max 100000"),   Some(2), Exclusive::No(Why::GrantDiffers)),
    ];
    for (allowed, isolated, online, quota, granted, expected) in cases {
        let host = judge(allowed, isolated, online, quota, granted);
        assert_eq!(
            host.exclusive, expected,
            "{allowed} of {online}, isolated {isolated}, {quota:?}"
        );
        assert_eq!(expected.is_exclusive(), !matches!(expected, Exclusive::No(_)));
        assert!(!expected.to_string().is_empty());
    }
}

#[test]
fn this_machine_can_be_read() {
    let host = Host::read(None).unwrap();
    assert!(!host.allowed.is_empty() && host.allowed.len() <= host.online.len());
}

#[test]
fn a_machine_that_says_nothing_is_taken_as_shared() {
    let host = Host::judge(&CpuList::new([0, 1]), None, &|_| None);
    assert_eq!(host.exclusive, Exclusive::No(Why::Unproven));
    assert_eq!((host.allowed.len(), host.online.len()), (2, 2));
}
