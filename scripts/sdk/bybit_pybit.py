"""Bybit as `pybit` sees it. Changed in the client: the address constants and the CA."""

import sys
import time
import uuid

import pybit._http_manager
import pybit._websocket_trading
import pybit.unified_trading
from pybit.exceptions import InvalidRequestError
from pybit.unified_trading import HTTP, WebSocket, WebSocketTrading

from checks import Checks, Inbox, Venues, ceil_to, check_book, dec, eventually, expect, floor_to, near, plain

SYMBOL = "BTCUSDT"


def point_at(venue):
    """The SDK's four base addresses."""
    pybit._http_manager.HTTP_URL = venue.rest
    pybit.unified_trading.PUBLIC_WSS = venue.ws + "/v5/public/{CHANNEL_TYPE}"
    pybit.unified_trading.PRIVATE_WSS = venue.ws + "/v5/private"
    pybit._websocket_trading.TRADE_WSS = venue.ws + "/v5/trade"


def client(ca, **key):
    """A REST client. The CA has to be told: the SDK sends without looking at the environment."""
    http = HTTP(**key)
    http.client.verify = ca
    return http


def link_id():
    """A client order id nobody used."""
    return uuid.uuid4().hex[:24]


def refused(code, call):
    """Checks that `call` fails with that retCode."""
    try:
        answer = call()
    except InvalidRequestError as why:
        expect(why.status_code == code, f"expected {code}, got {why.status_code} {why.message}")
        return why
    raise AssertionError(f"expected {code}, but it was accepted: {answer}")


class Rules:
    """Tick, step and smallest order of one instrument, as the venue tells them."""

    def __init__(self, row):
        self.tick = row["priceFilter"]["tickSize"]
        lot = row["lotSizeFilter"]
        self.step = lot.get("qtyStep") or lot["basePrecision"]
        self.qty_min = dec(lot["minOrderQty"])
        self.value_min = dec(lot.get("minNotionalValue") or lot["minOrderAmt"])

    def qty(self, price, times=2):
        """A size that is worth at least `times` the smallest order."""
        return plain(max(ceil_to(self.value_min * times / dec(price), self.step), self.qty_min * times))


class Bybit:
    """One run against the simulated Bybit."""

    def __init__(self, venue, ca, checks):
        self.c = checks
        self.ca = ca
        self.key = {"api_key": venue.key, "api_secret": venue.secret}
        self.http = client(ca, **self.key)
        self.open = client(ca)
        self.rules = {}

    def book(self, category):
        """Bids and asks of now."""
        result = self.open.get_orderbook(category=category, symbol=SYMBOL, limit=50)["result"]
        check_book(result["b"], result["a"])
        return result

    def market(self):
        """Everything that needs no key."""
        c, http = self.c, self.open
        with c.check("server time"):
            answer = http.get_server_time()
            expect(near(answer["time"]), f"{answer}")
            expect(answer["result"]["timeNano"][:10] == answer["result"]["timeSecond"], "nano is not second")
        for category in ("linear", "spot"):
            with c.check(f"instruments-info {category}"):
                result = http.get_instruments_info(category=category, symbol=SYMBOL)["result"]
                row = result["list"][0]
                expect(row["symbol"] == SYMBOL and row["status"] == "Trading", f"{row}")
                expect((row["baseCoin"], row["quoteCoin"]) == ("BTC", "USDT"), f"{row}")
                self.rules[category] = Rules(row)
                if category == "linear":
                    expect(row["contractType"] == "LinearPerpetual", f"{row}")
                    expect(row["fundingInterval"] % 60 == 0, "the funding interval is in minutes")
            with c.check(f"instruments-info {category}, all, paged"):
                seen, cursor = set(), ""
                while True:
                    result = http.get_instruments_info(category=category, limit=1, cursor=cursor)["result"]
                    seen.update(row["symbol"] for row in result["list"])
                    cursor = result.get("nextPageCursor", "")
                    if category == "spot" or not cursor:
                        break
                expect(SYMBOL in seen, f"{seen}")
            with c.check(f"orderbook {category}"):
                book = self.book(category)
                expect(book["s"] == SYMBOL and book["u"] > 0 and near(book["ts"]), f"{book['u']}")
            with c.check(f"recent-trade {category}"):
                recent = lambda: http.get_public_trade_history(category=category, symbol=SYMBOL, limit=10)["result"]["list"]
                rows = eventually(recent, what="a trade")
                expect(all(row["side"] in ("Buy", "Sell") for row in rows), f"{rows[:1]}")
        with c.check("tickers linear: funding"):
            row = http.get_tickers(category="linear", symbol=SYMBOL)["result"]["list"][0]
            expect(abs(dec(row["fundingRate"])) < 1, f"{row}")
            expect(int(row["nextFundingTime"]) / 1000 > time.time() - 1, f"{row}")
            expect(dec(row["bid1Price"]) < dec(row["ask1Price"]), f"{row}")
            expect(dec(row["markPrice"]) > 0 and dec(row["indexPrice"]) > 0, f"{row}")
        with c.check("tickers spot"):
            row = http.get_tickers(category="spot", symbol=SYMBOL)["result"]["list"][0]
            expect(dec(row["lastPrice"]) > 0 and "fundingRate" not in row, f"{row}")
        with c.check("funding history, newest first"):
            rows = http.get_funding_rate_history(category="linear", symbol=SYMBOL, limit=5)["result"]["list"]
            stamps = [int(row["fundingRateTimestamp"]) for row in rows]
            expect(rows and stamps == sorted(stamps, reverse=True), f"{rows}")
        with c.check("an unknown symbol is refused (10001)"):
            refused(10001, lambda: http.get_orderbook(category="linear", symbol="NOPEUSDT"))
        with c.check("funding history with startTime alone is refused (10001)"):
            refused(10001, lambda: http.get_funding_rate_history(category="linear", symbol=SYMBOL, startTime=1))

    def account(self):
        """Balances, positions, settings."""
        c, http = self.c, self.http
        with c.check("query-api"):
            row = http.get_api_key_information()["result"]
            expect(row["apiKey"] == self.key["api_key"] and row["readOnly"] == 0, f"{row}")
        with c.check("account info"):
            expect(http.get_account_info()["result"]["unifiedMarginStatus"] >= 3, "not a unified account")
        with c.check("fee rates"):
            row = http.get_fee_rates(category="linear", symbol=SYMBOL)["result"]["list"][0]
            expect(dec(row["takerFeeRate"]) >= dec(row["makerFeeRate"]), f"{row}")
        with c.check("wallet balance"):
            row = http.get_wallet_balance(accountType="UNIFIED")["result"]["list"][0]
            coins = {coin["coin"]: coin for coin in row["coin"]}
            expect(dec(coins["USDT"]["walletBalance"]) > 0, f"{coins}")
        with c.check("positions"):
            rows = http.get_positions(category="linear", symbol=SYMBOL)["result"]["list"]
            expect(rows and rows[0]["symbol"] == SYMBOL and rows[0]["positionIdx"] == 0, f"{rows}")
        with c.check("set leverage, and the same again (110043)"):
            now = dec(http.get_positions(category="linear", symbol=SYMBOL)["result"]["list"][0]["leverage"])
            other = "5" if now != 5 else "10"
            call = lambda: http.set_leverage(category="linear", symbol=SYMBOL, buyLeverage=other, sellLeverage=other)
            call()
            refused(110043, call)
        with c.check("position mode not modified (110025)"):
            refused(110025, lambda: http.switch_position_mode(category="linear", symbol=SYMBOL, mode=0))
        with c.check("a wrong signature is refused (10004)"):
            bad = client(self.ca, api_key=self.key["api_key"], api_secret="wrong" * 6)
            refused(10004, lambda: bad.get_account_info())
        with c.check("an unknown key is refused (10003)"):
            bad = client(self.ca, api_key="nobodyhasthiskey", api_secret="wrong" * 6)
            refused(10003, lambda: bad.get_account_info())

    def resting(self, category):
        """A limit order that rests: placed, found, amended, refused twice, cancelled."""
        c, http, rules = self.c, self.http, self.rules[category]
        price = floor_to(dec(self.book(category)["b"][0][0]) * dec("0.9"), rules.tick)
        qty, link = rules.qty(price), link_id()
        order = dict(category=category, symbol=SYMBOL, side="Buy", orderType="Limit", qty=qty,
                     price=plain(price), timeInForce="PostOnly", orderLinkId=link)
        with c.check(f"{category}: place a resting limit"):
            placed = http.place_order(**order)["result"]
            expect(placed["orderLinkId"] == link and placed["orderId"], f"{placed}")
        with c.check(f"{category}: it is among the open orders"):
            row = eventually(lambda: self.find(category, link), what="the order")
            expect(row["orderStatus"] == "New" and dec(row["leavesQty"]) == dec(qty), f"{row}")
            expect(row["timeInForce"] == "PostOnly" and dec(row["price"]) == price, f"{row}")
        with c.check(f"{category}: the same orderLinkId again is refused"):
            refused(110072 if category == "linear" else 170141, lambda: http.place_order(**order))
        with c.check(f"{category}: amend price and size"):
            lower, more = price - dec(rules.tick) * 10, dec(qty) + dec(rules.step)
            http.amend_order(category=category, symbol=SYMBOL, orderLinkId=link, price=plain(lower), qty=plain(more))
            changed = lambda: (row := self.find(category, link)) and dec(row["price"]) == lower and row
            row = eventually(changed, what="the amended price")
            expect(dec(row["qty"]) == more, f"{row}")
        with c.check(f"{category}: cancel, history says so, and cancelling again is refused"):
            http.cancel_order(category=category, symbol=SYMBOL, orderLinkId=link)
            row = eventually(lambda: self.past(category, link, "Cancelled"), what="Cancelled")
            expect(dec(row["cumExecQty"]) == 0 and row["cancelType"] == "CancelByUser", f"{row}")
            gone = lambda: http.cancel_order(category=category, symbol=SYMBOL, orderLinkId=link)
            refused(110001 if category == "linear" else 170142, gone)

    def find(self, category, link):
        """An open order by its client id."""
        rows = self.http.get_open_orders(category=category, symbol=SYMBOL, orderLinkId=link)["result"]["list"]
        return rows[0] if rows else None

    def past(self, category, link, status):
        """A finished order by its client id."""
        rows = self.http.get_order_history(category=category, symbol=SYMBOL, orderLinkId=link)["result"]["list"]
        return next((row for row in rows if row["orderStatus"] == status), None)

    def refusals(self):
        """Orders that break a rule."""
        c, http = self.c, self.http
        for category, codes in (("linear", (110003, 10001, 110094)), ("spot", (170134, 170137, 170140))):
            rules = self.rules[category]
            price = floor_to(dec(self.book(category)["b"][0][0]) * dec("0.9"), rules.tick)
            base = dict(category=category, symbol=SYMBOL, side="Buy", orderType="Limit", timeInForce="GTC")
            off_tick = plain(price + dec(rules.tick) / 2)
            off_step = plain(dec(rules.qty(price)) + dec(rules.step) / 2)
            small = rules.qty_min
            if small * price >= rules.value_min:
                price = floor_to(rules.value_min / small / 2, rules.tick)
            with c.check(f"{category}: a price off the tick is refused ({codes[0]})"):
                refused(codes[0], lambda: http.place_order(**base, qty=rules.qty(price), price=off_tick))
            with c.check(f"{category}: a size off the step is refused ({codes[1]})"):
                refused(codes[1], lambda: http.place_order(**base, qty=off_step, price=off_tick[:-2] or plain(price)))
            with c.check(f"{category}: a too small notional is refused ({codes[2]})"):
                refused(codes[2], lambda: http.place_order(**base, qty=plain(small), price=plain(price)))
        with c.check("linear: more than the balance is refused (110007)"):
            rules = self.rules["linear"]
            price = floor_to(dec(self.book("linear")["b"][0][0]), rules.tick)
            refused(110007, lambda: http.place_order(category="linear", symbol=SYMBOL, side="Buy", orderType="Limit",
                                                     qty="90", price=plain(price), timeInForce="GTC"))
        with c.check("linear: reduce-only without a position is refused (110017)"):
            refused(110017, lambda: http.place_order(category="linear", symbol=SYMBOL, side="Sell", orderType="Market",
                                                     qty=plain(self.rules["linear"].qty_min), reduceOnly=True))
        with c.check("amending an unknown order is refused (110001)"):
            refused(110001, lambda: http.amend_order(category="linear", symbol=SYMBOL, orderLinkId=link_id(), qty="1"))

    def filling(self):
        """A market order in and out on the perpetual; a market buy on spot."""
        c, http, rules = self.c, self.http, self.rules["linear"]
        book = self.book("linear")
        qty, link = rules.qty(book["a"][0][0]), link_id()
        with c.check("linear: a market buy fills"):
            http.place_order(category="linear", symbol=SYMBOL, side="Buy", orderType="Market", qty=qty, orderLinkId=link)
            row = eventually(lambda: self.past("linear", link, "Filled"), what="Filled")
            expect(dec(row["cumExecQty"]) == dec(qty) and dec(row["avgPrice"]) > 0, f"{row}")
        with c.check("linear: its executions, with the taker's fee"):
            rows = http.get_executions(category="linear", symbol=SYMBOL, orderLinkId=link)["result"]["list"]
            expect(sum(dec(row["execQty"]) for row in rows) == dec(qty), f"{rows}")
            for row in rows:
                expect(row["execType"] == "Trade" and not row["isMaker"], f"{row}")
                fee = dec(row["execPrice"]) * dec(row["execQty"]) * dec(row["feeRate"])
                expect(abs(fee - dec(row["execFee"])) < dec("0.00000001"), f"fee {fee}: {row}")
        with c.check("linear: the position holds it"):
            row = http.get_positions(category="linear", symbol=SYMBOL)["result"]["list"][0]
            expect(row["side"] == "Buy" and dec(row["size"]) == dec(qty) and dec(row["avgPrice"]) > 0, f"{row}")
        with c.check("linear: reduce-only sell closes it"):
            link = link_id()
            http.place_order(category="linear", symbol=SYMBOL, side="Sell", orderType="Market", qty=qty,
                             reduceOnly=True, orderLinkId=link)
            eventually(lambda: self.past("linear", link, "Filled"), what="Filled")
            row = http.get_positions(category="linear", symbol=SYMBOL)["result"]["list"][0]
            expect(row["side"] == "" and dec(row["size"]) == 0, f"{row}")
        with c.check("transaction log has the trades"):
            rows = http.get_transaction_log(accountType="UNIFIED", category="linear", limit=20)["result"]["list"]
            expect(any(row["type"] == "TRADE" and row["symbol"] == SYMBOL for row in rows), f"{rows[:1]}")
        with c.check("spot: a market buy of 50 USDT changes the balances"):
            before, link = self.coin("BTC"), link_id()
            http.place_order(category="spot", symbol=SYMBOL, side="Buy", orderType="Market", qty="50", orderLinkId=link)
            row = eventually(lambda: self.past("spot", link, "Filled") or self.past("spot", link, "PartiallyFilledCanceled"),
                             what="Filled")
            expect(0 < dec(row["cumExecValue"]) <= 50, f"{row}")
            expect(self.coin("BTC") > before, "no BTC came")
        with c.check("spot: an IOC limit sells it again"):
            spot = self.rules["spot"]
            price = floor_to(dec(self.book("spot")["b"][0][0]) * dec("0.99"), spot.tick)
            qty, link = floor_to(self.coin("BTC") - before, spot.step), link_id()
            http.place_order(category="spot", symbol=SYMBOL, side="Sell", orderType="Limit", timeInForce="IOC",
                             qty=plain(qty), price=plain(price), orderLinkId=link)
            row = eventually(lambda: self.past("spot", link, "Filled"), what="Filled")
            expect(dec(row["cumExecQty"]) == qty, f"{row}")

    def coin(self, name):
        """The wallet's balance of a coin."""
        row = self.http.get_wallet_balance(accountType="UNIFIED", coin=name)["result"]["list"][0]
        return next((dec(coin["walletBalance"]) for coin in row["coin"] if coin["coin"] == name), dec(0))

    def batches(self):
        """Several orders in one request, and cancel-all."""
        c, http, rules = self.c, self.http, self.rules["linear"]
        price = floor_to(dec(self.book("linear")["b"][0][0]) * dec("0.9"), rules.tick)
        links = [link_id(), link_id()]
        rows = [dict(symbol=SYMBOL, side="Buy", orderType="Limit", qty=rules.qty(price), price=plain(price),
                     timeInForce="GTC", orderLinkId=link) for link in links]
        with c.check("batch place, one of three refused"):
            answer = http.place_batch_order(category="linear", request=rows + [dict(rows[0])])
            codes = [row["code"] for row in answer["retExtInfo"]["list"]]
            expect(codes == [0, 0, 110072], f"{answer}")
        with c.check("batch amend"):
            request = [dict(symbol=SYMBOL, orderLinkId=links[0], price=plain(price - dec(rules.tick)))]
            answer = http.amend_batch_order(category="linear", request=request)
            expect(answer["retExtInfo"]["list"][0]["code"] == 0, f"{answer}")
        with c.check("batch cancel"):
            answer = http.cancel_batch_order(category="linear", request=[dict(symbol=SYMBOL, orderLinkId=links[0])])
            expect(answer["retExtInfo"]["list"][0]["code"] == 0, f"{answer}")
        with c.check("cancel-all leaves nothing open"):
            rows = http.cancel_all_orders(category="linear", symbol=SYMBOL)["result"]["list"]
            expect([row["orderLinkId"] for row in rows] == [links[1]], f"{rows}")
            empty = lambda: not http.get_open_orders(category="linear", symbol=SYMBOL)["result"]["list"]
            eventually(empty, what="an empty list")

    def streams(self):
        """The public streams, through the SDK's own book and ticker merging."""
        c = self.c
        for category in ("linear", "spot"):
            ws = WebSocket(channel_type=category, testnet=False)
            book, top, trades, ticker = Inbox(), Inbox(), Inbox(), Inbox()
            ws.orderbook_stream(50, SYMBOL, book)
            ws.orderbook_stream(1, SYMBOL, top)
            ws.trade_stream(SYMBOL, trades)
            ws.ticker_stream(SYMBOL, ticker)
            with c.check(f"{category} stream: orderbook.50, 30 updates merge into a sane book"):
                book.wait(lambda m: len(book.messages) >= 30, what="30 books", seconds=30)
                last = book.messages[-1]["data"]
                bids = sorted(last["b"], key=lambda level: -dec(level[0]))
                asks = sorted(last["a"], key=lambda level: dec(level[0]))
                check_book(bids, asks)
                expect(len(bids) <= 50 and len(asks) <= 50, f"{len(bids)} bids, {len(asks)} asks: more than 50")
                ids = [m["data"]["u"] for m in book.messages]
                expect(ids == sorted(ids), "update ids run backwards")
            with c.check(f"{category} stream: orderbook.1"):
                message = top.wait(lambda m: m["data"]["b"] and m["data"]["a"], what="top of book")
                expect(near(message["ts"]) and near(message["cts"]), f"{message}")
            with c.check(f"{category} stream: publicTrade"):
                row = trades.wait(lambda m: m["data"], what="trade", seconds=30)["data"][0]
                expect(row["s"] == SYMBOL and row["S"] in ("Buy", "Sell") and dec(row["v"]) > 0, f"{row}")
            with c.check(f"{category} stream: tickers"):
                data = ticker.wait(lambda m: len(ticker.messages) >= 3, what="third ticker")["data"]
                expect(data["symbol"] == SYMBOL and dec(data["lastPrice"]) > 0, f"{data}")
                if category == "linear":
                    expect(data["fundingRate"] and int(data["nextFundingTime"]) > 0, f"{data}")
            ws.exit()

    def private(self):
        """The private streams while the trading WebSocket places, amends and cancels."""
        c, rules = self.c, self.rules["linear"]
        ws = WebSocket(channel_type="private", testnet=False, **self.key)
        orders, fills, positions, wallets = Inbox(), Inbox(), Inbox(), Inbox()
        ws.order_stream(orders)
        ws.execution_stream(fills)
        ws.position_stream(positions)
        ws.wallet_stream(wallets)
        trade = WebSocketTrading(testnet=False, **self.key)
        with c.check("trade WebSocket: authenticated"):
            eventually(lambda: trade.auth and ws.auth, what="auth")
        price = floor_to(dec(self.book("linear")["b"][0][0]) * dec("0.9"), rules.tick)
        qty, link = rules.qty(price), link_id()
        acks, errors = Inbox(), Inbox()
        order = dict(category="linear", symbol=SYMBOL, side="Buy", orderType="Limit", qty=qty, price=plain(price),
                     timeInForce="GTC", orderLinkId=link)
        of = lambda link, status: lambda m: any(
            row["orderLinkId"] == link and row["orderStatus"] == status for row in m["data"])
        with c.check("trade WebSocket: order.create is acknowledged with the limit headers"):
            trade.place_order(acks, errors, **order)
            ack = acks.wait(lambda m: m["op"] == "order.create", what="ack")
            expect(ack["data"]["orderLinkId"] == link, f"{ack}")
            expect(int(ack["header"]["X-Bapi-Limit-Status"]) < int(ack["header"]["X-Bapi-Limit"]), f"{ack}")
        with c.check("private stream: order New"):
            orders.wait(of(link, "New"), what="New")
        with c.check("trade WebSocket: order.amend"):
            trade.amend_order(acks, category="linear", symbol=SYMBOL, orderLinkId=link, price=plain(price - dec(rules.tick)))
            acks.wait(lambda m: m["op"] == "order.amend", what="ack")
            lower = lambda m: any(dec(r["price"]) == price - dec(rules.tick) for r in m["data"] if r["orderLinkId"] == link)
            orders.wait(lower, what="amended order")
        with c.check("trade WebSocket: order.cancel"):
            trade.cancel_order(acks, category="linear", symbol=SYMBOL, orderLinkId=link)
            acks.wait(lambda m: m["op"] == "order.cancel", what="ack")
            orders.wait(of(link, "Cancelled"), what="Cancelled")
        with c.check("trade WebSocket: cancelling it again is refused (110001)"):
            trade.cancel_order(acks, error_callback=errors, category="linear", symbol=SYMBOL, orderLinkId=link)
            error = errors.wait(lambda m: m["retCode"] != 0, what="refusal")
            expect(error["retCode"] == 110001, f"{error}")
        with c.check("private stream: PostOnly that would take is cancelled with its reason"):
            link = link_id()
            ask = dec(self.book("linear")["a"][0][0])
            cross = plain(ceil_to(ask * dec("1.01"), rules.tick))
            self.http.place_order(category="linear", symbol=SYMBOL, side="Buy", orderType="Limit",
                                  qty=rules.qty(ask), price=cross, timeInForce="PostOnly", orderLinkId=link)
            message = orders.wait(of(link, "Cancelled"), what="Cancelled")
            row = next(r for r in message["data"] if r["orderLinkId"] == link)
            expect(row["rejectReason"] == "EC_PostOnlyWillTakeLiquidity", f"{row}")
        for side, reduce in (("Buy", False), ("Sell", True)):
            link = link_id()
            self.http.place_order(category="linear", symbol=SYMBOL, side=side, orderType="Market", qty=qty,
                                  reduceOnly=reduce, orderLinkId=link)
            with c.check(f"private stream: execution and Filled of a market {side}"):
                orders.wait(of(link, "Filled"), what="Filled")
                message = fills.wait(lambda m: any(r["orderLinkId"] == link for r in m["data"]), what="execution")
                row = next(r for r in message["data"] if r["orderLinkId"] == link)
                expect(row["execType"] == "Trade" and dec(row["execFee"]) > 0 and row["side"] == side, f"{row}")
            with c.check(f"private stream: position after the {side}"):
                size = dec(0) if reduce else dec(qty)
                positions.wait(lambda m: any(dec(r["size"]) == size for r in m["data"]), what="position")
            with c.check(f"private stream: wallet after the {side}"):
                wallets.wait(lambda m: any(coin["coin"] == "USDT" for r in m["data"] for coin in r["coin"]), what="wallet")
                wallets.messages.clear()
                positions.messages.clear()
        trade.exit()
        ws.exit()


def main():
    """Everything, in an order in which what is needed later comes first."""
    venues = Venues(sys.argv[1])
    venue = venues.venue("bybit")
    point_at(venue)
    checks = Checks("pybit")
    run = Bybit(venue, venues.ca, checks)
    run.market()
    run.account()
    run.resting("linear")
    run.resting("spot")
    run.refusals()
    run.filling()
    run.batches()
    run.streams()
    run.private()
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main())
