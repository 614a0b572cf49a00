#!/usr/bin/env bash
# Ours against the peers, side by side: sets up a virtual environment and our benchmarks under build/, runs both by
# turns, and prints one table.
#
#   bash bench/peers/run.sh            everything, two rounds, some 15 minutes
#   bash bench/peers/run.sh --quick    small sizes, one round, some 3 minutes
#
# The first run downloads some 4 GB of Python packages. Nothing else should run on the machine.
set -euo pipefail
cd "$(dirname "$0")/../.."
. .ci/setup.sh

mode="${1:-}"
case "$mode" in ""|--quick) ;; *) echo "run.sh: found $mode, expected --quick or nothing" >&2; exit 2 ;; esac

venv=build/peers/venv out=build/peers/results exchange=build/peers/exchange
mkdir -p build/peers
if [ ! -x "$venv/bin/python" ]; then python3 -m venv "$venv"; fi
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check -r bench/peers/requirements.txt
configure build/bench -DCMAKE_BUILD_TYPE=Release -DPRISMATIC_BENCHMARKS=ON -DPRISMATIC_TESTS=OFF -DPRISMATIC_COMMAND=OFF \
  >build/peers/configure.log
cmake --build build/bench >build/peers/build.log
rm -rf "$out" "$exchange"
mkdir -p "$out" "$exchange"

# Two traps: these variables choose slow kernels of OpenBLAS, and glibc gives every large tensor back to the system.
unset OPENBLAS_CORETYPE OPENBLAS_L2_SIZE
tuned=(env MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=17179869184 PYTHONWARNINGS=ignore TOKENIZERS_PARALLELISM=false
       HF_HUB_OFFLINE=1)

theirs() {  # <round> <script>
  "${tuned[@]}" "$venv/bin/python" "bench/peers/$2.py" $mode --exchange "$exchange" \
    >"$out/$2-peers-$1.jsonl" 2>"$out/$2-peers-$1.log" || echo "$2.py failed: $out/$2-peers-$1.log" >&2
}
ours() {  # <round> <layer> <filter>
  "build/bench/bench/bench_$2" --benchmark_filter="$3" --benchmark_repetitions=5 --benchmark_min_time=0.1 \
    --benchmark_out="$out/$2-ours-$1.json" --benchmark_out_format=json >/dev/null 2>"$out/$2-ours-$1.log"
}

if [ -n "$mode" ]; then
  rounds="1" vendi='vendi_score/n:10*/d|eigenvalues<' gradients='gradients_sparse/model:[12].*/s:1/|score_of_tokens.*s:[01]/'
  sparse='sparse_sign_matrix/batch:8/s:[14]/rows:1000/'
else
  rounds="1 2" vendi='vendi_score|eigenvalues<' gradients='gradients_sparse/model:[12].*/s:1/|score_of_tokens.*s:[01]/'
  sparse='sparse_sign_matrix/batch:8/s:[14]/rows:1000'
fi

theirs 0 exchange
for round in $rounds; do
  build/bench/bench/bench_peak >"$out/peak-$round.txt"
  ours "$round" projection "rademacher_block/batch:(8|64)/rows:1116/d:1024/threads:0|$sparse"
  theirs "$round" projection
  theirs "$round" sketch
  ours "$round" gradient "$gradients"
  theirs "$round" gradients
  theirs "$round" pipeline
  ours "$round" diversity "$vendi"
  theirs "$round" vendi
  build/bench/bench/bench_exchange "$exchange" >"$out/exchange-ours-$round.jsonl"
  theirs "$round" clusters
  build/bench/bench/bench_peak >"$out/peak-$round-end.txt"
done
"$venv/bin/python" bench/peers/table.py "$out"
