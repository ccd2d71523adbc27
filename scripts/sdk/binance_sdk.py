"""Binance as Binance's own connectors see it: `binance-sdk-spot` and the one for USD-M futures.

Changed in the clients: the address fields of their configurations and, by the environment, the CA.
The connectors hold every REST answer and stream message against generated models and log what does
not fit; here that is a failed check.
"""

import asyncio
import json
import logging
import sys
import uuid

from binance_common.configuration import (
    ConfigurationRestAPI,
    ConfigurationWebSocketAPI,
    ConfigurationWebSocketStreams,
)
from binance_sdk_derivatives_trading_usds_futures.derivatives_trading_usds_futures import (
    DerivativesTradingUsdsFutures,
)
from binance_sdk_spot.spot import Spot

from checks import Checks, Inbox, Venues, check_book, dec, eventually, expect, floor_to, near, plain

SYMBOL = "BTCUSDT"


class Misfits(logging.Handler):
    """Collects what the connectors say about answers that do not fit their models."""

    def __init__(self):
        super().__init__(logging.WARNING)
        self.said = []

    def emit(self, record):
        text = record.getMessage()
        if "did not match" in text or "Failed to parse" in text or "validation error" in text:
            self.said.append(text)


def raw(data):
    """What an answer holds, as plain Python with the venue's own names."""
    if hasattr(data, "to_dict"):
        return data.to_dict()
    if hasattr(data, "model_dump"):
        return data.model_dump(by_alias=True)
    if isinstance(data, list):
        return [raw(row) for row in data]
    return data


def rows(data):
    """The rows of an answer that is a list; some models wrap lists."""
    data = raw(data)
    if isinstance(data, dict) and len(data) == 1:
        data = next(iter(data.values()))
    return data if isinstance(data, list) else [data]


def refused(code, call):
    """Checks that a REST call fails with that code."""
    try:
        answer = call()
    except Exception as why:  # the connectors have a class per HTTP status
        found = getattr(why, "status_code", None)
        expect(found == code, f"expected {code}, got {found}: {why}")
        return
    raise AssertionError(f"expected {code}, but it was accepted: {raw(answer.data())}")


def name():
    """A client order id nobody used."""
    return "sdk" + uuid.uuid4().hex[:20]


def rule(row, kind):
    """A filter of an instrument."""
    return next(one for one in row["filters"] if one["filterType"] == kind)


def configure(venue, path, stream):
    """The three configurations of a connector."""
    keys = dict(api_key=venue.key, api_secret=venue.secret)
    return (
        ConfigurationRestAPI(base_path=venue.rest, timeout=10_000, retries=0, **keys),
        ConfigurationWebSocketAPI(stream_url=venue.ws + path, **keys),
        ConfigurationWebSocketStreams(stream_url=venue.ws + stream),
    )


class SpotRun:
    """Spot: REST, WebSocket API, streams."""

    def __init__(self, venue, checks):
        self.c = checks
        self.venue = venue
        rest, api, streams = configure(venue, "/ws-api/v3", "")
        self.client = Spot(config_rest_api=rest, config_ws_api=api, config_ws_streams=streams)
        self.rest = self.client.rest_api
        self.row = None

    def top(self):
        """Best bid and ask."""
        row = raw(self.rest.ticker_book_ticker(symbol=SYMBOL).data())
        row = row.get("actual_instance", row) if isinstance(row, dict) else row
        return dec(row["bidPrice"]), dec(row["askPrice"])

    def resting(self):
        """A price and a size of an order that rests."""
        tick, step = rule(self.row, "PRICE_FILTER")["tickSize"], rule(self.row, "LOT_SIZE")["stepSize"]
        price = floor_to(self.top()[0] * dec("0.9"), tick)
        qty = floor_to(dec(rule(self.row, "NOTIONAL")["minNotional"]) * 2 / price, step) + dec(step)
        return plain(price), plain(qty)

    def market(self):
        """What needs no key."""
        c, rest = self.c, self.rest
        with c.check("spot: server time"):
            expect(near(raw(rest.time().data())["serverTime"]), "not the time of now")
        with c.check("spot: exchangeInfo"):
            info = raw(rest.exchange_info(symbol=SYMBOL).data())
            self.row = next(row for row in info["symbols"] if row["symbol"] == SYMBOL)
            expect(self.row["status"] == "TRADING" and self.row["baseAsset"] == "BTC", f"{self.row}")
            expect({"PRICE_FILTER", "LOT_SIZE", "NOTIONAL"} <= {f["filterType"] for f in self.row["filters"]}, "filters")
        with c.check("spot: depth"):
            book = raw(rest.depth(symbol=SYMBOL, limit=100).data())
            check_book(book["bids"], book["asks"])
            expect(book["lastUpdateId"] > 0, "no update id")
        with c.check("spot: ticker/bookTicker"):
            bid, ask = self.top()
            expect(0 < bid < ask, f"{bid} {ask}")
        with c.check("spot: an unknown symbol is refused (-1121)"):
            refused(-1121, lambda: rest.depth(symbol="NOPEUSDT"))

    def account(self):
        """Balances."""
        c, rest = self.c, self.rest
        with c.check("spot: account"):
            balances = {row["asset"]: row for row in raw(rest.get_account().data())["balances"]}
            expect(dec(balances["USDT"]["free"]) > 0, f"{balances}")
        with c.check("spot: no open orders yet"):
            expect(rows(rest.get_open_orders(symbol=SYMBOL).data()) in ([], [{}]), "there are some")
        with c.check("spot: a wrong signature is refused (-1022)"):
            bad = Spot(config_rest_api=ConfigurationRestAPI(
                api_key=self.venue.key, api_secret="wrong", base_path=self.venue.rest, retries=0))
            refused(-1022, bad.rest_api.get_account)
        with c.check("spot: an unknown key is refused (-2015 or -2014)"):
            bad = Spot(config_rest_api=ConfigurationRestAPI(
                api_key="x" * 64, api_secret="wrong", base_path=self.venue.rest, retries=0))
            refused(-2015, bad.rest_api.get_account)

    def orders(self):
        """Placing, finding, cancelling, refusals, fills over REST."""
        c, rest = self.c, self.rest
        price, qty = self.resting()
        mine = name()
        order = dict(symbol=SYMBOL, side="BUY", type="LIMIT", time_in_force="GTC", quantity=qty, price=price,
                     new_client_order_id=mine)
        with c.check("spot: place a resting limit"):
            row = raw(rest.new_order(**order).data())
            expect(row["status"] == "NEW" and row["clientOrderId"] == mine and row["fills"] == [], f"{row}")
        with c.check("spot: query it"):
            row = raw(rest.get_order(symbol=SYMBOL, orig_client_order_id=mine).data())
            expect(row["status"] == "NEW" and dec(row["price"]) == dec(price), f"{row}")
            expect(mine in json.dumps(rows(rest.get_open_orders(symbol=SYMBOL).data())), "it is not open")
        with c.check("spot: the same client id again is refused (-2010)"):
            refused(-2010, lambda: rest.new_order(**order))
        with c.check("spot: cancel"):
            row = raw(rest.delete_order(symbol=SYMBOL, orig_client_order_id=mine).data())
            row = row.get("actual_instance", row)
            expect(row["status"] == "CANCELED" and row["origClientOrderId"] == mine, f"{row}")
        with c.check("spot: cancelling it again is refused (-2011)"):
            refused(-2011, lambda: rest.delete_order(symbol=SYMBOL, orig_client_order_id=mine))
        with c.check("spot: a query of an unknown order is refused (-2013)"):
            refused(-2013, lambda: rest.get_order(symbol=SYMBOL, orig_client_order_id=name()))
        bad = [("a price off the tick", dict(price=plain(dec(price) + dec("0.001"))), -1013),
               ("a size off the step", dict(quantity=plain(dec(qty) + dec("0.000001"))), -1013),
               ("a too small notional", dict(quantity="0.00001"), -1013),
               ("more than the balance", dict(quantity="20"), -2010)]
        for what, change, code in bad:
            with c.check(f"spot: {what} is refused ({code})"):
                refused(code, lambda: rest.new_order(**{**order, **change, "new_client_order_id": name()}))
        with c.check("spot: a post-only that would take is refused (-2010)"):
            ask = plain(self.top()[1] + 50)
            refused(-2010, lambda: rest.new_order(symbol=SYMBOL, side="BUY", type="LIMIT_MAKER", quantity=qty, price=ask))
        with c.check("spot: a market buy fills and changes the balances"):
            before = self.coin("BTC")
            row = raw(rest.new_order(symbol=SYMBOL, side="BUY", type="MARKET", quantity=qty).data())
            expect(row["status"] == "FILLED" and dec(row["executedQty"]) == dec(qty), f"{row}")
            got = sum(dec(f["qty"]) - (dec(f["commission"]) if f["commissionAsset"] == "BTC" else 0) for f in row["fills"])
            expect(self.coin("BTC") == before + got, f"{before} and {got} is not {self.coin('BTC')}")
        with c.check("spot: an IOC that cannot fill expires"):
            row = raw(rest.new_order(**{**order, "time_in_force": "IOC", "new_client_order_id": name()}).data())
            expect(row["status"] == "EXPIRED" and dec(row["executedQty"]) == 0, f"{row}")
        with c.check("spot: myTrades"):
            found = rows(rest.my_trades(symbol=SYMBOL).data())
            expect(found and dec(found[-1]["qty"]) > 0, f"{found[-1:]}")

    def coin(self, asset):
        """Free and locked of an asset."""
        row = next(row for row in raw(self.rest.get_account().data())["balances"] if row["asset"] == asset)
        return dec(row["free"]) + dec(row["locked"])

    async def streams(self):
        """Public streams."""
        c = self.c
        connection = await self.client.websocket_streams.create_connection()
        boxes = {}
        makers = {
            "bookTicker": lambda: connection.book_ticker(symbol="btcusdt"),
            "depth": lambda: connection.diff_book_depth(symbol="btcusdt", update_speed="100ms"),
            "trade": lambda: connection.trade(symbol="btcusdt"),
        }
        for what, make in makers.items():
            boxes[what] = Inbox()
            (await make()).on("message", boxes[what])
        with c.check("spot stream: bookTicker"):
            row = raw(await wait(boxes["bookTicker"], lambda m: True))
            expect(dec(row["b"]) < dec(row["a"]) and row["s"] == SYMBOL and "E" not in row, f"{row}")
        with c.check("spot stream: depth, each update joined to the one before"):
            await wait(boxes["depth"], lambda m: len(boxes["depth"].messages) > 20, seconds=30)
            ids = [(raw(m)["U"], raw(m)["u"]) for m in boxes["depth"].messages]
            expect(all(b[0] == a[1] + 1 for a, b in zip(ids, ids[1:])), f"{ids}")
        with c.check("spot stream: trade"):
            row = raw(await wait(boxes["trade"], lambda m: True, seconds=30))
            expect(dec(row["p"]) > 0 and dec(row["q"]) > 0, f"{row}")
        await connection.close_connection()

    async def api(self):
        """The WebSocket API and the user data stream on it."""
        c = self.c
        api = self.client.websocket_api
        await api.create_connection()
        news = Inbox()
        with c.check("spot WS API: time"):
            expect(near(raw((await api.time()).data())["result"]["serverTime"]), "not the time of now")
        with c.check("spot WS API: userDataStream.subscribe.signature"):
            answer = await api.user_data_stream_subscribe_signature()
            answer.stream.on("message", lambda event: news(raw(event)))
        price, qty = self.resting()
        mine = name()
        with c.check("spot WS API: order.place"):
            answer = await api.order_place(symbol=SYMBOL, side="BUY", type="LIMIT", time_in_force="GTC", price=price,
                                           quantity=qty, new_client_order_id=mine)
            row = raw(answer.data())
            expect(row.get("status") == 200 and row["result"]["status"] == "NEW", f"{row}")
            expect(answer.rate_limits, "no rate limits")
        with c.check("spot user stream: executionReport NEW"):
            await wait(news, lambda m: said(m, mine, "NEW"))
        with c.check("spot WS API: order.status"):
            row = raw((await api.order_status(symbol=SYMBOL, orig_client_order_id=mine)).data())
            expect(row["result"]["clientOrderId"] == mine, f"{row}")
        with c.check("spot WS API: order.cancel"):
            row = raw((await api.order_cancel(symbol=SYMBOL, orig_client_order_id=mine)).data())
            expect(row.get("status") == 200, f"{row}")
            await wait(news, lambda m: said(m, mine, "CANCELED", "C"))
        with c.check("spot WS API: cancelling it again is refused (-2011)"):
            row = raw((await api.order_cancel(symbol=SYMBOL, orig_client_order_id=mine)).data())
            expect(row.get("error", {}).get("code") == -2011, f"{row}")
        with c.check("spot WS API: a market sell, its TRADE and its balances"):
            other = name()
            row = raw((await api.order_place(symbol=SYMBOL, side="SELL", type="MARKET", quantity=qty,
                                             new_client_order_id=other)).data())
            expect(row["result"]["status"] == "FILLED", f"{row}")
            event = body(await wait(news, lambda m: said(m, other, "FILLED")))
            expect(event["x"] == "TRADE" and dec(event["n"]) > 0, f"{event}")
            await wait(news, lambda m: any(row.get("a") == "BTC" for row in body(m).get("B", [])))
        await api.close_connection()


def body(message):
    """An event as a plain object, whatever wraps it."""
    while isinstance(message, dict) and "actual_instance" in message:
        message = raw(message["actual_instance"])
    return message if isinstance(message, dict) else {}


def said(message, mine, status, field="c"):
    """Whether an event tells of our order in that state."""
    event = body(message)
    order = body(event.get("o")) if isinstance(event.get("o"), dict) else event
    return mine in (order.get(field), order.get("c")) and order.get("X") == status


async def wait(inbox, wanted, **how):
    """Waits for a message without holding up the event loop."""
    return await asyncio.get_running_loop().run_in_executor(None, lambda: inbox.wait(wanted, **how))


class FuturesRun:
    """USD-M: REST, WebSocket API, the three routed stream connections."""

    def __init__(self, venue, checks):
        self.c = checks
        self.venue = venue
        rest, api, streams = configure(venue, "/ws-fapi/v1", "")
        self.client = DerivativesTradingUsdsFutures(config_rest_api=rest, config_ws_api=api, config_ws_streams=streams)
        self.rest = self.client.rest_api
        self.row = None

    def top(self):
        """Best bid and ask."""
        row = raw(self.rest.symbol_order_book_ticker(symbol=SYMBOL).data())
        row = row.get("actual_instance", row)
        return dec(row["bidPrice"]), dec(row["askPrice"])

    def resting(self):
        """A price and a size of an order that rests."""
        tick, step = rule(self.row, "PRICE_FILTER")["tickSize"], rule(self.row, "LOT_SIZE")["stepSize"]
        price = floor_to(self.top()[0] * dec("0.97"), tick)
        qty = floor_to(dec(rule(self.row, "MIN_NOTIONAL")["notional"]) * 2 / price, step) + dec(step)
        return plain(price), plain(qty)

    def market(self):
        """What needs no key."""
        c, rest = self.c, self.rest
        with c.check("futures: server time"):
            expect(near(raw(rest.check_server_time().data())["serverTime"]), "not the time of now")
        with c.check("futures: exchangeInfo"):
            info = raw(rest.exchange_information().data())
            self.row = next(row for row in info["symbols"] if row["symbol"] == SYMBOL)
            expect(self.row["contractType"] == "PERPETUAL" and self.row["status"] == "TRADING", f"{self.row}")
        with c.check("futures: depth"):
            book = raw(rest.order_book(symbol=SYMBOL, limit=100).data())
            check_book(book["bids"], book["asks"])
            expect(near(book["T"]) and book["lastUpdateId"] > 0, "times or update id")
        with c.check("futures: premiumIndex"):
            row = body(raw(rest.mark_price(symbol=SYMBOL).data()))
            expect(dec(row["markPrice"]) > 0 and int(row["nextFundingTime"]) > 0 and abs(dec(row["lastFundingRate"])) < 1, f"{row}")
        with c.check("futures: fundingInfo"):
            raw(rest.get_funding_rate_info().data())
        with c.check("futures: fundingRate, oldest first"):
            found = rows(rest.get_funding_rate_history(symbol=SYMBOL, limit=3).data())
            times = [row["fundingTime"] for row in found]
            expect(times and times == sorted(times), f"{found}")
        with c.check("futures: an unknown symbol is refused (-1121)"):
            refused(-1121, lambda: rest.order_book(symbol="NOPEUSDT"))

    def account(self):
        """Balances, positions, settings."""
        c, rest = self.c, self.rest
        with c.check("futures: balance"):
            found = {row["asset"]: row for row in rows(rest.futures_account_balance_v3().data())}
            expect(dec(found["USDT"]["balance"]) > 0, f"{found}")
        with c.check("futures: account"):
            row = raw(rest.account_information_v3().data())
            expect(dec(row["totalWalletBalance"]) > 0, f"{row}")
        with c.check("futures: positionRisk"):
            rows(rest.position_information_v3(symbol=SYMBOL).data())
        with c.check("futures: position mode not changed (-4059)"):
            expect(raw(rest.get_current_position_mode().data())["dualSidePosition"] is False, "hedge mode")
            refused(-4059, lambda: rest.change_position_mode(dual_side_position="false"))
        with c.check("futures: leverage"):
            row = raw(rest.change_initial_leverage(symbol=SYMBOL, leverage=7).data())
            expect(row["leverage"] == 7, f"{row}")
        with c.check("futures: commissionRate"):
            row = raw(rest.user_commission_rate(symbol=SYMBOL).data())
            expect(dec(row["takerCommissionRate"]) > 0, f"{row}")
        with c.check("futures: a wrong signature is refused (-1022)"):
            bad = DerivativesTradingUsdsFutures(config_rest_api=ConfigurationRestAPI(
                api_key=self.venue.key, api_secret="wrong", base_path=self.venue.rest, retries=0))
            refused(-1022, bad.rest_api.account_information_v3)

    def orders(self):
        """Placing, finding, modifying, cancelling, refusals, fills over REST."""
        c, rest = self.c, self.rest
        price, qty = self.resting()
        mine = name()
        order = dict(symbol=SYMBOL, side="BUY", type="LIMIT", time_in_force="GTC", quantity=qty, price=price,
                     new_client_order_id=mine)
        with c.check("futures: place a resting limit"):
            row = raw(rest.new_order(**order).data())
            expect(row["status"] == "NEW" and row["clientOrderId"] == mine, f"{row}")
        with c.check("futures: query it"):
            row = raw(rest.query_order(symbol=SYMBOL, orig_client_order_id=mine).data())
            expect(row["status"] == "NEW" and dec(row["price"]) == dec(price), f"{row}")
            expect(mine in json.dumps(rows(rest.current_all_open_orders(symbol=SYMBOL).data())), "it is not open")
        with c.check("futures: the same client id again is refused (-4116)"):
            refused(-4116, lambda: rest.new_order(**order))
        with c.check("futures: modify price and size"):
            lower = plain(dec(price) - 1)
            row = raw(rest.modify_order(symbol=SYMBOL, side="BUY", quantity=qty, price=lower, orig_client_order_id=mine).data())
            expect(dec(row["price"]) == dec(lower), f"{row}")
        with c.check("futures: cancel"):
            row = raw(rest.cancel_order(symbol=SYMBOL, orig_client_order_id=mine).data())
            expect(row["status"] == "CANCELED", f"{row}")
        with c.check("futures: cancelling it again is refused (-2011)"):
            refused(-2011, lambda: rest.cancel_order(symbol=SYMBOL, orig_client_order_id=mine))
        bad = [("a price off the tick", dict(price=plain(dec(price) + dec("0.01"))), -4014),
               ("a size off the step", dict(quantity=plain(dec(qty) + dec("0.0001"))), -1111),
               ("a too small notional", dict(quantity="0.001", price=plain(dec(floor_to(dec(price) / 2, "0.1")))), -4164),
               ("more than the margin", dict(quantity="900"), -2019),
               ("reduce-only without a position", dict(reduce_only="true"), -2022)]
        for what, change, code in bad:
            with c.check(f"futures: {what} is refused ({code})"):
                refused(code, lambda: rest.new_order(**{**order, **change, "new_client_order_id": name()}))
        with c.check("futures: a post-only that would take is refused (-5022)"):
            ask = plain(floor_to(self.top()[1] + 50, "0.1"))
            refused(-5022, lambda: rest.new_order(**{**order, "price": ask, "time_in_force": "GTX", "new_client_order_id": name()}))
        with c.check("futures: a market buy fills and is held"):
            row = raw(rest.new_order(symbol=SYMBOL, side="BUY", type="MARKET", quantity=qty, new_order_resp_type="RESULT").data())
            expect(row["status"] == "FILLED" and dec(row["executedQty"]) == dec(qty), f"{row}")
            held = rows(rest.position_information_v3(symbol=SYMBOL).data())[0]
            expect(dec(held["positionAmt"]) == dec(qty) and dec(held["entryPrice"]) > 0, f"{held}")
        with c.check("futures: userTrades"):
            row = rows(rest.account_trade_list(symbol=SYMBOL).data())[-1]
            expect(dec(row["commission"]) > 0 and row["buyer"] is True, f"{row}")
        with c.check("futures: a reduce-only sell closes it"):
            row = raw(rest.new_order(symbol=SYMBOL, side="SELL", type="MARKET", quantity=qty, reduce_only="true",
                                     new_order_resp_type="RESULT").data())
            expect(row["status"] == "FILLED", f"{row}")
            held = rows(rest.position_information_v3(symbol=SYMBOL).data())
            expect(not held or dec(held[0]["positionAmt"]) == 0, f"{held}")
        with c.check("futures: income"):
            found = rows(rest.get_income_history(symbol=SYMBOL, income_type="COMMISSION").data())
            expect(found and dec(found[-1]["income"]) < 0, f"{found[-1:]}")
        with c.check("futures: countdownCancelAll"):
            row = raw(rest.auto_cancel_all_open_orders(symbol=SYMBOL, countdown_time=0).data())
            expect(row["symbol"] == SYMBOL, f"{row}")

    async def streams(self):
        """The public and market routes, and the user data stream on the private one."""
        c = self.c
        connection = await self.client.websocket_streams.create_connection()
        boxes = {}
        makers = {
            "bookTicker": lambda: connection.individual_symbol_book_ticker_streams(symbol="btcusdt"),
            "depth": lambda: connection.diff_book_depth_streams(symbol="btcusdt", update_speed="100ms"),
            "markPrice": lambda: connection.mark_price_stream(symbol="btcusdt", update_speed="1s"),
            "aggTrade": lambda: connection.aggregate_trade_streams(symbol="btcusdt"),
        }
        for what, make in makers.items():
            boxes[what] = Inbox()
            (await make()).on("message", boxes[what])
        with c.check("futures stream: bookTicker"):
            row = raw(await wait(boxes["bookTicker"], lambda m: True))
            expect(dec(row["b"]) < dec(row["a"]) and near(row["E"]), f"{row}")
        with c.check("futures stream: depth, each update joined to the one before by pu"):
            await wait(boxes["depth"], lambda m: len(boxes["depth"].messages) > 20, seconds=30)
            ids = [(raw(m)["pu"], raw(m)["u"]) for m in boxes["depth"].messages]
            expect(all(b[0] == a[1] for a, b in zip(ids, ids[1:])), f"{ids}")
        with c.check("futures stream: markPrice"):
            row = raw(await wait(boxes["markPrice"], lambda m: True))
            expect(dec(row["p"]) > 0 and int(row["T"]) > 0 and abs(dec(row["r"])) < 1, f"{row}")
        with c.check("futures stream: aggTrade"):
            row = raw(await wait(boxes["aggTrade"], lambda m: True, seconds=30))
            expect(dec(row["q"]) > 0, f"{row}")
        await self.user(connection)
        await connection.close_connection()

    async def user(self, connection):
        """The user data stream while the WebSocket API places and cancels."""
        c = self.c
        news = Inbox()
        with c.check("futures: listenKey and the user data stream"):
            key = raw(self.rest.start_user_data_stream().data())["listenKey"]
            (await connection.user_data(key)).on("message", lambda event: news(raw(event)))
        api = self.client.websocket_api
        await api.create_connection()
        price, qty = self.resting()
        mine = name()
        with c.check("futures WS API: order.place"):
            row = raw((await api.new_order(symbol=SYMBOL, side="BUY", type="LIMIT", time_in_force="GTC", price=price,
                                           quantity=qty, new_client_order_id=mine)).data())
            expect(row.get("status") == 200 and row["result"]["status"] == "NEW", f"{row}")
        with c.check("futures user stream: ORDER_TRADE_UPDATE NEW"):
            await wait(news, lambda m: said(m, mine, "NEW"))
        with c.check("futures WS API: order.cancel"):
            row = raw((await api.cancel_order(symbol=SYMBOL, orig_client_order_id=mine)).data())
            expect(row.get("status") == 200, f"{row}")
            await wait(news, lambda m: said(m, mine, "CANCELED"))
        with c.check("futures WS API: cancelling it again is refused (-2011)"):
            row = raw((await api.cancel_order(symbol=SYMBOL, orig_client_order_id=mine)).data())
            expect(row.get("error", {}).get("code") == -2011, f"{row}")
        for side, reduce in (("BUY", "false"), ("SELL", "true")):
            with c.check(f"futures WS API: a market {side}, its fill and ACCOUNT_UPDATE"):
                other = name()
                news.messages.clear()
                row = raw((await api.new_order(symbol=SYMBOL, side=side, type="MARKET", quantity=qty, reduce_only=reduce,
                                               new_client_order_id=other)).data())
                expect(row.get("status") == 200, f"{row}")
                event = body(await wait(news, lambda m: said(m, other, "FILLED")))
                expect(dec(body(event["o"])["n"]) > 0, f"{event}")
                await wait(news, lambda m: "P" in body(body(m).get("a")))
        with c.check("futures WS API: positions"):
            row = raw((await api.position_information_v2(symbol=SYMBOL)).data())
            expect(row.get("status") == 200, f"{row}")
        await api.close_connection()


def main():
    """Everything, in an order in which what is needed later comes first."""
    misfits = Misfits()
    logging.getLogger().addHandler(misfits)
    logging.getLogger().setLevel(logging.WARNING)
    venues = Venues(sys.argv[1])
    checks = Checks("binance-sdk")
    for run in (SpotRun(venues.venue("binance-spot"), checks), FuturesRun(venues.venue("binance-usdm"), checks)):
        run.market()
        run.account()
        run.orders()
        asyncio.run(run.streams())
        if isinstance(run, SpotRun):
            asyncio.run(run.api())
    with checks.check("every answer and every message fits the connectors' models"):
        expect(not misfits.said, f"{len(misfits.said)} do not: {misfits.said[:3]}")
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main())
