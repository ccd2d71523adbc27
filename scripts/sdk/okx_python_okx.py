"""OKX as `python-okx` sees it. Changed in the client: the address arguments and, by the environment, the CA."""

import asyncio
import json
import sys
import threading
import uuid

from okx.Account import AccountAPI
from okx.MarketData import MarketAPI
from okx.PublicData import PublicAPI
from okx.Trade import TradeAPI
from okx.websocket.WsPrivateAsync import WsPrivateAsync
from okx.websocket.WsPublicAsync import WsPublicAsync

from checks import Checks, Inbox, Venues, ceil_to, check_book, dec, eventually, expect, floor_to, near, plain

SPOT, SWAP = "BTC-USDT", "BTC-USDT-SWAP"


def data(answer):
    """The rows of an answer that must be good."""
    expect(answer["code"] == "0", f"{answer}")
    return answer["data"]


def refused(scode, answer):
    """Checks that one order was refused with that code."""
    expect(answer["code"] == "1" and answer["data"][0]["sCode"] == scode, f"expected {scode}: {answer}")
    expect(answer["data"][0]["sMsg"], "a refusal without a text")
    return answer["data"][0]


def client_id():
    """A client order id nobody used."""
    return "t" + uuid.uuid4().hex[:23]


class Stream:
    """One WebSocket of the SDK on a thread of its own, its JSON messages in an inbox."""

    def __init__(self, make):
        self.inbox = Inbox()
        self.loop = asyncio.new_event_loop()
        ready = threading.Event()

        def run():
            asyncio.set_event_loop(self.loop)
            self.ws = make()
            self.loop.run_until_complete(self.ws.start())
            ready.set()
            self.loop.run_forever()

        threading.Thread(target=run, daemon=True).start()
        expect(ready.wait(15), "the WebSocket did not open")
        expect(self.ws.websocket is not None, "the WebSocket was refused")

    def call(self, coroutine):
        """Runs a coroutine of the SDK on the stream's own loop."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(20)

    def take(self, text):
        """The SDK's callback."""
        self.inbox({"pong": True} if text == "pong" else json.loads(text))

    def subscribe(self, *args):
        """Subscribes to channels."""
        self.call(self.ws.subscribe(list(args), self.take))

    def wait(self, wanted, **how):
        """The first message that is wanted."""
        return self.inbox.wait(wanted, **how)

    def push(self, channel, instrument=None, **how):
        """The first push of a channel."""
        wanted = lambda m: "data" in m and m.get("arg", {}).get("channel") == channel and (
            instrument is None or m["arg"].get("instId") == instrument)
        return self.wait(wanted, what=channel, **how)

    def stop(self):
        """Closes the socket."""
        self.call(self.ws.stop())
        self.loop.call_soon_threadsafe(self.loop.stop)


class Okx:
    """One run against the simulated OKX."""

    def __init__(self, venue, checks):
        self.c = checks
        self.venue = venue
        self.keys = (venue.key, venue.secret, venue.passphrase)
        how = dict(flag="0", domain=venue.rest)
        self.public, self.market = PublicAPI(**how), MarketAPI(**how)
        self.account = AccountAPI(*self.keys, **how)
        self.trade = TradeAPI(*self.keys, **how)
        self.how = how
        self.rules = {}

    def book(self, inst):
        """The book of now."""
        row = data(self.market.get_orderbook(inst, "50"))[0]
        check_book(row["bids"], row["asks"])
        return row

    def reference(self):
        """Everything that needs no key."""
        c = self.c
        with c.check("system time"):
            expect(near(data(self.public.get_system_time())[0]["ts"]), "not the time of now")
        for inst, kind in ((SPOT, "SPOT"), (SWAP, "SWAP")):
            with c.check(f"instruments {kind}"):
                rows = data(self.public.get_instruments(kind))
                row = next(row for row in rows if row["instId"] == inst)
                expect(row["state"] == "live" and dec(row["tickSz"]) > 0 and dec(row["lotSz"]) > 0, f"{row}")
                expect(isinstance(row["instIdCode"], int), f"instIdCode: {row}")
                if kind == "SWAP":
                    expect(row["ctType"] == "linear" and row["settleCcy"] == "USDT", f"{row}")
                    expect(dec(row["ctVal"]) == dec("0.01") and row["ctValCcy"] == "BTC", f"{row}")
                else:
                    expect((row["baseCcy"], row["quoteCcy"]) == ("BTC", "USDT") and row["ctVal"] == "", f"{row}")
                self.rules[inst] = row
            with c.check(f"books {inst}"):
                row = self.book(inst)
                expect(len(row["bids"][0]) == 4 and near(row["ts"]), f"{row['bids'][:1]}")
            with c.check(f"ticker {inst}"):
                row = data(self.market.get_ticker(inst))[0]
                expect(row["instType"] == kind and dec(row["bidPx"]) < dec(row["askPx"]), f"{row}")
            with c.check(f"tickers {kind}"):
                expect(inst in [row["instId"] for row in data(self.market.get_tickers(kind))], "it is not among them")
            with c.check(f"trades {inst}"):
                rows = eventually(lambda: data(self.market.get_trades(inst, "10")), what="a trade")
                expect( all(row["side"] in ("buy", "sell") for row in rows), f"{rows[:1]}")
        with c.check("funding-rate"):
            row = data(self.public.get_funding_rate(SWAP))[0]
            hours = (int(row["nextFundingTime"]) - int(row["fundingTime"])) / 3_600_000
            expect(hours in (1, 2, 4, 6, 8) and abs(dec(row["fundingRate"])) < 1, f"{row}")
            expect(row["method"] == "current_period" and row["nextFundingRate"] == "", f"{row}")
        with c.check("funding-rate-history"):
            rows = data(self.public.funding_rate_history(SWAP, limit="3"))
            expect(rows and all(dec(row["realizedRate"]) == dec(row["fundingRate"]) for row in rows), f"{rows}")
        with c.check("mark-price"):
            expect(dec(data(self.public.get_mark_price("SWAP", instId=SWAP))[0]["markPx"]) > 0, "no mark")
        with c.check("price-limit"):
            row = data(self.public.get_price_limit(SWAP))[0]
            expect(dec(row["buyLmt"]) > dec(row["sellLmt"]), f"{row}")
        with c.check("an unknown instrument is refused (51001)"):
            expect(self.market.get_ticker("NOPE-USDT")["code"] == "51001", "it was not")

    def balances(self):
        """Balances, positions, settings."""
        c = self.c
        with c.check("account config"):
            row = data(self.account.get_account_config())[0]
            expect(row["acctLv"] in "1234" and row["posMode"] == "net_mode", f"{row}")
        with c.check("account balance"):
            row = data(self.account.get_account_balance())[0]
            coins = {d["ccy"]: d for d in row["details"]}
            expect(dec(coins["USDT"]["cashBal"]) > 0 and dec(row["totalEq"]) > 0, f"{coins}")
        with c.check("positions: none yet"):
            expect(data(self.account.get_positions(instType="SWAP", instId=SWAP)) == [], "there are some")
        with c.check("set-position-mode, set-leverage"):
            expect(data(self.account.set_position_mode("net_mode"))[0]["posMode"] == "net_mode", "not set")
            row = data(self.account.set_leverage("5", "cross", instId=SWAP))[0]
            expect(row["lever"] == "5", f"{row}")
        with c.check("trade fees: negative is charged"):
            row = data(self.account.get_fee_rates("SPOT", instId=SPOT))[0]
            expect(dec(row["taker"]) < 0, f"{row}")
        with c.check("a wrong signature is refused (50113)"):
            bad = AccountAPI(self.keys[0], "wrong", self.keys[2], **self.how)
            expect(bad.get_account_balance()["code"] == "50113", "it was not")
        with c.check("a wrong passphrase is refused (50105)"):
            bad = AccountAPI(self.keys[0], self.keys[1], "wrong", **self.how)
            expect(bad.get_account_balance()["code"] == "50105", "it was not")
        with c.check("an unknown key is refused (50111)"):
            bad = AccountAPI("nobody", self.keys[1], self.keys[2], **self.how)
            expect(bad.get_account_balance()["code"] == "50111", "it was not")

    def order(self, inst, side="buy", kind="post_only", away="0.9", **more):
        """The arguments of an order away from the market, of twice the smallest size."""
        rules = self.rules[inst]
        order = dict(instId=inst, tdMode="cross" if inst == SWAP else "cash", side=side, ordType=kind,
                     sz=plain(dec(rules["minSz"]) * 2), clOrdId=client_id())
        if kind != "market":
            price = floor_to(dec(self.book(inst)["bids"][0][0]) * dec(away), rules["tickSz"])
            order["px"] = plain(price)
        order.update(more)
        return order

    def find(self, inst, name):
        """An order by its client id."""
        return data(self.trade.get_order(inst, clOrdId=name))[0]

    def resting(self, inst):
        """A limit order that rests: placed, found, amended, refused twice, cancelled."""
        c = self.c
        order = self.order(inst)
        name = order["clOrdId"]
        with c.check(f"{inst}: place a resting limit"):
            row = data(self.trade.place_order(**order))[0]
            expect(row["sCode"] == "0" and row["clOrdId"] == name and row["ordId"], f"{row}")
        with c.check(f"{inst}: it is live, by id and among orders-pending"):
            row = self.find(inst, name)
            expect(row["state"] == "live" and dec(row["px"]) == dec(order["px"]), f"{row}")
            expect(dec(row["accFillSz"]) == 0 and row["reduceOnly"] == "false", f"{row}")
            rows = data(self.trade.get_order_list(instId=inst))
            expect(name in [row["clOrdId"] for row in rows], f"{rows}")
        with c.check(f"{inst}: the same clOrdId again is refused (51016)"):
            refused("51016", self.trade.place_order(**order))
        with c.check(f"{inst}: amend price and size"):
            lower = plain(dec(order["px"]) - 10 * dec(self.rules[inst]["tickSz"]))
            more = plain(dec(order["sz"]) + dec(self.rules[inst]["lotSz"]))
            data(self.trade.amend_order(inst, clOrdId=name, newPx=lower, newSz=more))
            row = self.find(inst, name)
            expect(dec(row["px"]) == dec(lower) and dec(row["sz"]) == dec(more), f"{row}")
        with c.check(f"{inst}: cancel, and it says who did"):
            data(self.trade.cancel_order(inst, clOrdId=name))
            row = self.find(inst, name)
            expect(row["state"] == "canceled" and row["cancelSource"] == "1", f"{row}")
        with c.check(f"{inst}: cancelling it again is refused (51400 or 51401)"):
            answer = self.trade.cancel_order(inst, clOrdId=name)
            expect(answer["data"][0]["sCode"] in ("51400", "51401"), f"{answer}")
        with c.check(f"{inst}: amending it is refused (51503 or 51509)"):
            answer = self.trade.amend_order(inst, clOrdId=name, newPx=order["px"])
            expect(answer["data"][0]["sCode"] in ("51503", "51509"), f"{answer}")
        with c.check(f"{inst}: it is in the history"):
            kind = "SWAP" if inst == SWAP else "SPOT"
            rows = data(self.trade.get_orders_history(kind, instId=inst))
            expect(name in [row["clOrdId"] for row in rows], "it is not")

    def refusals(self):
        """Orders that break a rule."""
        c, place = self.c, self.trade.place_order
        for inst in (SPOT, SWAP):
            rules = self.rules[inst]
            with c.check(f"{inst}: a price off the tick is refused (51000)"):
                order = self.order(inst)
                order["px"] = plain(dec(order["px"]) + dec(rules["tickSz"]) / 2)
                refused("51000", place(**order))
            with c.check(f"{inst}: a size off the lot is refused (51121)"):
                refused("51121", place(**self.order(inst, sz=plain(dec(rules["minSz"]) + dec(rules["lotSz"]) / 2))))
            with c.check(f"{inst}: a too small size is refused (51020)"):
                expect(dec(rules["minSz"]) > 0, f"{rules}")
                answer = place(**self.order(inst, sz=plain(dec(rules["minSz"]) / 10)))
                expect(answer["data"][0]["sCode"] in ("51020", "51121"), f"{answer}")
        with c.check("more than the balance is refused (51008)"):
            refused("51008", place(**self.order(SPOT, away="0.99", sz="3000")))
        with c.check("a price outside the limit is refused (51006)"):
            high = ceil_to(dec(self.book(SWAP)["asks"][0][0]) * 2, self.rules[SWAP]["tickSz"])
            refused("51006", place(**self.order(SWAP, kind="limit", px=plain(high))))
        with c.check("an unknown instrument is refused (51001)"):
            order = self.order(SPOT, instId="NOPE-USDT")
            refused("51001", place(**order))
        with c.check("cancelling an unknown order is refused (51400)"):
            refused("51400", self.trade.cancel_order(SPOT, clOrdId=client_id()))
        with c.check("a query of an unknown order is refused (51603)"):
            expect(self.trade.get_order(SPOT, clOrdId=client_id())["code"] == "51603", "it was not")

    def coin(self, name):
        """The cash of a currency."""
        rows = data(self.account.get_account_balance(name))[0]["details"]
        return dec(rows[0]["cashBal"]) if rows else dec(0)

    def filling(self):
        """A market order in and out on the swap; an IOC on spot."""
        c, place = self.c, self.trade.place_order
        order = self.order(SWAP, kind="market")
        with c.check("swap: a market buy fills"):
            data(place(**order))
            filled = lambda: (row := self.find(SWAP, order["clOrdId"]))["state"] == "filled" and row
            row = eventually(filled, what="filled")
            expect(dec(row["accFillSz"]) == dec(order["sz"]) and dec(row["avgPx"]) > 0, f"{row}")
            self.filled = row
        with c.check("swap: its fills, fee negative"):
            rows = data(self.trade.get_fills("SWAP", instId=SWAP, ordId=self.filled["ordId"]))
            expect(sum(dec(row["fillSz"]) for row in rows) == dec(order["sz"]), f"{rows}")
            expect(all(dec(row["fee"]) < 0 and row["execType"] == "T" for row in rows), f"{rows}")
        with c.check("swap: the position holds it, in contracts"):
            row = data(self.account.get_positions(instId=SWAP))[0]
            expect(dec(row["pos"]) == dec(order["sz"]) and row["posSide"] == "net" and dec(row["avgPx"]) > 0, f"{row}")
        with c.check("swap: a reduce-only sell closes it"):
            data(place(**self.order(SWAP, side="sell", kind="market", reduceOnly="true")))
            flat = lambda: all(dec(row["pos"]) == 0 for row in data(self.account.get_positions(instId=SWAP)))
            eventually(flat, what="a flat position")
        with c.check("swap: reduce-only without a position is refused"):
            answer = place(**self.order(SWAP, side="sell", kind="market", reduceOnly="true"))
            expect(answer["data"][0]["sCode"] in ("51169", "51023"), f"{answer}")
        with c.check("spot: an IOC that crosses changes the balances"):
            before = self.coin("BTC")
            ask = dec(self.book(SPOT)["asks"][0][0])
            px = plain(ceil_to(ask * dec("1.005"), self.rules[SPOT]["tickSz"]))
            order = self.order(SPOT, kind="ioc", px=px)
            data(place(**order))
            row = eventually(lambda: (r := self.find(SPOT, order["clOrdId"]))["state"] == "filled" and r, what="filled")
            expect(row["feeCcy"] == "BTC" and dec(row["fee"]) < 0, f"{row}")
            expect(self.coin("BTC") == before + dec(order["sz"]) + dec(row["fee"]), "the balance is not the fill's")
        with c.check("spot: a market buy is in quote currency"):
            order = self.order(SPOT, kind="market", sz="50")
            data(place(**order))
            row = eventually(lambda: (r := self.find(SPOT, order["clOrdId"]))["state"] == "filled" and r, what="filled")
            value = dec(row["accFillSz"]) * dec(row["avgPx"])
            expect(row["tgtCcy"] == "quote_ccy" and 0 < value <= dec("50.01"), f"{row}")
        with c.check("an IOC that cannot fill is cancelled (cancelSource 14)"):
            order = self.order(SPOT, kind="ioc", away="0.95")
            data(place(**order))
            gone = lambda: (r := self.find(SPOT, order["clOrdId"]))["state"] == "canceled" and r
            expect(eventually(gone, what="canceled")["cancelSource"] == "14", "another source")
        with c.check("a post_only that would take is cancelled (cancelSource 31)"):
            px = plain(ceil_to(dec(self.book(SPOT)["asks"][0][0]) * dec("1.005"), self.rules[SPOT]["tickSz"]))
            order = self.order(SPOT, px=px)
            data(place(**order))
            gone = lambda: (r := self.find(SPOT, order["clOrdId"]))["state"] == "canceled" and r
            expect(eventually(gone, what="canceled")["cancelSource"] == "31", "another source")
        with c.check("bills have the trades"):
            rows = data(self.account.get_account_bills(instType="SWAP"))
            expect(any(row["type"] == "2" and row["instId"] == SWAP for row in rows), f"{rows[:1]}")

    def batches(self):
        """Several orders in one request."""
        c = self.c
        one, two = self.order(SWAP), self.order(SWAP)
        with c.check("batch-orders, one of three refused (code 2)"):
            answer = self.trade.place_multiple_orders([one, two, dict(one)])
            expect(answer["code"] == "2", f"{answer}")
            expect([row["sCode"] for row in answer["data"]] == ["0", "0", "51016"], f"{answer}")
        names = [dict(instId=SWAP, clOrdId=order["clOrdId"]) for order in (one, two)]
        with c.check("amend-batch-orders"):
            px = plain(dec(one["px"]) - dec(self.rules[SWAP]["tickSz"]))
            data(self.trade.amend_multiple_orders([dict(name, newPx=px) for name in names]))
            expect(dec(self.find(SWAP, one["clOrdId"])["px"]) == dec(px), "not amended")
        with c.check("cancel-batch-orders"):
            rows = data(self.trade.cancel_multiple_orders(names))
            expect([row["sCode"] for row in rows] == ["0", "0"], f"{rows}")
            eventually(lambda: not data(self.trade.get_order_list(instId=SWAP)), what="an empty list")

    def streams(self):
        """The public channels."""
        c = self.c
        stream = Stream(lambda: WsPublicAsync(self.venue.ws + "/ws/v5/public"))
        names = ["bbo-tbt", "books", "books5", "trades", "tickers"]
        args = [dict(channel=name, instId=inst) for inst in (SPOT, SWAP) for name in names]
        args += [dict(channel=name, instId=SWAP) for name in ("mark-price", "funding-rate", "price-limit")]
        args += [dict(channel="index-tickers", instId=SPOT), dict(channel="instruments", instType="SWAP")]
        stream.subscribe(*args)
        with c.check("public stream: every subscription is acknowledged by itself"):
            for arg in args:
                ack = stream.wait(lambda m: m.get("event") == "subscribe" and m["arg"] == arg, what=f"ack of {arg}")
                expect(ack["connId"], f"{ack}")
        for inst in (SPOT, SWAP):
            with c.check(f"public stream: books {inst}, 30 updates, each joined to the one before"):
                self.follow(stream, inst)
            with c.check(f"public stream: bbo-tbt {inst}"):
                row = stream.push("bbo-tbt", inst)["data"][0]
                expect(dec(row["bids"][0][0]) < dec(row["asks"][0][0]) and near(row["ts"]) and row["seqId"] > 0, f"{row}")
            with c.check(f"public stream: books5 {inst}"):
                row = stream.push("books5", inst)["data"][0]
                check_book(row["bids"], row["asks"])
                expect(len(row["bids"]) <= 5 and len(row["asks"]) <= 5, "more than five levels")
            with c.check(f"public stream: trades {inst}"):
                row = stream.push("trades", inst, seconds=30)["data"][0]
                expect(row["side"] in ("buy", "sell") and dec(row["sz"]) > 0 and row["count"], f"{row}")
            with c.check(f"public stream: tickers {inst}"):
                expect(dec(stream.push("tickers", inst)["data"][0]["last"]) > 0, "no price")
        for name, field in (("mark-price", "markPx"), ("funding-rate", "fundingRate"), ("price-limit", "buyLmt")):
            with c.check(f"public stream: {name}"):
                expect(dec(stream.push(name, SWAP)["data"][0][field]) != 0, "nothing in it")
        with c.check("public stream: index-tickers"):
            expect(dec(stream.push("index-tickers", SPOT)["data"][0]["idxPx"]) > 0, "no price")
        with c.check("public stream: instruments"):
            rows = stream.push("instruments")["data"]
            expect(SWAP in [row["instId"] for row in rows], "it is not among them")
        with c.check("public stream: an unknown channel is an error (60018)"):
            stream.subscribe(dict(channel="nothing-such", instId=SPOT))
            error = stream.wait(lambda m: m.get("event") == "error", what="error")
            expect(error["code"] == "60018" and error["connId"], f"{error}")
        with c.check("public stream: bare text ping, bare text pong"):
            stream.call(stream.ws.websocket.send("ping"))
            stream.wait(lambda m: m.get("pong"), what="pong")
        with c.check("public stream: unsubscribe is acknowledged"):
            stream.call(stream.ws.unsubscribe([args[0]], stream.take))
            stream.wait(lambda m: m.get("event") == "unsubscribe" and m["arg"] == args[0], what="ack")
        stream.stop()

    def follow(self, stream, inst):
        """Rebuilds the book of `inst` from the stream by the documented sequence rule."""
        mine = lambda: [m for m in stream.inbox.messages
                        if "data" in m and m["arg"] == dict(channel="books", instId=inst)]
        stream.wait(lambda m: len(mine()) > 30, what="31 books", seconds=40)
        messages = mine()
        expect(messages[0]["action"] == "snapshot" and messages[0]["data"][0]["prevSeqId"] == -1, "no snapshot first")
        book, last = {"bids": {}, "asks": {}}, None
        for message in messages:
            row = message["data"][0]
            expect(row["checksum"] == 0, "the checksum is not 0")
            expect(last is None or row["prevSeqId"] == last, f"{row['prevSeqId']} does not follow {last}")
            last = row["seqId"]
            for side in ("bids", "asks"):
                for level in row[side]:
                    if dec(level[1]) == 0:
                        expect(level[0] in book[side], f"{level[0]} was never there")
                        del book[side][level[0]]
                    else:
                        book[side][level[0]] = level[1]
            bids = sorted(book["bids"].items(), key=lambda level: -dec(level[0]))
            asks = sorted(book["asks"].items(), key=lambda level: dec(level[0]))
            check_book(bids, asks)
            expect(len(bids) <= 400 and len(asks) <= 400, "more than 400 levels")

    def private(self):
        """Orders over the WebSocket, and what the private channels say of them."""
        c = self.c
        key, secret, word = self.keys
        stream = Stream(lambda: WsPrivateAsync(key, word, secret, self.venue.ws + "/ws/v5/private"))
        args = [dict(channel="orders", instType="ANY"), dict(channel="positions", instType="SWAP"),
                dict(channel="account"), dict(channel="balance_and_position"), dict(channel="fills")]
        stream.subscribe(*args)
        with c.check("private stream: login"):
            expect(stream.wait(lambda m: m.get("event") == "login", what="login")["code"] == "0", "refused")
        with c.check("private stream: subscriptions acknowledged"):
            for arg in args:
                stream.wait(lambda m: m.get("event") == "subscribe" and m["arg"] == arg, what=f"ack of {arg}")
        with c.check("private stream: account and positions begin with a snapshot"):
            rows = stream.push("account")["data"]
            expect("USDT" in [d["ccy"] for d in rows[0]["details"]], f"{rows}")
            stream.push("balance_and_position")
            stream.push("positions")
        code = self.rules[SWAP]["instIdCode"]
        order = self.order(SWAP)
        name = order["clOrdId"]
        wire = {k: v for k, v in order.items() if k != "instId"} | {"instIdCode": code}
        state = lambda name, state: lambda m: m.get("arg", {}).get("channel") == "orders" and any(
            r["clOrdId"] == name and r["state"] == state for r in m.get("data", []))
        reply = lambda id: lambda m: m.get("id") == id and "op" in m
        with c.check("order over WebSocket, by instIdCode"):
            stream.call(stream.ws.place_order([wire], stream.take, id="1"))
            answer = stream.wait(reply("1"), what="answer")
            expect(answer["code"] == "0" and answer["data"][0]["sCode"] == "0", f"{answer}")
            expect(int(answer["outTime"]) >= int(answer["inTime"]), f"{answer}")
        with c.check("private stream: the order is live"):
            stream.wait(state(name, "live"), what="live")
        with c.check("amend over WebSocket"):
            px = plain(dec(order["px"]) - dec(self.rules[SWAP]["tickSz"]))
            stream.call(stream.ws.amend_order([dict(instIdCode=code, clOrdId=name, newPx=px)], stream.take, id="2"))
            expect(stream.wait(reply("2"), what="answer")["code"] == "0", "refused")
            amended = lambda m: state(name, "live")(m) and any(dec(r["px"]) == dec(px) for r in m["data"])
            row = stream.wait(amended, what="amended order")["data"][0]
            expect(row["amendResult"] == "0", f"{row}")
        with c.check("cancel over WebSocket"):
            stream.call(stream.ws.cancel_order([dict(instIdCode=code, clOrdId=name)], stream.take, id="3"))
            expect(stream.wait(reply("3"), what="answer")["code"] == "0", "refused")
            row = stream.wait(state(name, "canceled"), what="canceled")["data"][0]
            expect(row["cancelSource"] == "1", f"{row}")
        with c.check("cancelling it again over WebSocket is refused"):
            stream.call(stream.ws.cancel_order([dict(instIdCode=code, clOrdId=name)], stream.take, id="4"))
            answer = stream.wait(reply("4"), what="answer")
            expect(answer["code"] == "1" and answer["data"][0]["sCode"] in ("51400", "51401"), f"{answer}")
        with c.check("batch-orders and batch-cancel-orders over WebSocket"):
            pair = [{k: v for k, v in self.order(SWAP).items() if k != "instId"} | {"instIdCode": code} for _ in "ab"]
            stream.call(stream.ws.batch_orders(pair, stream.take, id="5"))
            expect(stream.wait(reply("5"), what="answer")["code"] == "0", "refused")
            names = [dict(instIdCode=code, clOrdId=one["clOrdId"]) for one in pair]
            stream.call(stream.ws.batch_cancel_orders(names, stream.take, id="6"))
            expect(stream.wait(reply("6"), what="answer")["code"] == "0", "refused")
        for side, reduce in (("buy", False), ("sell", True)):
            order = self.order(SWAP, side=side, kind="market", reduceOnly=reduce)
            name = order["clOrdId"]
            wire = {k: v for k, v in order.items() if k != "instId"} | {"instIdCode": code}
            size = dec(0) if reduce else dec(order["sz"])
            stream.inbox.messages.clear()
            with c.check(f"private stream: a market {side} is filled"):
                stream.call(stream.ws.place_order([wire], stream.take, id="7" + side))
                row = next(r for r in stream.wait(state(name, "filled"), what="filled")["data"] if r["clOrdId"] == name)
                expect(row["tradeId"] and dec(row["fillFee"]) < 0 and row["execType"] == "T", f"{row}")
            with c.check(f"private stream: positions, balances and fills after the {side}"):
                at = lambda m: m.get("arg", {}).get("channel") == "positions" and any(
                    dec(r["pos"] or 0) == size for r in m.get("data", []) if r["instId"] == SWAP)
                stream.wait(at, what="position")
                row = stream.push("balance_and_position")["data"][0]
                expect(row["eventType"] == "filled", f"{row}")
                stream.push("account")
                row = stream.push("fills")["data"][0]
                expect(row["instId"] == SWAP and row["side"] == side and row["tradeId"], f"{row}")
        stream.stop()
        with c.check("private stream: a wrong login is an error (60024 or 60007)"):
            bad = Stream(lambda: WsPrivateAsync(key, word, "wrong", self.venue.ws + "/ws/v5/private"))
            bad.ws.callback = bad.take
            bad.call(bad.ws.login())
            error = bad.wait(lambda m: m.get("event") == "error", what="error")
            expect(error["code"] in ("60007", "60024"), f"{error}")
            bad.stop()


def main():
    """Everything, in an order in which what is needed later comes first."""
    venue = Venues(sys.argv[1]).venue("okx")
    checks = Checks("python-okx")
    run = Okx(venue, checks)
    run.reference()
    run.balances()
    run.resting(SPOT)
    run.resting(SWAP)
    run.refusals()
    run.filling()
    run.batches()
    run.streams()
    run.private()
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main())
