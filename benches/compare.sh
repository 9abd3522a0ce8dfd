#!/usr/bin/env bash
# Compares what one and the same work costs in two builds of benches/fixed.rs:  benches/compare.sh OLD NEW [ROUNDS]
#
# Instructions: valgrind's, of all threads, without the kernel's; those of a start without work are taken off. The
# median of three runs, because how much one read of a socket gives is not the same each time.
# Seconds: OLD and NEW take turns, so that whatever else the machine does falls on both; medians of ROUNDS (30).
set -euo pipefail
old=$1 new=$2 rounds=${3:-30}

median() { sort -g | awk '{ v[NR] = $1 } END { printf "%.3f\n", (v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2 }'; }

instructions() { # BINARY WORK COUNT
    for _ in 1 2 3; do
        valgrind --tool=callgrind --callgrind-out-file=/dev/null "$@" 2>&1 | awk '/Collected/ { print $NF }'
    done | tee /dev/stderr | median
}

seconds() { # BINARY WORK COUNT → real, user + system
    local TIMEFORMAT='%R %U %S'
    { time "$@"; } 2>&1 | awk '{ print $1, $2 + $3 }'
}

compare() { # NAME OLD NEW
    awk -v name="$1" -v old="$2" -v new="$3" 'BEGIN {
        printf "%-28s %16.3f %16.3f %+7.2f %%\n", name, old, new, (new / old - 1) * 100 }'
}

less() { awk -v all="$1" -v start="$2" 'BEGIN { printf "%.0f\n", all - start }'; }

counted() { # WORK COUNT
    local was now
    was=$(less "$(instructions "$old" "$1" "$2")" "$(instructions "$old" "$1" 0)")
    now=$(less "$(instructions "$new" "$1" "$2")" "$(instructions "$new" "$1" 0)")
    compare "$1 $2, instructions" "$was" "$now"
}

timed() { # WORK COUNT
    local folder
    folder=$(mktemp -d)
    for _ in $(seq "$rounds"); do
        seconds "$old" "$1" "$2" >>"$folder/old"
        seconds "$new" "$1" "$2" >>"$folder/new"
    done
    for column in 1:real 2:processor; do
        compare "$1 $2, ${column#*:} s" "$(cut -d' ' -f"${column%:*}" "$folder/old" | median)" \
            "$(cut -d' ' -f"${column%:*}" "$folder/new" | median)"
    done
    rm -r "$folder"
}

counted bulk 16
counted connect 800
counted handshake 20
timed bulk 256
timed connect 1000
timed handshake 600
