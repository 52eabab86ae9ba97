#!/bin/sh
# A small build: build.sh FOLDER UNITS. Makes, checks, compiles, archives and links so many C files, one after another;
# about ten processes for each. The same calls every time. Prints the nanoseconds that it took.
set -e
cd "$1"
start=$(date +%s%N)
units=$2
i=0
while [ "$i" -lt "$units" ]; do
    printf 'int unit_%d(int x) { return x * %d + 1; }\n' "$i" "$i" >unit.in
    sed "s/unit/piece/" unit.in >piece.in
    cmp -s unit.in piece.in || mv piece.in "piece_$i.c"
    cc -O1 -c "piece_$i.c" -o "piece_$i.o"
    ar rcs libpieces.a "piece_$i.o"
    i=$(expr "$i" + 1)
    mkdir "step_$i"
    cp "piece_$((i - 1)).o" "step_$i/"
done
printf 'int piece_0(int);\nint main(void) { return piece_0(1) - 1; }\n' >main.c
cc -O1 main.c libpieces.a -o program
./program
rm -r step_* piece_* unit.in main.c libpieces.a program
echo "$(($(date +%s%N) - start)) ns in all"
