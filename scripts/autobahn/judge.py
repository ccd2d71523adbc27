"""Judges Autobahn's reports: every case must be there and pass strictly.

Works under Python 2.7 and 3. Three cases are INFORMATIONAL by their own definition: whatever a peer
does in them is allowed, so they have no other outcome.
"""

from __future__ import print_function

import collections
import json
import sys

CASES = 301
INFORMATIONAL = {"7.1.6", "7.13.1", "7.13.2"}


def judge(path):
    with open(path) as report:
        (cases,) = json.load(report).values()
    wrong = []
    counts = collections.Counter()
    for name, case in cases.items():
        behavior, closing = case["behavior"], case["behaviorClose"]
        counts[behavior] += 1
        allowed = ("OK", "INFORMATIONAL") if name in INFORMATIONAL else ("OK",)
        if behavior not in allowed or closing not in ("OK", "INFORMATIONAL"):
            wrong.append("%s: %s, closing %s" % (name, behavior, closing))
    if len(cases) != CASES:
        wrong.append("%d cases ran, %d expected" % (len(cases), CASES))
    return counts, sorted(wrong)


def main(paths):
    failed = False
    for path in paths:
        role = path.split("/")[-2]
        counts, wrong = judge(path)
        summary = ", ".join("%d %s" % (n, name) for name, n in sorted(counts.items()))
        print("autobahn: as %s: %d cases: %s" % (role, sum(counts.values()), summary))
        for line in wrong:
            print("autobahn: as %s: %s" % (role, line))
            failed = True
    print("autobahn: %s" % ("FAILED" if failed else "passed"))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
