//! Binance: negative codes; spot and USD-M share the first two thousand.

use super::{Outcome::*, Row, Verdict, look_up, says};
use base::input::RejectClass as Class;

#[rustfmt::skip]
const SHARED: &[Row] = &[
    (&[0],                                            Done,        Class::Other),
    // Execution unknown, in the venue's own words or for want of better ones.
    (&[-1000, -1001, -1006, -1007],                   Unknown,     Class::Unavailable),
    (&[-1003, -1015, -1034],                          RateLimited, Class::RateLimit),
    // Overloaded or going down: refused before the matching engine.
    (&[-1008, -1016],                                 Rejected,    Class::Unavailable),
    (&[-1002, -1022, -2014, -2015, -1125, -1193, -2028, -1035], Auth, Class::Auth),
    (&[-1021, -5028],                                 Clock,       Class::Auth),
    (&[-1013, -1111],                                 Rejected,    Class::Rules),
    (&[-1121, -1122, -2016],                          Rejected,    Class::Unavailable),
    (&[-2011, -2013, -2026],                          NotFound,    Class::NotFound),
    (&[-1014, -1020, -1033, -1100, -1101, -1102, -1103, -1104, -1105, -1106, -1108, -1112, -1114,
       -1115, -1116, -1117, -1118, -1119, -1120, -1127, -1128, -1130, -1134, -1135, -1136, -1139, -1145,
       -1151, -2039],                                 Rejected,    Class::Other),
];

#[rustfmt::skip]
const USDM: &[Row] = &[
    (&[-2018, -2019],                                 Rejected,    Class::Funds),
    (&[-2022, -4400, -4401],                          Rejected,    Class::ReduceOnly),
    (&[-2020, -2021, -2023, -2024, -2025, -2027, -2028], Rejected, Class::Rules),
    (&[-4003, -4004, -4005, -4013, -4014, -4023, -4029, -4030, -4164, -4183],
                                                      Rejected,    Class::Rules),
    (&[-4001, -4002, -4016, -4024, -4131, -4184],     Rejected,    Class::PriceBand),
    // The account's position mode forbids it: a right it does not have, whatever the order says.
    (&[-4061],                                        Rejected,    Class::Auth),
    (&[-4015, -4120, -4136, -4137, -4138, -4192, -4067, -4068, -4060, -4062],
                                                      Rejected,    Class::Other),
    (&[-4116],                                        Duplicate,   Class::Duplicate),
    (&[-4046, -4059],                                 NoChange,    Class::Other),
    (&[-4108, -4140, -4141],                          Rejected,    Class::Unavailable),
    (&[-5021],                                        Rejected,    Class::Rules),
    (&[-5022],                                        Rejected,    Class::WouldTake),
];

pub(super) fn spot(code: i64, message: &[u8]) -> Verdict {
    match code {
        -2010 | -2021 | -2022 => order_refused(message),
        -1013 => filter(message),
        _ => look_up(SHARED, code).unwrap_or(family(code)),
    }
}

pub(super) fn usdm(code: i64, message: &[u8]) -> Verdict {
    match code {
        -2010 => order_refused(message),
        -1013 => filter(message),
        // A session without the right key says -2028 too; the margin rule of that number says "leverage".
        -2028 if !says(message, "leverage") && !says(message, "margin") => {
            Verdict::new(Auth, Class::Auth)
        }
        _ => look_up(USDM, code).or_else(|| look_up(SHARED, code)).unwrap_or(family(code)),
    }
}

/// -2010 and the cancel-replace codes carry their reason in words.
fn order_refused(message: &[u8]) -> Verdict {
    let class = if says(message, "insufficient balance") {
        Class::Funds
    } else if says(message, "Duplicate order") {
        return Verdict::new(Duplicate, Class::Duplicate);
    } else if says(message, "immediately match") {
        Class::WouldTake
    } else if says(message, "Market is closed") || says(message, "not permitted") {
        Class::Unavailable
    } else if says(message, "Price") || says(message, "quantity") || says(message, "Filter") {
        Class::Rules
    } else {
        Class::Other
    };
    Verdict::new(Rejected, class)
}

fn filter(message: &[u8]) -> Verdict {
    let class = if says(message, "PERCENT_PRICE") { Class::PriceBand } else { Class::Rules };
    Verdict::new(Rejected, class)
}

/// A code in no table, by the venue's own grouping: 10xx is trouble at the venue and proves nothing,
/// the others are complaints about the request.
const fn family(code: i64) -> Verdict {
    match code {
        -1199..=-1100 | -2099..=-2010 | -5099..=-5000 => Verdict::new(Rejected, Class::Other),
        -4999..=-4000 => Verdict::new(Rejected, Class::Rules),
        _ => Verdict::UNKNOWN,
    }
}
