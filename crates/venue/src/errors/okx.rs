//! OKX: `code` of the answer, `sCode` of its items; numbers of five digits.

use super::{Outcome::*, Row, Verdict, look_up};
use base::input::RejectClass as Class;

#[rustfmt::skip]
const TABLE: &[Row] = &[
    (&[0],                                            Done,        Class::Other),
    // "Does not mean that the request was successful or failed", and what a 5xx answer carries.
    (&[50001, 50004, 50026, 51054, 51149, 63999],     Unknown,     Class::Unavailable),
    // Some or all of a batch: the items say which; without items nothing is known.
    (&[1, 2],                                         Unknown,     Class::Other),
    (&[50011, 50061, 51071, 60014, 60023],            RateLimited, Class::RateLimit),
    (&[50005, 50013, 50038, 51021, 51022, 51027, 51028, 51029, 51030, 51009, 51024],
                                                      Rejected,    Class::Unavailable),
    (&[50102, 50112, 60004, 60006, 50036, 50037],     Clock,       Class::Auth),
    (&[50007, 50008, 50012, 50027, 50030, 50035, 50100, 50101, 50103, 50104, 50105, 50106, 50107,
       50110, 50111, 50113, 50114, 50119, 60001, 60002, 60003, 60005, 60007, 60008, 60009, 60011,
       60021, 60022, 60024, 60026, 60032],            Auth,        Class::Auth),
    (&[51008, 51127, 51131, 51502],                   Rejected,    Class::Funds),
    // The account's own mode forbids it: a right it does not have, whatever the order says.
    (&[51010],                                        Rejected,    Class::Auth),
    (&[51016, 51011],                                 Duplicate,   Class::Duplicate),
    (&[51006, 51031, 51116, 51122, 51135, 51136, 51137, 51138, 51250, 51252, 54084, 54085],
                                                      Rejected,    Class::PriceBand),
    (&[51004, 51005, 51007, 51020, 51025, 51033, 51101, 51102, 51103, 51104, 51105, 51106, 51107,
       51108, 51112, 51120, 51121, 51129, 51150, 51201, 51202, 51203, 51204],
                                                      Rejected,    Class::Rules),
    (&[51148, 51169, 51205, 51206, 51126, 51134, 51139, 51023, 51058, 51341],
                                                      Rejected,    Class::ReduceOnly),
    (&[51019, 51511],                                 Rejected,    Class::WouldTake),
    (&[51400, 51401, 51402, 51405, 51503, 51509, 51510, 51603],
                                                      NotFound,    Class::NotFound),
    // The cancel is under way: its result arrives by stream.
    (&[51410],                                        Unknown,     Class::Other),
    (&[51404, 51403, 51412, 51413],                   Rejected,    Class::Unavailable),
    (&[64008],                                        Unknown,     Class::Unavailable),
];

pub(super) fn classify(code: i64) -> Verdict {
    look_up(TABLE, code).unwrap_or(family(code))
}

/// A code in no table: 50xxx and 60xxx before the order system, 51xxx its complaints.
const fn family(code: i64) -> Verdict {
    match code {
        50_014..=50_025
        | 50_028..=50_099
        | 50_102..=50_199
        | 51_000..=51_999
        | 54_000..=54_999
        | 60_012..=60_031
        | 64_000..=64_099 => Verdict::new(Rejected, Class::Other),
        _ => Verdict::UNKNOWN,
    }
}
