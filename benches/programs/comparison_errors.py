#!/usr/bin/env python3
"""How often `sysrec compare` is wrong, on this machine, as noisy as it is.

  null    the same command on both sides: how many comparisons call anything changed (at most 5 % may)
  power   the upstream of a server answers 10 % later: how many comparisons call the median of `read` slower,
          and how many call any other row changed
  stat    one more stat a request, one recording a side: how many comparisons find it

Usage: comparison_errors.py SYSREC SERVER_UPSTREAM {null,power,stat} [TRIALS]
SERVER_UPSTREAM is tests/guests/server_upstream.c, compiled. Prints a line a trial that is wrong, and a summary.
"""

import json
import subprocess
import sys
import tempfile

RUNS = 10
REQUESTS = 20
UPSTREAM_NS = 1_000_000
TRIALS = {"null": 200, "power": 100, "stat": 20}


def compare(sysrec, folder, base, new, runs):
    words = [sysrec, "compare", base, new, "-n", str(runs), "--pause", "0", "-o", folder, "--json"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(done.stderr)
    return json.loads(done.stdout)


def changed(diff):
    """What is called changed: key and figure."""
    found = []
    for row in diff["rows"]:
        if row["presence"] != "both":
            found.append((row["key"], row["presence"]))
            continue
        for figure in ("calls", "errors", "wall_ns_total", "p50_ns", "p99_ns"):
            if row[figure]["verdict"] in ("exact", "shown"):
                found.append((row["key"], figure))
    return found


def main():
    if len(sys.argv) < 4 or sys.argv[3] not in TRIALS:
        sys.exit(__doc__)
    sysrec, server, kind = sys.argv[1:4]
    trials = int(sys.argv[4]) if len(sys.argv) > 4 else TRIALS[kind]
    base = f"{server} {REQUESTS} {UPSTREAM_NS}"
    new = {
        "null": base,
        "power": f"{server} {REQUESTS} {UPSTREAM_NS * 11 // 10}",
        "stat": f"{base} stat",
    }[kind]
    expected = {
        "null": set(),
        "power": {("read", "p50_ns")},
        "stat": {("newfstatat", "calls")},
    }[kind]
    found = others = 0
    with tempfile.TemporaryDirectory() as folder:
        for trial in range(trials):
            diff = compare(sysrec, folder, base, new, 1 if kind == "stat" else RUNS)
            shown = set(changed(diff))
            found += expected <= shown
            # Of the row that is to be found, every figure may move: the total of a read grows with its median.
            more = {key for key, _ in shown} - {key for key, _ in expected}
            # The upstream's own spinning is in no call, and the server waits in read alone.
            others += bool(more)
            if more or not expected <= shown:
                print(f"trial {trial}: {sorted(shown)}", flush=True)
    print(f"{kind}: {trials} comparisons, expected change found in {found}, any other row called changed in {others}")


if __name__ == "__main__":
    main()
