#!/usr/bin/env bash
# The command as its users meet it: what it prints, how it fails. Usage: command.sh PRISMATIC SEED_FILE CHECKPOINTS
set -u
prismatic=$(realpath "$1")
seeds=$(realpath "$2")
checkpoints=$(realpath "$3")
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
cd "$work" || exit 1
failures=0
quick=(--proxy-steps 2 --width 50 --threads 2 --quiet)

fail() { echo "FAILED: $1"; sed 's/^/    /' err out | head -20; failures=$((failures + 1)); }

# expect STATUS WORDS COMMAND...: the exit status, and words that standard error holds. A failure is one line.
expect() {
  local status=$1 words=$2 found
  shift 2
  "$@" >out 2>err </dev/null
  found=$?
  [ "$found" = "$status" ] || { fail "$*: status $found, expected $status"; return; }
  grep -qF -- "$words" err || { fail "$*: standard error lacks '$words'"; return; }
  if [ "$status" -ge 3 ] && [ "$(wc -l <err)" != 1 ]; then fail "$*: more than one line of error"; fi
}

# works WORDS COMMAND...: success, and words that standard output holds.
works() {
  local words=$1
  shift
  "$@" >out 2>err </dev/null || { fail "$*: failed"; return; }
  grep -qF -- "$words" out || fail "$*: output lacks '$words'"
}

head -n 24 "$seeds" >small.jsonl

# --- every subcommand works, on samples and on rows
works "G-Vendi" "$prismatic" score small.jsonl "${quick[@]}"
works '"g_vendi"' "$prismatic" score small.jsonl --json "${quick[@]}" --confidence 5 --exact 8 --per-sample scored.jsonl
works '"g_vendi"' "$prismatic" score small.jsonl --json "${quick[@]}" --modules mlp,last:1 --exact 8 --activations 1MB
[ "$(wc -l <scored.jsonl)" = 24 ] && grep -q '"surprisal"' scored.jsonl || fail "per-sample output"
works "rows of 50" "$prismatic" gradients small.jsonl -o rows --save-proxy proxy.safetensors "${quick[@]}"
works "24 rows" "$prismatic" gradients small.jsonl -o rows --proxy proxy.safetensors "${quick[@]}"
works "rows of 50" "$prismatic" gradients small.jsonl -o rows.npy --proxy proxy.safetensors "${quick[@]}"
works "samples in sparse clusters" "$prismatic" cluster small.jsonl -o clustered.jsonl "${quick[@]}"
grep -q '"cluster"' clustered.jsonl || fail "cluster output"
works "clusters" "$prismatic" cluster rows.npy -k 5 --quiet
works "G-Vendi of the chosen" "$prismatic" select rows -m 6 --quiet
works "G-Vendi of the chosen" "$prismatic" select small.jsonl -m 6 -o subset.jsonl "${quick[@]}"
[ "$(wc -l <subset.jsonl)" = 6 ] || fail "select output"
while read -r line; do grep -qxF -- "$line" small.jsonl || fail "select changed a record"; done <subset.jsonl
works "union" "$prismatic" compare small.jsonl subset.jsonl --repeats 3 "${quick[@]}"
npy() { # npy NAME ROWS BYTES...: a (ROWS, 2) array of little-endian floats
  local name=$1 header="{'descr': '<f4', 'fortran_order': False, 'shape': ($2, 2), }"
  shift 2
  { printf '\x93NUMPY\x01\x00\x76\x00'; printf '%-117s\n' "$header"; printf "$@"; } >"$name"
}
along_x='\x00\x00\x80\x3f\x00\x00\x00\x00' along_y='\x00\x00\x00\x00\x00\x00\x80\x3f'
npy x.npy 2 "$along_x$along_x"
npy same.npy 2 "$along_x$along_x"
works "same.npy        2              1.00    1.00 - 1.00               +0.00" "$prismatic" compare x.npy same.npy --repeats 3 --quiet
npy four.npy 4 "$along_x$along_x$along_x$along_x"
npy other.npy 4 "$along_y$along_y$along_y$along_y"
"$prismatic" compare four.npy other.npy --repeats 40 --json --quiet >out 2>err || fail "compare of rows"
# Two of four and four: a pair is of both directions in 4 of 7 draws, and then scores 2.
grep -A6 '"adds"' out | grep -qE '"adds": 0\.[3-8]' || fail "what a set adds"
# --- a device that is not there: by its name, by this build, or by this machine
expect 2 "--device: found gpu, expected cpu, cuda or cuda:NUMBER" "$prismatic" score small.jsonl --device gpu
expect 2 "--device: found cuda:-1" "$prismatic" score small.jsonl --device cuda:-1
"$prismatic" score small.jsonl --device cuda:4000 >out 2>err && fail "a device that nobody has"
[ ! -s out ] && [ "$(wc -l <err)" = 1 ] && grep -qE "built without CUDA|CUDA device" err || fail "a device that nobody has"
works "G-Vendi" "$prismatic" score small.jsonl --device cpu --max-memory 1MB "${quick[@]}"
run=(synthesize small.jsonl --run run --target 8 --candidates 30 "${quick[@]}")
works "difference" "$prismatic" "${run[@]}" --control
works "8 new samples" "$prismatic" "${run[@]}"
snapshot() { find run -type f -exec sha256sum {} + | sort -k 2; }
snapshot >before
works "run: 8 of 8 samples kept in" "$prismatic" synthesize --status run
works '"rounds_done"' "$prismatic" synthesize --status run --json
snapshot | cmp -s before - || fail "--status changed the run"
mv run/report.html made_at_the_end.html
works "report.html" "$prismatic" report run --svg curves.svg
grep -q "<svg" run/report.html && grep -q "<svg" curves.svg || fail "report page"
cmp -s run/report.html made_at_the_end.html || fail "a report made again is another"
grep -qE "https?://|<script|<link|src=" <(sed 's|http://www.w3.org/2000/svg||g' run/report.html) && fail "the report page needs more than itself"
works '"verdicts"' cat run/report.json
works "backend:" "$prismatic" doctor
works "ok" "$prismatic" doctor --proxy proxy.safetensors
works "sparse-sign:4" "$prismatic" score small.jsonl --projection sparse-sign:4 "${quick[@]}"
works '"projection": "sparse-sign:4"' "$prismatic" score small.jsonl --projection sparse-sign --json "${quick[@]}"
works "rows of 50" "$prismatic" gradients small.jsonl -o sparse --proxy proxy.safetensors --projection sparse-sign:8 "${quick[@]}"
works "rademacher, products in bf16" "$prismatic" score small.jsonl --precision bf16 "${quick[@]}"
works "rademacher, products in bf16-backward" "$prismatic" score small.jsonl --precision bf16-backward "${quick[@]}"
works "rows of 50" "$prismatic" gradients small.jsonl -o rounded --proxy proxy.safetensors --precision bf16 "${quick[@]}"
works '"precision": "bf16"' "$prismatic" score rounded --json --quiet
works '"projection": "kronecker"' "$prismatic" score small.jsonl --projection kronecker --json "${quick[@]}"
works "sparse-sign:8" "$prismatic" score sparse --quiet
works "rademacher" "$prismatic" score rows --quiet
works "8 new samples; the target is reached" "$prismatic" synthesize small.jsonl --run checked --target 8 --candidates 30 --examples loss \
  --check-arithmetic --problem-characters 10 900 --solution-characters 1 2000 --script latin greek --evaluation small.jsonl "${quick[@]}"
works "G-Vendi rises no more" "$prismatic" synthesize small.jsonl --run flat --candidates 20 --plateau 100 --plateau-rounds 1 "${quick[@]}"
works '"off_length"' "$prismatic" synthesize --status checked --json
works "8 new samples" "$prismatic" synthesize small.jsonl --run "<i>run" --target 8 --candidates 30 "${quick[@]}"
grep -q "&lt;i&gt;run" "<i>run/report.html" && ! grep -q "<i>" "<i>run/report.html" || fail "a report that does not escape"
for sub in score gradients cluster select synthesize compare report plan doctor; do
  works "Examples:" "$prismatic" "$sub" --help
done
works "prismatic 0." "$prismatic" --version

# --- a plan asks nobody and writes nothing
works "time on this machine" "$prismatic" plan score small.jsonl "${quick[@]}"
works '"flop_of_sweeps"' "$prismatic" plan score small.jsonl --flops-per-second 1e9 --machine-price 2 --json "${quick[@]}"
works "solver: requests                                       6000" "$prismatic" plan synthesize small.jsonl --target 200 --candidates 500 --attempts 3 \
  --flops-per-second 1e11 --generator http://127.0.0.1:9 --generator-price 1 2 --solver-price 1 2 --server-tokens-per-second 1000 "${quick[@]}"
works "assumed: 10.0 % of the candidates are kept" "$prismatic" plan synthesize small.jsonl --control "${quick[@]}"
expect 2 "plan synthesize: found no seeds" "$prismatic" plan synthesize
expect 2 "subcommand" "$prismatic" plan

# --- standard output is for results only, and the same numbers come again
"$prismatic" score small.jsonl --json "${quick[@]}" >first 2>/dev/null
"$prismatic" score small.jsonl --json "${quick[@]}" >second 2>/dev/null
cmp -s first second || fail "two runs of one command differ"
gzip -k small.jsonl
"$prismatic" score small.jsonl.gz --json "${quick[@]}" 2>/dev/null | sed 's/\.gz//' | cmp -s first - || fail "gzip changes the score"
"$prismatic" score - --json "${quick[@]}" <small.jsonl >out 2>err || fail "standard input"

# --- a mixed file, every schema
cat >mixed.jsonl <<'DATA'
{"prompt": "1 + 1 =", "completion": " 2"}
{"messages": [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "hello"}]}
{"conversations": [{"from": "human", "value": "hi"}, {"from": "gpt", "value": "hello there"}]}
{"instruction": "add", "input": "1 and 2", "output": "3"}
{"question": "What is up?", "answer": "The sky."}
{"problem": "2 + 2", "solution": "4"}
{"premise": "It rains.", "hypothesis": "It is wet.", "label": 0}
{"text": "Once upon a time."}
DATA
works "G-Vendi" "$prismatic" score mixed.jsonl "${quick[@]}"

# --- usage
expect 2 "subcommand" "$prismatic"
expect 2 "data is required" "$prismatic" score
expect 2 "synthesize: found no --run, expected seeds and --run DIRECTORY" "$prismatic" synthesize small.jsonl
expect 3 "nowhere: found no run.sqlite, expected a run that synthesize began" "$prismatic" synthesize --status nowhere
expect 2 "no-such" "$prismatic" score small.jsonl --no-such
expect 2 "--width" "$prismatic" score small.jsonl --width 0
expect 2 "--projection: found dense, expected rademacher, sparse-sign, sparse-sign:S or kronecker" \
  "$prismatic" score small.jsonl --projection dense "${quick[@]}"
expect 2 "--projection: found sparse-sign:4x" "$prismatic" score small.jsonl --projection sparse-sign:4x "${quick[@]}"
expect 2 "--precision: fp8 not in {full,bf16-backward,bf16,tf32}" "$prismatic" score small.jsonl --precision fp8 "${quick[@]}"
expect 2 "products: found tf32, expected full, bf16_backward or bf16 on a CPU" "$prismatic" score small.jsonl --precision tf32 "${quick[@]}"
expect 2 "non-zeros: found 51, expected 1 to the width, 50" \
  "$prismatic" score small.jsonl --projection sparse-sign:51 "${quick[@]}"
expect 2 "clusters" "$prismatic" cluster rows.npy -k 25 --quiet
expect 2 "at most 24" "$prismatic" select rows.npy -m 25 --quiet
expect 2 "no-such-schema" "$prismatic" score small.jsonl --format no-such-schema "${quick[@]}"
expect 2 "modules: found \"mpl\"" "$prismatic" score small.jsonl --modules mpl "${quick[@]}"
expect 2 "one kind" "$prismatic" compare small.jsonl rows.npy "${quick[@]}"

# --- bad data: one line that names file, line and field
: >empty.jsonl
expect 3 "empty.jsonl: found no records" "$prismatic" score empty.jsonl "${quick[@]}"
echo '{"other": 1}' >unusable.jsonl
expect 3 "unusable.jsonl:1" "$prismatic" score unusable.jsonl "${quick[@]}"
expect 3 "no usable sample" "$prismatic" score unusable.jsonl --on-bad-sample skip "${quick[@]}"
{ cat small.jsonl; echo '{"problem": "x", "solution": '; } >malformed.jsonl
expect 3 "malformed.jsonl:25" "$prismatic" score malformed.jsonl "${quick[@]}"
works "G-Vendi" "$prismatic" score malformed.jsonl --on-bad-sample skip "${quick[@]}"
{ cat small.jsonl; printf '{"problem": "\xff\xfe", "solution": "x"}\n'; } >latin.jsonl
expect 3 "latin.jsonl:25" "$prismatic" score latin.jsonl "${quick[@]}"
{ cat small.jsonl; head -n 1 small.jsonl; } >twice.jsonl
expect 3 "twice.jsonl:25: id" "$prismatic" score twice.jsonl "${quick[@]}"
long=$(head -c 5000 /dev/zero | tr '\0' x)
{ cat small.jsonl; echo "{\"problem\": \"p\", \"solution\": \"$long\"}"; } >long.jsonl
expect 3 "long.jsonl:25" "$prismatic" score long.jsonl "${quick[@]}"
works "G-Vendi" "$prismatic" score long.jsonl --on-bad-sample skip "${quick[@]}"
{ cat small.jsonl; echo "{\"problem\": \"$long\", \"solution\": \"s\"}"; } >long_prompt.jsonl
works "G-Vendi" "$prismatic" score long_prompt.jsonl "${quick[@]}"
expect 3 "long_prompt.jsonl:25" "$prismatic" score long_prompt.jsonl --truncation refuse "${quick[@]}"
expect 3 "missing.jsonl" "$prismatic" score missing.jsonl "${quick[@]}"

# --- rows that are zero, not finite, or no rows: two rows of two floats
npy good.npy 2 '\x00\x00\x80\x3f\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x80\x3f'
npy zero.npy 2 '\x00\x00\x80\x3f\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00'
npy nan.npy 2 '\x00\x00\x80\x3f\x00\x00\x00\x00\x00\x00\xc0\x7f\x00\x00\x80\x3f'
works "G-Vendi 2.00" "$prismatic" score good.npy
expect 3 "row 1" "$prismatic" score zero.npy
expect 3 "row 1" "$prismatic" score nan.npy
expect 3 "row 1" "$prismatic" cluster zero.npy -k 1
expect 3 "row 1" "$prismatic" cluster nan.npy -k 1
head -c 60 good.npy >cut.npy
expect 3 "cut.npy" "$prismatic" score cut.npy

# --- a proxy that cannot be used
expect 3 "missing.safetensors" "$prismatic" score small.jsonl --proxy missing.safetensors "${quick[@]}"
echo junk >junk.safetensors
expect 3 "junk.safetensors" "$prismatic" score small.jsonl --proxy junk.safetensors "${quick[@]}"

# --- outputs that cannot be written leave nothing behind
expect 3 "no/such/dir" "$prismatic" cluster small.jsonl -o no/such/dir/out.jsonl "${quick[@]}"
if [ "$(id -u)" != 0 ]; then
  mkdir locked && chmod a-w locked
  expect 3 "locked" "$prismatic" cluster small.jsonl -o locked/out.jsonl "${quick[@]}"
fi
expect 3 "small.jsonl" "$prismatic" gradients small.jsonl -o small.jsonl "${quick[@]}"

# --- a run of another configuration, rows of another proxy
expect 3 "candidates: found 30, expected 31" "$prismatic" synthesize small.jsonl --run run --target 8 --candidates 31 "${quick[@]}"
mkdir other && head -n 20 small.jsonl >other/small.jsonl
expect 3 "seeds: found" "$prismatic" synthesize other/small.jsonl --run run --target 8 --candidates 30 "${quick[@]}"
expect 3 "proxy: found" "$prismatic" gradients small.jsonl -o rows --proxy-steps 3 --width 50 --threads 2 --quiet
expect 3 "modules: found" "$prismatic" gradients small.jsonl -o rows --modules mlp --proxy proxy.safetensors "${quick[@]}"
expect 3 'projection: found "rademacher", expected "sparse-sign"' \
  "$prismatic" gradients small.jsonl -o rows --proxy proxy.safetensors --projection sparse-sign "${quick[@]}"
expect 3 "projection_nonzeros: found 8, expected 4" \
  "$prismatic" gradients small.jsonl -o sparse --proxy proxy.safetensors --projection sparse-sign:4 "${quick[@]}"
expect 3 'precision: found nothing, expected "bf16"' \
  "$prismatic" gradients small.jsonl -o rows --proxy proxy.safetensors --precision bf16 "${quick[@]}"
expect 3 'precision: found "bf16", expected nothing' \
  "$prismatic" gradients small.jsonl -o rounded --proxy proxy.safetensors "${quick[@]}"
expect 3 'precision: found nothing, expected "bf16"' "$prismatic" synthesize small.jsonl --run run --target 8 --candidates 30 \
  --precision bf16 "${quick[@]}"
expect 3 'sparse: found rows made with other settings than rows: projection: found "sparse-sign", expected "rademacher"' \
  "$prismatic" compare rows sparse --quiet
expect 3 "run.sqlite" "$prismatic" report rows

# --- a checkpoint as generator and solver. The weights are random: it writes nothing usable, and the run says so.
model=$checkpoints/qwen2
write() { # write STATUS WORDS RUN GENERATOR TOKENS FLAG...
  local status=$1 words=$2 run=$3 generator=$4 tokens=$5
  shift 5
  expect "$status" "$words" "$prismatic" synthesize small.jsonl --run "$run" --candidates 50 --attempts 2 \
    --generator "$generator" --max-new-tokens "$tokens" "${quick[@]}" "$@"
}
barren="3 rounds brought nothing to keep: of 150 responses 150 hold no problem, 0 repeat one, 0 got no agreed answer; a problem as it was written"
write 4 "generator qwen2 " written "$model" 6
write 4 "$barren (request 100, unparsed): \"" written "$model" 6  # from what is stored: no round is played again
[ -e written/pool.jsonl ] && fail "a run that kept nothing wrote a pool"
write 4 "1 round brought nothing to keep: of 50" short "$model" 6 --rounds 1
write 3 "temperature: found \"default\", expected 0.5" written "$model" 6 --temperature 0.5
write 3 "top_p: found" written "$model" 6 --top-p 0.5
write 3 "max_new_tokens: found 6, expected 7" written "$model" 7
write 3 "solver: found \"qwen2 " written "$model" 6 --solver "$checkpoints/qwen3"
write 3 "generator: found \"qwen2 " written "$checkpoints/llama" 6 --solver "$model"
solve=(synthesize small.jsonl --run solved --candidates 40 --rounds 1 --attempts 5 --max-new-tokens 1 "${quick[@]}")
expect 4 "got no agreed answer; a solution as it was written" "$prismatic" "${solve[@]}" --solver "$model" --proxy "$model" --temperature 5
expect 2 "it knows the answers of that one only" "$prismatic" "${solve[@]}" --generator "$model" --solver built-in
expect 2 "found 0, expected more: it makes all 5 --attempts the same" "$prismatic" "${solve[@]}" --solver "$model" --temperature 0
expect 2 "script: found \"french\", expected one of latin" "$prismatic" synthesize small.jsonl --run sampled --script french "${quick[@]}"
tongue() { "$prismatic" synthesize small.jsonl --run "tongue-$1" --target 4 --candidates 20 --rounds 1 --language "$@" "${quick[@]}"; }
if ! tongue en 2>&1 | grep -q "built without CLD2"; then
  works "4 new samples" tongue de en
  expect 4 "are of another length, script or language" tongue fr
  expect 2 'found "french", expected a code such as en' tongue french
fi
expect 2 "--problem-characters: found a least that is more than the most" \
  "$prismatic" synthesize small.jsonl --run sampled --problem-characters 9 3 "${quick[@]}"
expect 3 "the pool: level: found no sample with one" "$prismatic" synthesize small.jsonl --run levels --examples level "${quick[@]}"
expect 2 "--temperature-by-round: found the built-in generator, expected a checkpoint or a server" \
  "$prismatic" synthesize small.jsonl --run sampled --temperature-by-round 1 0.5 "${quick[@]}"
expect 2 "expected a checkpoint to sample from" "$prismatic" synthesize small.jsonl --run sampled --top-p 0.5 "${quick[@]}"
expect 4 "--generator: found \"nowhere\", expected built-in, a" "$prismatic" "${solve[@]}" --generator nowhere
expect 4 "qwen2: found no chat template, expected one" "$prismatic" "${solve[@]}" --generator "$model" --template none
cp -r "$model" bare && rm bare/chat_template.jinja
expect 4 "bare/tokenizer_config.json: chat_template: found nothing, expected a template" "$prismatic" "${solve[@]}" --generator bare
[ -e solved/run.sqlite ] && [ ! -e sampled ] || fail "a generator that cannot be used began a run"

# --- a checkpoint that is damaged: one line that names the file
damaged() { # damaged NAME: a copy of the checkpoint to damage
  cp -r "$model" "$1" && chmod -R u+w "$1"
}
u64() { local n=$1 i; for i in 1 2 3 4 5 6 7 8; do printf "\\x$(printf %02x $((n & 255)))"; n=$((n >> 8)); done; }
tensors() { # tensors FILE HEADER: a safetensors file of that header and 64 bytes of data
  { u64 "${#2}"; printf '%s' "$2"; head -c 64 /dev/zero; } >"$1"
}
score_with() { expect "$1" "$2" "$prismatic" score small.jsonl --proxy "$3" "${quick[@]}"; }
damaged cut && head -c 20000 "$model/model.safetensors" >cut/model.safetensors
score_with 3 "cut/model.safetensors" cut
damaged flipped && printf '\xff' | dd of=flipped/model.safetensors bs=1 seek=40 conv=notrunc 2>/dev/null
score_with 3 "flipped/model.safetensors" flipped
damaged lying && { u64 $((1 << 40)); tail -c +9 "$model/model.safetensors"; } >lying/model.safetensors
score_with 3 "lying/model.safetensors" lying
damaged overlapping
tensors overlapping/model.safetensors '{"a":{"dtype":"F32","shape":[8],"data_offsets":[0,32]},"b":{"dtype":"F32","shape":[12],"data_offsets":[16,64]}}'
score_with 3 "overlapping/model.safetensors" overlapping
damaged huge && tensors huge/model.safetensors '{"a":{"dtype":"F32","shape":[9223372036854775808],"data_offsets":[0,64]}}'
score_with 3 "huge/model.safetensors" huge
damaged outside && mv outside/model.safetensors elsewhere.safetensors
echo '{"weight_map": {"model.norm.weight": "../elsewhere.safetensors"}}' >outside/model.safetensors.index.json
score_with 3 "outside/model.safetensors.index.json" outside
damaged unmerged && sed -i 's/"merges"/"murges"/' unmerged/tokenizer.json
score_with 3 "unmerged/tokenizer.json" unmerged
damaged styled && echo '{{ messages }}' >styled/chat_template.jinja
score_with 4 "styled/chat_template.jinja: chat_template: found an unknown template" styled
damaged contradicting && sed -i 's/"intermediate_size": *[0-9]*/"intermediate_size": 7/' contradicting/config.json
score_with 4 "by config.json" contradicting

# --- a run that is killed goes on to the same pool
kill_run=(synthesize small.jsonl --run killed --target 8 --candidates 30 "${quick[@]}")
for delay in 0.2 0.5 1; do (timeout -s KILL "$delay" "$prismatic" "${kill_run[@]}") &>/dev/null; done
[ ! -e killed/run.sqlite ] || works "killed: " "$prismatic" synthesize --status killed
works "8 new samples" "$prismatic" "${kill_run[@]}"
cmp -s run/pool.jsonl killed/pool.jsonl || fail "a killed run ends with another pool"

if [ "$failures" != 0 ]; then
  echo "$failures failed"
  exit 1
fi
echo "the command: all checks passed"
