#!/usr/bin/env python3
"""Makes the pictures of the README from real runs, redis-server recorded under a small load: docs/report.svg (a terminal),
and, of a recording with stacks, docs/tree.svg (a terminal) and docs/flamegraph.svg.

Needs: redis-server, redis-benchmark (Debian: redis-server, redis-tools), tmux, and python's `rich` (pip install rich).
Run at the top of the repository, with sysrec on PATH: docs/picture.py [report] [code]
"""

import pathlib
import re
import shlex
import subprocess
import sys
import tempfile
import time

from rich.console import Console
from rich.text import Text

COLUMNS, LINES = 120, 60
PORT = "17777"
SERVER = f"redis-server --port {PORT} --io-threads 4 --save '' --logfile /dev/null"
# Of code: what threads wait for is left out, so that work is seen.
WORK = "-e '!%clock,!epoll_wait,!futex,!nanosleep,!clock_nanosleep'"
TREE = f"sysrec tree redis.bin {WORK} --min-share 4 --depth 14"
SESSION = "sysrec-picture"


def tmux(*words):
    return subprocess.run(["tmux", "-L", SESSION, *words], check=True, capture_output=True, text=True).stdout


def wait_for(pattern, what):
    for _ in range(600):
        screen = tmux("capture-pane", "-p", "-t", SESSION)
        if re.search(pattern, screen):
            return
        time.sleep(0.1)
    sys.exit(f"{what} did not happen; the screen shows:\n{screen}")


def wait_for_server():
    for _ in range(600):
        answer = subprocess.run(["redis-cli", "-p", PORT, "ping"], capture_output=True, text=True)
        if "PONG" in answer.stdout:
            return
        time.sleep(0.1)
    sys.exit("the server did not come up")


def picture(record, load, show, until, name):
    """Records the server under load in a terminal, shows something of it there, and draws that terminal."""
    folder = tempfile.mkdtemp()
    tmux("new-session", "-d", "-s", SESSION, "-x", str(COLUMNS), "-y", str(LINES), "-c", folder, "env PS1='$ ' sh")
    try:
        tmux("send-keys", "-t", SESSION, f"{record} {SERVER}", "Enter")
        wait_for_server()
        subprocess.run(["redis-benchmark", "-p", PORT, "-q", *load], check=True, capture_output=True)
        tmux("send-keys", "-t", SESSION, "C-c")
        wait_for(r"lost", "the end of the recording")
        tmux("send-keys", "-t", SESSION, show, "Enter")
        wait_for(until, "the view")
        screen = tmux("capture-pane", "-e", "-p", "-t", SESSION)
    finally:
        tmux("kill-server")
    lines = screen.rstrip("\n $").split("\n")
    console = Console(record=True, width=COLUMNS, file=open("/dev/null", "w"))
    for line in lines:
        console.print(Text.from_ansi(line.rstrip()), no_wrap=True, overflow="crop")
    pathlib.Path(name).write_text(console.export_svg(title="sysrec", unique_id="sysrec"))
    return pathlib.Path(folder) / "redis.bin"


def main():
    wanted = sys.argv[1:] or ["report", "code"]
    load = ["-n", "5000", "-c", "20", "-t", "set,get"]
    if "report" in wanted:
        show = "sysrec report redis.bin --top 10"
        picture("sysrec record -o redis.bin", load, show, "Not seen:", "docs/report.svg")
    if "code" in wanted:
        trace = picture("sysrec record --stacks -o redis.bin", load, TREE, "Not seen:", "docs/tree.svg")
        draw = f"sysrec flamegraph {trace} {WORK} -o docs/flamegraph.svg"
        subprocess.run(shlex.split(draw), check=True)


if __name__ == "__main__":
    main()
