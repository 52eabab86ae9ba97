#!/usr/bin/env python3
"""Makes docs/report.svg, the terminal picture of the README, from a real run: redis-server recorded under a small load.

Needs: redis-server, redis-benchmark (Debian: redis-server, redis-tools), tmux, and python's `rich` (pip install rich).
Run at the top of the repository, with sysrec on PATH: docs/picture.py
"""

import pathlib
import re
import subprocess
import sys
import tempfile
import time

from rich.console import Console
from rich.text import Text

COLUMNS, LINES = 120, 60
PORT = "17777"
RECORD = f"sysrec record -o redis.bin redis-server --port {PORT} --io-threads 4 --save '' --logfile /dev/null"
REPORT = "sysrec report redis.bin --top 10"
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


def main():
    folder = tempfile.mkdtemp()
    tmux("new-session", "-d", "-s", SESSION, "-x", str(COLUMNS), "-y", str(LINES), "-c", folder, "env PS1='$ ' sh")
    try:
        tmux("send-keys", "-t", SESSION, RECORD, "Enter")
        wait_for_server()
        subprocess.run(
            ["redis-benchmark", "-p", PORT, "-n", "5000", "-c", "20", "-q", "-t", "set,get"],
            check=True,
            capture_output=True,
        )
        tmux("send-keys", "-t", SESSION, "C-c")
        wait_for(r"lost", "the end of the recording")
        tmux("send-keys", "-t", SESSION, REPORT, "Enter")
        wait_for(r"Not seen:", "the report")
        screen = tmux("capture-pane", "-e", "-p", "-t", SESSION)
    finally:
        tmux("kill-server")
    lines = screen.rstrip("\n $").split("\n")
    console = Console(record=True, width=COLUMNS, file=open("/dev/null", "w"))
    for line in lines:
        console.print(Text.from_ansi(line.rstrip()), no_wrap=True, overflow="crop")
    pathlib.Path("docs/report.svg").write_text(console.export_svg(title="sysrec", unique_id="sysrec"))


if __name__ == "__main__":
    main()
