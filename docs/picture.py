#!/usr/bin/env python3
"""Makes the pictures of the README from real runs: docs/report.svg, a terminal, of redis-server under a small load; and of a
threaded server of the tests, recorded with stacks, docs/tree.svg, a terminal, and docs/flamegraph.svg.

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
RECORD = f"sysrec record -o redis.bin {SERVER}"
REPORT = "sysrec report redis.bin --top 10"
RECORD_CODE = "sysrec record --stacks -o server.bin ./server 4000 4"
# What threads wait for each other is left out, so that work is seen.
WORK = "-e '!futex'"
TREE = f"sysrec tree server.bin {WORK} --min-share 2"
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


def under_load():
    wait_for_server()
    subprocess.run(
        ["redis-benchmark", "-p", PORT, "-n", "5000", "-c", "20", "-q", "-t", "set,get"],
        check=True,
        capture_output=True,
    )
    tmux("send-keys", "-t", SESSION, "C-c")


def picture(folder, record, load, show, name):
    """Records in a terminal, shows something of the recording there, and draws that terminal."""
    tmux("new-session", "-d", "-s", SESSION, "-x", str(COLUMNS), "-y", str(LINES), "-c", folder, "env PS1='$ ' sh")
    try:
        tmux("send-keys", "-t", SESSION, record, "Enter")
        load()
        wait_for(r"nothing\s+lost", "the end of the recording")
        tmux("send-keys", "-t", SESSION, show, "Enter")
        wait_for(r"Not seen:", "the view")
        screen = tmux("capture-pane", "-e", "-p", "-t", SESSION)
    finally:
        tmux("kill-server")
    lines = screen.rstrip("\n $").split("\n")
    console = Console(record=True, width=COLUMNS, file=open("/dev/null", "w"))
    for line in lines:
        console.print(Text.from_ansi(line.rstrip()), no_wrap=True, overflow="crop")
    pathlib.Path(name).write_text(console.export_svg(title="sysrec", unique_id="sysrec"))


def main():
    wanted = sys.argv[1:] or ["report", "code"]
    folder = tempfile.mkdtemp()
    if "report" in wanted:
        picture(folder, RECORD, under_load, REPORT, "docs/report.svg")
    if "code" in wanted:
        source = pathlib.Path("tests/guests/server_pool.c").resolve()
        compile = ["cc", "-g", "-O2", "-pthread", "-D_GNU_SOURCE", "-o", f"{folder}/server", str(source)]
        subprocess.run(compile, check=True)
        picture(folder, RECORD_CODE, lambda: None, TREE, "docs/tree.svg")
        out = pathlib.Path("docs/flamegraph.svg").resolve()
        draw = f"sysrec flamegraph server.bin {WORK} -o {out}"
        subprocess.run(shlex.split(draw), check=True, cwd=folder)


if __name__ == "__main__":
    main()
