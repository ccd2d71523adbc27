//! Bybit: `retCode`; 10xxx for all, 110xxx for derivatives, 170xxx for spot.

use super::{Outcome::*, Row, Verdict, look_up, says};
use base::input::RejectClass as Class;

#[rustfmt::skip]
const TABLE: &[Row] = &[
    (&[0],                                            Done,        Class::Other),
    (&[10000, 10016, 170001, 170007, 170032, 170035, 170146, 170147, 170212, 170234, 170310],
                                                      Unknown,     Class::Unavailable),
    (&[10006, 10018, 10403, 20003, 170005, 170222],   RateLimited, Class::RateLimit),
    // Protection and restart: refused before the order system.
    (&[429, 10429, 10019, 110063, 110066, 110074, 110079, 110095, 110103, 110137, 170031, 170151,
       170157, 170191, 170217, 170144],               Rejected,    Class::Unavailable),
    (&[10002],                                        Clock,       Class::Auth),
    (&[10003, 10004, 10005, 10007, 10008, 10009, 10010, 10024, 10027, 10028, 20001, 33004],
                                                      Auth,        Class::Auth),
    (&[10014, 20006, 110072, 170141],                 Duplicate,   Class::Duplicate),
    (&[110004, 110006, 110007, 110012, 110014, 110044, 110045, 110051, 110052, 110053, 170033, 170131],
                                                      Rejected,    Class::Funds),
    (&[110001, 110008, 110010, 170139, 170142, 170143, 170190, 170213],
                                                      NotFound,    Class::NotFound),
    (&[110003, 110120, 110121, 170132, 170133, 170192, 170193, 170194, 170371, 170372, 30208, 30209],
                                                      Rejected,    Class::PriceBand),
    (&[110009, 110020, 110021, 110022, 110089, 110090, 110094, 170124, 170134, 170136, 170137, 170140,
       170148, 170341, 170381, 170382, 170810, 170197, 170198, 170228, 170229],
                                                      Rejected,    Class::Rules),
    (&[110017, 110023, 110034, 110042, 30228],        Rejected,    Class::ReduceOnly),
    (&[170218],                                       Rejected,    Class::WouldTake),
    (&[110025, 110026, 110027, 110043],               NoChange,    Class::Other),
    (&[10001, 10017, 10029, 10404, 110018, 110019, 110024, 110028, 110032, 170105, 170115, 170116,
       170117, 170121, 170130, 170210],               Rejected,    Class::Other),
];

pub(super) fn classify(code: i64, message: &[u8]) -> Verdict {
    // One code for "reduce-only" and "too small": the words tell.
    if code == 110_017 && says(message, "truncated") {
        return Verdict::new(Rejected, Class::Rules);
    }
    // The code of any wrong parameter also tells that the account is in hedge mode.
    if code == 10_001 && says(message, "position mode") {
        return Verdict::new(Rejected, Class::Auth);
    }
    look_up(TABLE, code).unwrap_or(family(code))
}

/// A code in no table: the order systems' complaints are refusals, all else proves nothing.
const fn family(code: i64) -> Verdict {
    match code {
        110_000..=110_999 | 170_100..=170_999 => Verdict::new(Rejected, Class::Other),
        _ => Verdict::UNKNOWN,
    }
}
