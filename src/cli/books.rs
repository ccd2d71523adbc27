//! `funding-arb books --venue V FILE...`

use super::{BooksArguments, CaptureVenue, exit, say};
use feeds::rebuild::{self, Recorded};
use std::process::ExitCode;

pub(super) fn run(arguments: &BooksArguments) -> ExitCode {
    let venue = match arguments.venue {
        CaptureVenue::BinanceSpot => Recorded::BinanceSpot,
        CaptureVenue::BinanceUsdm => Recorded::BinanceUsdm,
        CaptureVenue::BinanceCoinm => Recorded::BinanceCoinm,
        CaptureVenue::Okx => Recorded::Okx,
        CaptureVenue::Bybit => Recorded::Bybit,
    };
    match rebuild::files(venue, arguments.symbol.as_deref(), &arguments.files) {
        Ok(rebuilt) => {
            say::line(&serde_json::to_string(&rebuilt).unwrap_or_default());
            ExitCode::SUCCESS
        }
        Err(why) => exit::refused(&format!("books: {why}")),
    }
}
