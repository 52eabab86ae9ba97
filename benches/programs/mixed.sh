#!/bin/sh
# What a recording of real programs holds, in half a second: mixed.sh FOLDER SERVER_EPOLL SERVER_POOL. Two loopback
# servers, each with a client of its own, a copy in small blocks, and a small build.
set -e
"$2" 16000 8
"$3" 16000 8
dd if=/dev/zero of=/dev/null bs=512 count=10000 2>/dev/null
sh "$(dirname "$0")/build.sh" "$1" 2
