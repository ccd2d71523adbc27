use super::*;
use crate::rig::{instrument, instruments};
use base::Instruments;

fn plan(venues: &[VenueId], instruments: &Instruments) -> FeedPlan {
    let options = FeedOptions { trades: true, index: true, ..FeedOptions::default() };
    FeedPlan::new("feed-test", venues, instruments, Endpoints::production, &options)
}

#[test]
fn trades_and_indices_are_subscribed_only_when_they_are_wanted() {
    let all = instruments();
    let count = |options: &FeedOptions, channel: Channel| {
        let endpoints = Endpoints::production;
        let plan = FeedPlan::new("feed-test", &VenueId::ALL, &all, endpoints, options);
        plan.subs.iter().filter(|sub| sub.channel == channel).count()
    };
    let plain = FeedOptions::default();
    assert_eq!((count(&plain, Channel::Trades), count(&plain, Channel::Index)), (0, 0));
    let trades = FeedOptions { trades: true, ..FeedOptions::default() };
    assert_eq!((count(&trades, Channel::Trades), count(&trades, Channel::Index)), (7, 0));
    let index = FeedOptions { index: true, ..FeedOptions::default() };
    assert_eq!((count(&index, Channel::Trades), count(&index, Channel::Index)), (0, 1));
}

fn urls(plan: &FeedPlan) -> Vec<&str> {
    plan.sessions.iter().map(|session| session.url.as_str()).collect()
}

#[test]
fn each_line_has_its_own_address() {
    let all = instruments();
    assert_eq!(
        urls(&plan(&[VenueId::BinanceSpot, VenueId::BinanceUsdm], &all)),
        [
            "wss://stream.binance.com:443/ws",
            "wss://fstream.binance.com/public/ws",
            "wss://fstream.binance.com/market/ws",
        ]
    );
    assert_eq!(urls(&plan(&[VenueId::Okx], &all)), ["wss://ws.okx.com:8443/ws/v5/public"]);
    assert_eq!(
        urls(&plan(&[VenueId::Bybit], &all)),
        ["wss://stream.bybit.com/v5/public/spot", "wss://stream.bybit.com/v5/public/linear",]
    );
}

#[test]
fn a_line_without_instruments_needs_no_connection() {
    let mut all = instruments();
    all.list.retain(|i| i.venue == VenueId::Bybit && i.product == Product::Spot);
    assert_eq!(urls(&plan(&[VenueId::Bybit], &all)), ["wss://stream.bybit.com/v5/public/spot"]);
}

#[test]
fn many_instruments_are_spread_over_connections_in_whole_parts() {
    let list = (0..400)
        .map(|id| {
            let symbol = format!("COIN{id}-USDT-SWAP");
            instrument(id, VenueId::Okx, Product::Perpetual, &symbol, 1)
        })
        .collect();
    let all = Instruments { list, assets: Vec::new() };
    let plan = plan(&[VenueId::Okx], &all);
    assert_eq!(plan.subs.len(), 400 * 5 + 400);
    assert_eq!(plan.sessions.len(), plan.subs.len().div_ceil(Line::Okx.subs_max()));
    assert!(plan.subs.is_sorted_by_key(|sub| sub.session), "a connection's are together");
    for at in 0..plan.sessions.len() {
        let count = plan.subs.iter().filter(|sub| sub.session == at).count();
        assert!((1..=Line::Okx.subs_max()).contains(&count));
    }
}

#[test]
fn names_mean_what_their_line_lists() {
    let all = instruments();
    let plan = plan(&[VenueId::Bybit, VenueId::Okx], &all);
    let row = |line: Line, name: &str| {
        let listing = plan.directory(line).instruments.find(name.as_bytes())?;
        plan.rows.get(listing.row.index()).map(|instrument| instrument.id.0)
    };
    assert_eq!(row(Line::BybitSpot, "BTCUSDT"), Some(5));
    assert_eq!(row(Line::BybitLinear, "BTCUSDT"), Some(6));
    assert_eq!(row(Line::Okx, "BTCUSDT"), None);
    assert_eq!(row(Line::Okx, "BTC-USDT-SWAP"), Some(4));
}

#[test]
fn spot_and_swap_share_an_index_unless_their_prices_are_read_differently() {
    let mut all = instruments();
    let indices = |all: &Instruments| plan(&[VenueId::Okx], all).indices;
    let shared = indices(&all);
    assert_eq!(shared.len(), 1);
    assert_eq!((shared[0].name.as_str(), shared[0].members.len()), ("BTC-USDT", 2));
    all.list[4].edge.price_exp += 3;
    assert_eq!(indices(&all).len(), 2);
}
