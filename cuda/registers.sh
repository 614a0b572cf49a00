#!/usr/bin/env bash
# What ptxas says of our own kernels in a release build: registers, shared memory, stack and spills, a line a kernel and
# architecture, as a Markdown table (cuda/README.md holds one). Needs nvcc and Eigen; no device.
#   cuda/registers.sh [architecture ...]     80 and 90 by default
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PATH:/usr/local/cuda/bin"  # where nvcc is as a rule
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT

codes=()
for arch in "${@:-80 90}"; do
  for one in $arch; do codes+=(-gencode "arch=compute_$one,code=sm_$one"); done
done
# The program that calls every verb in float; device code only.
nvcc -fatbin -o "$folder/kernels.fatbin" "${codes[@]}" -Xptxas -v -O3 -DNDEBUG -std=c++20 --expt-relaxed-constexpr \
  -diag-suppress 1675 -DEIGEN_NO_CUDA -Icuda -Iinclude -isystem "${EIGEN_INCLUDE:-/usr/include/eigen3}" \
  bench/cuda/device.bench.cu 2>"$folder/log" || {
  cat "$folder/log" >&2
  exit 1
}

c++filt <"$folder/log" | awk '
  function number(text, unit) { return match(text, "[0-9]+ " unit) ? substr(text, RSTART, RLENGTH - length(unit) - 1) + 0 : 0 }
  /Compiling entry function/ {
    match($0, /sm_[0-9a-z]+/); arch = substr($0, RSTART, RLENGTH)
    name = $0
    sub(/.*entry function ./, "", name); sub(/. for .sm_.*/, "", name)
    ours = name ~ /prismatic::detail::[a-z_]+_kernel/
  }
  /stack frame/ { stack = number($0, "bytes stack frame"); stores = number($0, "bytes spill stores"); loads = number($0, "bytes spill loads") }
  /Used [0-9]+ registers/ {
    match($0, /Used [0-9]+/); registers = substr($0, RSTART + 5, RLENGTH - 5) + 0; shared = number($0, "bytes smem")
    if (ours) {
      sub(/^void /, "", name); sub(/\(.*/, "", name); gsub(/prismatic::(detail::)?/, "", name); gsub(/\(int\)/, "", name)
      row[++rows] = sprintf("| `%s` | %s | %d | %d | %d | %d / %d |", name, arch, registers, shared, stack, stores, loads)
    } else if (name ~ /prismatic::/) {
      ++count[arch]; if (registers > most[arch]) most[arch] = registers
      if (stack > deepest[arch]) deepest[arch] = stack; spilt[arch] += stores + loads
    }
  }
  END {
    print "| kernel | architecture | registers | shared, bytes | stack, bytes | spill stores / loads, bytes |"
    print "|---|---|---|---|---|---|"
    for (i = 1; i <= rows; ++i) print row[i] | "sort"
    close("sort")
    for (arch in count)
      printf "| %d functors run by Thrust, the most of any | %s | %d | | %d | %d in all |\n", count[arch], arch, most[arch], deepest[arch], spilt[arch] | "sort"
    close("sort")
  }'
nvcc --version | tail -n 2 | head -n 1 >&2
