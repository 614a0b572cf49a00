#!/usr/bin/env bash
# A run against a server is killed at random moments and goes on: the same pool, no record lost, none twice.
# Usage: kill.sh PRISMATIC MOCK_LLM CHECK_RUN SEED_FILE [KILLS]
set -u
prismatic=$(realpath "$1")
mock=$(realpath "$2")
check=$(realpath "$3")
seeds=$(realpath "$4")
kills=${5:-10}
. "$(dirname "$0")/serve.sh"

head -n 24 "$seeds" >small.jsonl
serve slow delay=40
play() { # play RUN
  exec "$prismatic" synthesize small.jsonl --run "$1" --target 40 --candidates 40 --rounds 3 --proxy-steps 2 --width 50 \
    --threads 2 --quiet --concurrency 8 --generator "$url"
}
failed() {
  echo "FAILED: $1"
  cat out err
  exit 1
}
begin=$(date +%s%N)
(play whole) >out 2>err </dev/null || failed "the run that is left alone"
span=$((($(date +%s%N) - begin) / 1000000)) # ms
"$check" whole >expected || failed "the run that is left alone"

RANDOM=${SEED:-1}
killed=0 runs=0
while [ "$killed" -lt "$kills" ]; do
  (play cut) >out 2>err </dev/null &
  pid=$!
  moment=$(((RANDOM * 32768 + RANDOM) % span))
  sleep "$(printf '%d.%03d' $((moment / 1000)) $((moment % 1000)))"
  if kill -9 "$pid" 2>/dev/null; then killed=$((killed + 1)); fi
  wait "$pid" 2>/dev/null
  status=$?
  [ ! -e cut/run.sqlite ] || "$check" cut >found 2>err || failed "after kill $killed"
  [ "$status" = 137 ] && continue
  [ "$status" = 0 ] || failed "a resumed run: status $status"
  cmp -s expected found && cmp -s whole/pool.jsonl cut/pool.jsonl || failed "a resumed run ends otherwise"
  runs=$((runs + 1))
  rm -rf cut
done
(play cut) >out 2>err </dev/null || failed "the last run"
"$check" cut >found 2>err || failed "the last run"
cmp -s expected found && cmp -s whole/pool.jsonl cut/pool.jsonl || failed "the last run ends otherwise"
echo "$killed kills, $((runs + 1)) runs of $(cat expected): the same pool each time"
