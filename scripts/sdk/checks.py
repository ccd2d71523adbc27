"""What the four client scripts share: the venues' addresses, and checks that are counted.

A check is a function that raises or asserts. Each prints one line; a failed one says why and does
not stop the rest. The last line of every script is its count, which `run` adds up.
"""

import contextlib
import decimal
import json
import sys
import threading
import time
import traceback


class Venues:
    """The file that the simulated venues write when they listen."""

    def __init__(self, path):
        with open(path, encoding="utf-8") as file:
            self.json = json.load(file)
        self.ca = self.json["ca"]

    def venue(self, name):
        """Where a venue listens, and its first key (which signs with HMAC)."""
        return Venue(self.json["venues"][name])


class Venue:
    """The address of one venue and a key to it."""

    def __init__(self, row):
        self.rest = row["rest"]
        self.ws = row["rest"].replace("https:", "wss:")
        self.key = row["keys"][0]["api_key"]
        self.secret = row["keys"][0]["secret"]
        self.passphrase = row["keys"][0].get("passphrase", "")


class Checks:
    """Counts what passed and what failed."""

    def __init__(self, client):
        self.client = client
        self.passed = 0
        self.failed = 0

    @contextlib.contextmanager
    def check(self, name):
        """One check: whatever is raised inside is its failure."""
        try:
            yield
        except Exception as why:  # a check may fail in any way; the others still run
            self.failed += 1
            frame = traceback.extract_tb(why.__traceback__)[-1]
            text = str(why) or type(why).__name__
            text = " ".join(text.split())[:400]
            print(f"FAIL  {self.client}: {name}: {text} ({frame.name}:{frame.lineno})", flush=True)
        else:
            self.passed += 1
            print(f"ok    {self.client}: {name}", flush=True)

    def finish(self):
        """Prints the count; ends the script with 1 when a check failed or none ran."""
        print(json.dumps({"client": self.client, "passed": self.passed, "failed": self.failed}))
        sys.stdout.flush()
        return 0 if self.failed == 0 and self.passed > 0 else 1


class Inbox:
    """Messages of a stream, in the order they came, awaited with a limit."""

    def __init__(self):
        self.messages = []
        self.news = threading.Condition()

    def __call__(self, message):
        with self.news:
            self.messages.append(message)
            self.news.notify_all()

    def wait(self, wanted, seconds=15, what="message"):
        """The first message, from the beginning, for which `wanted` is true."""
        until = time.monotonic() + seconds
        seen = 0
        with self.news:
            while True:
                for message in self.messages[seen:]:
                    if wanted(message):
                        return message
                seen = len(self.messages)
                left = until - time.monotonic()
                if left <= 0 or not self.news.wait(left):
                    tail = json.dumps(self.messages[-1], default=str) if self.messages else "nothing"
                    raise AssertionError(
                        f"no such {what} in {seconds} s; {len(self.messages)} came, last {tail}"
                    )


def expect(condition, message):
    """An assertion that survives `python -O`."""
    if not condition:
        raise AssertionError(message)


def dec(text):
    """Exact decimals, as the venues send them."""
    return decimal.Decimal(str(text))


def floor_to(value, step):
    """The largest multiple of `step` that is not above `value`."""
    value, step = dec(value), dec(step)
    return (value / step).to_integral_value(rounding=decimal.ROUND_FLOOR) * step


def ceil_to(value, step):
    """The smallest multiple of `step` that is not below `value`."""
    value, step = dec(value), dec(step)
    return (value / step).to_integral_value(rounding=decimal.ROUND_CEILING) * step


def plain(value):
    """A decimal without exponent and trailing zeros."""
    return format(dec(value).normalize(), "f")


def check_book(bids, asks):
    """A book is sorted, has sizes and is not crossed."""
    expect(bids and asks, "a side is empty")
    for side, reverse in ((bids, True), (asks, False)):
        prices = [dec(level[0]) for level in side]
        expect(prices == sorted(prices, reverse=reverse), "levels are not sorted")
        expect(len(set(prices)) == len(prices), "a price appears twice")
        expect(all(dec(level[1]) > 0 for level in side), "a level has no size")
    expect(dec(bids[0][0]) < dec(asks[0][0]), f"crossed: {bids[0]} {asks[0]}")


def near(stamp_ms, seconds=5):
    """Whether a venue's millisecond stamp is close to this machine's clock."""
    return abs(int(stamp_ms) / 1000 - time.time()) < seconds


def eventually(probe, seconds=10, what="state"):
    """Repeats `probe` until it gives something true, and returns that."""
    until = time.monotonic() + seconds
    while True:
        value = probe()
        if value:
            return value
        if time.monotonic() > until:
            raise AssertionError(f"{what} did not come in {seconds} s")
        time.sleep(0.05)
