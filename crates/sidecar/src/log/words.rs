//! Numbers of notices as the words they stand for.

use base::input::BookHealth;
use base::output::{AlarmCode, PairPhase, PairReason};
use base::{Price, Qty, Scale};
use strategy::Gate;
use telemetry::{Notice, NoticeCode};

/// What a notice says, for a person; `scale` is that of its instrument.
pub(super) fn sentence(notice: &Notice, scale: Option<Scale>) -> String {
    let [first, second, third] = notice.numbers;
    let told = match notice.code {
        NoticeCode::PairChanged => pair(first, second, third),
        NoticeCode::Alarm => alarm(first, second, third),
        NoticeCode::GateRefused => gate(first).map(|name| format!("not opened: gate {name}")),
        NoticeCode::BookLost => health(first, second, third),
        NoticeCode::Filled => scale.map(|scale| {
            let (price, qty) = (scale.show_price(Price(second)), scale.show_qty(Qty(third)));
            format!("order {first} filled, {qty} at {price}")
        }),
        _ => None,
    };
    told.unwrap_or_else(|| notice.sentence())
}

fn pair(pair: i64, phase: i64, reason: i64) -> Option<String> {
    let phase = PairPhase::from_u16(u16::try_from(phase).ok()?)?;
    let reason = PairReason::from_u16(u16::try_from(reason).ok()?)?;
    Some(format!("pair {pair} is {}, because of {}", plain(&phase), plain(&reason)))
}

fn alarm(code: i64, seen: i64, limit: i64) -> Option<String> {
    let code = AlarmCode::from_u16(u16::try_from(code).ok()?)?;
    Some(format!("{}: saw {seen}, allowed {limit}", plain(&code)))
}

fn gate(number: i64) -> Option<&'static str> {
    let number = u8::try_from(number).ok()?;
    Gate::ALL.iter().find(|gate| **gate as u8 == number).map(|gate| gate.name())
}

fn health(state: i64, expected: i64, got: i64) -> Option<String> {
    let state = BookHealth::from_u16(u16::try_from(state).ok()?)?;
    let why = plain(&state);
    Some(if state == BookHealth::Gap {
        format!("book is unknown ({why}): expected {expected}, got {got}")
    } else {
        format!("book is unknown ({why})")
    })
}

/// `TakeProfit` as `take profit`.
fn plain(value: &impl core::fmt::Debug) -> String {
    let mut text = String::new();
    for letter in format!("{value:?}").chars() {
        if letter.is_uppercase() && !text.is_empty() {
            text.push(' ');
        }
        text.push(letter.to_ascii_lowercase());
    }
    text
}

#[cfg(test)]
mod tests;
