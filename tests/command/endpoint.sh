#!/usr/bin/env bash
# The command against servers that misbehave. Usage: endpoint.sh PRISMATIC MOCK_LLM CHECK_RUN SEED_FILE
set -u
prismatic=$(realpath "$1")
mock=$(realpath "$2")
check=$(realpath "$3")
seeds=$(realpath "$4")
. "$(dirname "$0")/serve.sh"

fail() { echo "FAILED: $1"; sed 's/^/    /' err out 2>/dev/null | head -20; failures=$((failures + 1)); }
expect() { # expect STATUS WORDS COMMAND...
  local status=$1 words=$2 found
  shift 2
  "$@" >out 2>err </dev/null
  found=$?
  [ "$found" = "$status" ] || { fail "$*: status $found, expected $status"; return; }
  grep -qF -- "$words" out err || fail "$*: neither output has '$words'"
}
failures=0
loud=(synthesize small.jsonl --target 12 --candidates 20 --rounds 4 --proxy-steps 2 --width 50 --threads 2)
small=("${loud[@]}" --quiet)
head -n 24 "$seeds" >small.jsonl
play() { # play RUN URL FLAG...: a small run
  local run=$1 url=$2
  shift 2
  "$prismatic" "${small[@]}" --run "$run" --generator "$url" "$@" >out 2>err </dev/null
}

# --- the right pool, whatever the server does
serve good
good=$url
play good "$good" || fail "a good server"
grep -q "^generator, endpoint mock-1: .* prompt and .* hold no problem" out && grep -q "^solver, .* hold no answer" out || fail "no account of the servers"
[ "$(wc -l <good/pool.jsonl)" -gt 26 ] || fail "nothing was kept"
serve bad faults=all stall=700 huge=17000000 ignores_n=1
play bad "$url" --concurrency 16 || fail "a server that misbehaves"
cmp -s good/pool.jsonl bad/pool.jsonl || fail "faults change the pool"
"$check" bad >/dev/null 2>err || fail "the state of the run of a bad server"
expect 0 '"unread"' "$prismatic" "${small[@]}" --run bad --generator "$url" --json

# --- what is stored is not asked for again: the server is gone, the run goes on
stop bad
rm bad/pool.jsonl
play bad "$url" --generator-model mock-1 || fail "a complete run without its server"
cmp -s good/pool.jsonl bad/pool.jsonl || fail "a replay changes the pool"

# --- two servers, two models, a key that nobody sees
key=sk-0123456789abcdefghij
echo "$key" >key
serve locked key=$key
play locked "$good" --solver "$url" --solver-model mock-1 --solver-key-file key || fail "two servers"
cmp -s good/pool.jsonl locked/pool.jsonl || fail "two servers bring another pool"
export LEAK=sk-zyxwvutsrqponmlkjihg
expect 4 'found status 401: "Incorrect API key provided: Bearer ***" "invalid_api_key"' "$prismatic" "${small[@]}" --run refused --generator "$url" --generator-key-env LEAK
[ -e refused/run.sqlite ] && fail "a key that is refused began a run"
expect 2 "NO_SUCH_KEY, expected a key" "$prismatic" "${small[@]}" --run refused --generator "$url" --generator-key-env NO_SUCH_KEY
OPENAI_API_KEY=$key play usual "$url" || fail "the usual variable, on this machine"
! grep -rqF -e "$key" -e "$LEAK" good bad locked usual out err || fail "a key was written down"

# --- the budget stops the run cleanly, and a larger one goes on to the same pool
expect 0 "30 of 30 requests" "$prismatic" "${loud[@]}" --run budget --generator "$good" --max-requests 30
[ -e budget/pool.jsonl ] || fail "no pool after the budget"
expect 0 "30 of 30 requests" "$prismatic" "${loud[@]}" --run budget --generator "$good" --max-requests 30
"$check" budget | grep -q "answers 30," || fail "the budget was overdrawn"
play budget "$good" --max-cost 100 --generator-price 1 2 || fail "a larger budget"
cmp -s good/pool.jsonl budget/pool.jsonl || fail "a budget changes the pool"

# --- refusals
expect 2 "--max-cost: found no price" "$prismatic" "${small[@]}" --run x --generator "$good" --max-cost 1
expect 2 'found "***@h/v1", expected no user or password' "$prismatic" "${small[@]}" --run x --generator http://me:pw@h/v1
expect 2 "--prompts: found inference, expected mathematics" "$prismatic" "${small[@]}" --run x --prompts inference
expect 3 'prompts: found "mathematics ' "$prismatic" "${small[@]}" --run good --generator "$good" --prompts inference
expect 3 'generator: found "endpoint mock-1", expected "endpoint other"' "$prismatic" "${small[@]}" --run good --generator "$good" --generator-model other --solver-model mock-1
expect 4 "http://127.0.0.1:9/v1: found " "$prismatic" "${small[@]}" --run x --generator http://127.0.0.1:9/v1 --generator-model m
[ ! -e x ] || fail "a refused run left something behind"

# --- Ctrl-C while a server says nothing
serve silent faults=stall stall=60000
"$prismatic" "${small[@]}" --run silent --generator "$url" >out 2>err </dev/null &
pid=$!
for _ in $(seq 200); do [ -e silent/proxy.safetensors ] && break; sleep 0.1; done
sleep 0.5
kill -INT $pid
wait $pid
[ $? = 130 ] || fail "Ctrl-C: another status"

if [ "$failures" != 0 ]; then
  echo "$failures failed"
  exit 1
fi
echo "the command and its servers: all checks passed"
