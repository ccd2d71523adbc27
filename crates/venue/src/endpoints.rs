//! Where each venue is reached. Every address is a default: configuration may replace any of them,
//! and the simulated venues do.

use base::VenueId;

/// Which of a venue's worlds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Environment {
    /// Real money.
    #[default]
    Production,
    /// The venue's public test or demo system, with keys of its own.
    Testnet,
}

/// The addresses of one venue. WebSocket addresses are complete up to what a connection adds by
/// itself (stream names, a listen key).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoints {
    /// REST base: scheme and host, no path.
    pub rest: String,
    /// Public market data. Binance spot: base before `/ws` or `/stream`. USD-M: the `/public` group
    /// (book tickers, depth, trades). OKX: `/public`. Bybit: the spot category.
    pub public: String,
    /// The second public line. USD-M: the `/market` group (marks, funding; a stream asked of the wrong
    /// group is acknowledged and never sent). Bybit: the linear category. Elsewhere the same as
    /// `public`.
    pub market: String,
    /// Account events. Binance spot: its WebSocket API (subscription there). USD-M: the `/private`
    /// group, joined with a listen key. OKX and Bybit: `/private`.
    pub private: String,
    /// Order entry. Binance: the WebSocket API. OKX: the same as `private`. Bybit: `/v5/trade`.
    pub trade: String,
    /// OKX demo trading: REST requests carry `x-simulated-trading: 1`.
    pub simulated_header: bool,
}

impl Endpoints {
    /// The addresses of real trading.
    #[must_use]
    pub fn production(venue: VenueId) -> Self {
        Self::of(venue, Environment::Production)
    }

    /// The addresses of one of a venue's worlds.
    #[must_use]
    pub fn of(venue: VenueId, environment: Environment) -> Self {
        let real = environment == Environment::Production;
        let [rest, public, market, private, trade] = match (venue, real) {
            (VenueId::BinanceSpot, true) => SPOT,
            (VenueId::BinanceSpot, false) => SPOT_TESTNET,
            (VenueId::BinanceUsdm, true) => USDM,
            (VenueId::BinanceUsdm, false) => USDM_TESTNET,
            (VenueId::Okx, true) => OKX,
            (VenueId::Okx, false) => OKX_DEMO,
            (VenueId::Bybit, true) => BYBIT,
            (VenueId::Bybit, false) => BYBIT_TESTNET,
        }
        .map(str::to_owned);
        let simulated_header = venue == VenueId::Okx && !real;
        Self { rest, public, market, private, trade, simulated_header }
    }
}

type Row = [&'static str; 5]; // rest, public, market, private, trade

const SPOT: Row = [
    "https://api.binance.com",
    "wss://stream.binance.com:443",
    "wss://stream.binance.com:443",
    "wss://ws-api.binance.com:443/ws-api/v3",
    "wss://ws-api.binance.com:443/ws-api/v3",
];
const SPOT_TESTNET: Row = [
    "https://testnet.binance.vision",
    "wss://stream.testnet.binance.vision",
    "wss://stream.testnet.binance.vision",
    "wss://ws-api.testnet.binance.vision/ws-api/v3",
    "wss://ws-api.testnet.binance.vision/ws-api/v3",
];
const USDM: Row = [
    "https://fapi.binance.com",
    "wss://fstream.binance.com/public",
    "wss://fstream.binance.com/market",
    "wss://fstream.binance.com/private",
    "wss://ws-fapi.binance.com/ws-fapi/v1",
];
const USDM_TESTNET: Row = [
    "https://demo-fapi.binance.com",
    "wss://fstream.binancefuture.com/public",
    "wss://fstream.binancefuture.com/market",
    "wss://fstream.binancefuture.com/private",
    "wss://testnet.binancefuture.com/ws-fapi/v1",
];
const OKX: Row = [
    "https://www.okx.com",
    "wss://ws.okx.com:8443/ws/v5/public",
    "wss://ws.okx.com:8443/ws/v5/public",
    "wss://ws.okx.com:8443/ws/v5/private",
    "wss://ws.okx.com:8443/ws/v5/private",
];
const OKX_DEMO: Row = [
    "https://www.okx.com",
    "wss://wspap.okx.com:8443/ws/v5/public",
    "wss://wspap.okx.com:8443/ws/v5/public",
    "wss://wspap.okx.com:8443/ws/v5/private",
    "wss://wspap.okx.com:8443/ws/v5/private",
];
const BYBIT: Row = [
    "https://api.bybit.com",
    "wss://stream.bybit.com/v5/public/spot",
    "wss://stream.bybit.com/v5/public/linear",
    "wss://stream.bybit.com/v5/private",
    "wss://stream.bybit.com/v5/trade",
];
const BYBIT_TESTNET: Row = [
    "https://api-testnet.bybit.com",
    "wss://stream-testnet.bybit.com/v5/public/spot",
    "wss://stream-testnet.bybit.com/v5/public/linear",
    "wss://stream-testnet.bybit.com/v5/private",
    "wss://stream-testnet.bybit.com/v5/trade",
];

/// REST paths of Binance spot.
#[expect(missing_docs, reason = "each constant is the path of its name")]
pub mod binance_spot {
    pub const TIME: &str = "/api/v3/time";
    pub const EXCHANGE_INFO: &str = "/api/v3/exchangeInfo";
    pub const DEPTH: &str = "/api/v3/depth";
    pub const ORDER: &str = "/api/v3/order";
    pub const OPEN_ORDERS: &str = "/api/v3/openOrders";
    pub const ACCOUNT: &str = "/api/v3/account";
    pub const MY_TRADES: &str = "/api/v3/myTrades";
    pub const COMMISSION: &str = "/api/v3/account/commission";
}

/// REST paths of Binance USD-M futures.
#[expect(missing_docs, reason = "each constant is the path of its name")]
pub mod binance_usdm {
    pub const TIME: &str = "/fapi/v1/time";
    pub const EXCHANGE_INFO: &str = "/fapi/v1/exchangeInfo";
    pub const FUNDING_INFO: &str = "/fapi/v1/fundingInfo";
    pub const DEPTH: &str = "/fapi/v1/depth";
    pub const LISTEN_KEY: &str = "/fapi/v1/listenKey";
    pub const ORDER: &str = "/fapi/v1/order";
    pub const OPEN_ORDERS: &str = "/fapi/v1/openOrders";
    pub const ALL_OPEN_ORDERS: &str = "/fapi/v1/allOpenOrders";
    pub const COUNTDOWN_CANCEL_ALL: &str = "/fapi/v1/countdownCancelAll";
    pub const BALANCE: &str = "/fapi/v3/balance";
    pub const POSITIONS: &str = "/fapi/v3/positionRisk";
    pub const POSITION_MODE: &str = "/fapi/v1/positionSide/dual";
    pub const USER_TRADES: &str = "/fapi/v1/userTrades";
    pub const INCOME: &str = "/fapi/v1/income";
    pub const COMMISSION: &str = "/fapi/v1/commissionRate";
}

/// REST paths of OKX v5.
#[expect(missing_docs, reason = "each constant is the path of its name")]
pub mod okx {
    pub const TIME: &str = "/api/v5/public/time";
    pub const INSTRUMENTS: &str = "/api/v5/public/instruments";
    pub const ORDER: &str = "/api/v5/trade/order";
    pub const CANCEL_ORDER: &str = "/api/v5/trade/cancel-order";
    pub const CANCEL_BATCH: &str = "/api/v5/trade/cancel-batch-orders";
    pub const CANCEL_ALL_AFTER: &str = "/api/v5/trade/cancel-all-after";
    pub const ORDERS_PENDING: &str = "/api/v5/trade/orders-pending";
    pub const FILLS: &str = "/api/v5/trade/fills";
    pub const BALANCE: &str = "/api/v5/account/balance";
    pub const POSITIONS: &str = "/api/v5/account/positions";
    pub const BILLS: &str = "/api/v5/account/bills";
    pub const CONFIG: &str = "/api/v5/account/config";
    pub const TRADE_FEE: &str = "/api/v5/account/trade-fee";
}

/// REST paths of Bybit v5.
#[expect(missing_docs, reason = "each constant is the path of its name")]
pub mod bybit {
    pub const TIME: &str = "/v5/market/time";
    pub const INSTRUMENTS: &str = "/v5/market/instruments-info";
    pub const ORDER_CREATE: &str = "/v5/order/create";
    pub const ORDER_CANCEL: &str = "/v5/order/cancel";
    pub const ORDER_CANCEL_ALL: &str = "/v5/order/cancel-all";
    pub const ORDER_REALTIME: &str = "/v5/order/realtime";
    pub const ORDER_HISTORY: &str = "/v5/order/history";
    pub const EXECUTION_LIST: &str = "/v5/execution/list";
    pub const POSITION_LIST: &str = "/v5/position/list";
    pub const ACCOUNT_INFO: &str = "/v5/account/info";
    pub const WALLET_BALANCE: &str = "/v5/account/wallet-balance";
    pub const FEE_RATE: &str = "/v5/account/fee-rate";
    pub const DISCONNECTED_CANCEL_ALL: &str = "/v5/order/disconnected-cancel-all";
}

#[cfg(test)]
mod tests;
