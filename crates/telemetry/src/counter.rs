//! The counters and gauges: one row each, the only place where they are named.
//!
//! To add one, add a row; its number is its place in the table and means nothing outside one page,
//! which carries the table with it. Then renew METRICS.md: `BLESS=1 cargo test -p telemetry`.

use crate::metric::{Metric, MetricKind};

macro_rules! counters {
    ($( $variant:ident : $kind:ident $name:literal $([$($label:literal = $value:literal),+])? $help:literal; )+) => {
        /// A counter or gauge that every stage has in its block.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u16)]
        pub enum Counter {
            $(
                #[doc = $help]
                $variant,
            )+
        }

        impl Counter {
            /// All of them, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Its row of the table.
            #[must_use]
            pub const fn metric(self) -> Metric {
                match self {
                    $(Self::$variant => Metric {
                        name: $name,
                        kind: MetricKind::$kind,
                        labels: &[$($(($label, $value)),+)?],
                        help: $help,
                    },)+
                }
            }
        }
    };
}

#[rustfmt::skip]
counters! {
    // Feeds: what came in and what became of it.
    FeedMessages:        Counter "arb_feed_messages_total"                                "Market-data messages received";
    FeedBytes:           Counter "arb_feed_bytes_total"                                   "Payload bytes of market-data messages received";
    FeedEvents:          Counter "arb_feed_events_total"                                  "Events handed to the strategy";
    FeedDropped:         Counter "arb_feed_events_dropped_total"                          "Events lost because the ring to the strategy was full";
    FeedFallback:        Counter "arb_feed_fallback_total"                                "Messages the field scanner handed to the full parser";
    FeedIgnored:         Counter "arb_feed_messages_ignored_total"                        "Messages that carry nothing for a subscribed instrument";
    FeedStaleDeltas:     Counter "arb_feed_deltas_stale_total"                            "Book deltas older than the snapshot";
    FeedRefusedJson:     Counter "arb_feed_messages_refused_total" ["reason" = "json"]     "Messages refused by the decoder; the feed went on";
    FeedRefusedMissing:  Counter "arb_feed_messages_refused_total" ["reason" = "missing"]  "Messages refused by the decoder; the feed went on";
    FeedRefusedDecimal:  Counter "arb_feed_messages_refused_total" ["reason" = "decimal"]  "Messages refused by the decoder; the feed went on";
    FeedRefusedValue:    Counter "arb_feed_messages_refused_total" ["reason" = "value"]    "Messages refused by the decoder; the feed went on";
    FeedRefusedUnknown:  Counter "arb_feed_messages_refused_total" ["reason" = "unknown"]  "Messages refused by the decoder; the feed went on";
    FeedRefusedSize:     Counter "arb_feed_messages_refused_total" ["reason" = "size"]     "Messages refused by the decoder; the feed went on";
    FeedGaps:            Counter "arb_feed_books_lost_total" ["reason" = "gap"]            "Books that became unknown";
    FeedCrossed:         Counter "arb_feed_books_lost_total" ["reason" = "crossed"]        "Books that became unknown";
    FeedSilent:          Counter "arb_feed_books_lost_total" ["reason" = "silent"]         "Books that became unknown";
    FeedStale:           Counter "arb_feed_books_lost_total" ["reason" = "stale"]          "Books that became unknown";
    FeedEmpty:           Counter "arb_feed_books_lost_total" ["reason" = "empty"]          "Books that became unknown";
    FeedRequestsHeld:    Counter "arb_feed_requests_held_total"                           "REST requests not sent: the venue's budget had no room, or it wanted to be left alone";
    FeedRequestsLimited: Counter "arb_feed_rate_limited_total"                            "Times a venue said that there were too many requests";
    FeedResyncs:         Counter "arb_feed_resyncs_total"                                 "Books asked for afresh";
    FeedBooksKnown:      Gauge   "arb_feed_books_known"                                   "Books in sequence and fresh";
    FeedBooks:           Gauge   "arb_feed_books"                                         "Books subscribed";

    // Connections of feeds and gateways.
    ConnOpened:          Counter "arb_connection_opened_total"                            "Connections opened";
    ConnClosed:          Counter "arb_connection_closed_total"                            "Connections lost or closed";
    ConnRenewed:         Counter "arb_connection_renewed_total"                           "Connections replaced by a second one before they ended";
    ConnOpen:            Gauge   "arb_connections_open"                                   "Connections open now";

    // Strategy.
    CoreInputs:          Counter "arb_strategy_inputs_total"                              "Records the core consumed";
    CoreOutputs:         Counter "arb_strategy_outputs_total"                             "Records the core wrote";
    CoreBadInputs:       Counter "arb_strategy_inputs_refused_total"                      "Records the core could not read";
    CoreRefused:         Counter "arb_strategy_intents_refused_total"                     "Intents a limit or pre-trade gate refused";
    CoreAlarms:          Counter "arb_strategy_alarms_total"                              "Alarms the core raised";
    CorePairsOpened:     Counter "arb_strategy_pairs_opened_total"                        "Pairs of which both legs came to stand";
    CorePairsClosed:     Counter "arb_strategy_pairs_closed_total"                        "Pairs closed flat";
    CorePairs:           Gauge   "arb_strategy_pairs"                                     "Pairs that hold a position or are about to";
    CoreArmed:           Gauge   "arb_strategy_armed"                                     "1 while new pairs may be opened";
    CoreHalted:          Gauge   "arb_strategy_halted"                                    "1 while a limit or a command stopped everything new";
    JournalRecords:      Counter "arb_journal_records_total"                              "Records appended to the journal";
    JournalFull:         Counter "arb_journal_full_total"                                 "Turns in which the journal had no room and nothing was consumed";

    // Gateways.
    OrdersSent:          Counter "arb_gateway_orders_sent_total"                          "Orders written to a venue";
    OrdersAcked:         Counter "arb_gateway_orders_acked_total"                         "Orders a venue took";
    OrdersRejected:      Counter "arb_gateway_orders_rejected_total"                      "Orders a venue refused";
    OrdersUnknown:       Counter "arb_gateway_orders_unknown_total"                       "Orders whose outcome became unknown";
    OrdersLocal:         Counter "arb_gateway_orders_refused_total" ["reason" = "local"]   "Orders refused before any byte was sent";
    OrdersNoBudget:      Counter "arb_gateway_orders_refused_total" ["reason" = "budget"]  "Orders refused before any byte was sent";
    OrdersNoSession:     Counter "arb_gateway_orders_refused_total" ["reason" = "session"] "Orders refused before any byte was sent";
    OrdersKilled:        Counter "arb_gateway_orders_refused_total" ["reason" = "kill"]    "Orders refused before any byte was sent";
    OrdersFenced:        Counter "arb_gateway_orders_refused_total" ["reason" = "fence"]   "Orders refused before any byte was sent";
    CancelsSent:         Counter "arb_gateway_cancels_sent_total"                         "Cancels written to a venue";
    CancelsRejected:     Counter "arb_gateway_cancels_rejected_total"                     "Cancels a venue refused";
    Queries:             Counter "arb_gateway_queries_total"                              "Orders asked for by their id";
    Fills:               Counter "arb_gateway_fills_total"                                "Fills received, each once";
    FillsRepeated:       Counter "arb_gateway_fills_repeated_total"                       "Fills received again and not counted";
    GatewayMessages:     Counter "arb_gateway_messages_total"                             "Messages received on order and account connections";
    GatewayRefused:      Counter "arb_gateway_messages_refused_total"                     "Messages on order and account connections that could not be read";
    FundingSettlements:  Counter "arb_gateway_funding_settlements_total"                  "Funding payments received";
    Reconciliations:     Counter "arb_gateway_reconciliations_total"                      "Reconciliations completed";
    RateLimited:         Counter "arb_gateway_rate_limited_total"                         "Times a venue said that there were too many requests";
    OrdersSlow:          Counter "arb_gateway_orders_slow_total"                          "Orders sent by REST because the order session was down";
    AccountsHedged:      Gauge   "arb_gateway_accounts_unfit" ["reason" = "hedge-mode"]    "Venues that are not traded because of how their account is set up";
    AccountsLevel:       Gauge   "arb_gateway_accounts_unfit" ["reason" = "level"]         "Venues that are not traded because of how their account is set up";
    AccountsNoTrading:   Gauge   "arb_gateway_accounts_unfit" ["reason" = "no-trading"]    "Venues that are not traded because of how their account is set up";
    KeysTaken:           Counter "arb_gateway_keys_total" ["outcome" = "in-use"]           "API keys offered to order desks while they ran";
    KeysRefused:         Counter "arb_gateway_keys_total" ["outcome" = "refused"]          "API keys offered to order desks while they ran";
    SessionUp:           Gauge   "arb_gateway_sessions_up"                                "Order sessions that stand";

    // Every thread.
    Turns:               Counter "arb_stage_turns_total"                                  "Turns given";
    NoticesDropped:      Counter "arb_stage_notices_dropped_total"                        "Notices for the log lost because their ring was full";
    HotAllocations:      Counter "arb_stage_allocations_total"                            "Allocations of the thread after it was sealed";
}

impl Counter {
    /// How many there are.
    pub const COUNT: usize = Self::ALL.len();

    /// Its place in the table.
    #[inline]
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }
}

#[cfg(test)]
mod tests;
