#!/usr/bin/env bash
# Builds test_cuda for the device that is here and runs it, under compute-sanitizer too where that is installed. Needs the CUDA
# toolkit, Eigen and Catch2 (-DCMAKE_PREFIX_PATH=... where they are not installed), no network. A short table last. Exit status: 0 all passed; 1 something failed; 77 there is no CUDA device (what was built is kept).
#   tests/gpu.sh [CMake options, e.g. -DCMAKE_CUDA_ARCHITECTURES=90]
set -uo pipefail
cd "$(dirname "$0")/.."
. .ci/setup.sh
mkdir -p build
export PATH="$PATH:/usr/local/cuda/bin"  # where nvcc is as a rule

architecture() { nvidia-smi --query-gpu=compute_cap --format=csv,noheader 2>/dev/null | head -n 1 | tr -d '. '; }
arch="$(architecture)"
configure build/gpu -DCMAKE_BUILD_TYPE=Release -DPRISMATIC_CUDA=ON -DPRISMATIC_COMMAND=OFF -DPRISMATIC_TESTS=OFF -DPRISMATIC_WERROR=OFF \
  ${arch:+-DCMAKE_CUDA_ARCHITECTURES=$arch} "$@" >build/gpu.log 2>&1 &&
  cmake --build build/gpu -j "$(cores)" --target test_cuda >>build/gpu.log 2>&1 || {
  tail -n 30 build/gpu.log
  echo "tests/gpu.sh: test_cuda could not be built; build/gpu.log has the rest" >&2
  exit 1
}

table="" failed=0
run() { # run NAME COMMAND...
  local name="$1" begun=$SECONDS status=0
  shift
  "$@" >"build/gpu-$name.log" 2>&1 || status=$?
  if [ "$status" = 77 ]; then
    cat "build/gpu-$name.log"
    exit 77
  fi
  local said
  said="$(grep -E 'assertions|test cases|ERROR SUMMARY|RACECHECK SUMMARY' "build/gpu-$name.log" | tail -n 2 | tr '\n' ' ')"
  if [ "$status" != 0 ]; then
    failed=1
    tail -n 40 "build/gpu-$name.log"
  fi
  table+="$(printf '%-12s %-7s %5d s  %s' "$name" "$([ "$status" = 0 ] && echo passed || echo FAILED)" $((SECONDS - begun)) "$said")"$'\n'
}

run tests build/gpu/tests/test_cuda
if command -v compute-sanitizer >/dev/null; then
  for tool in memcheck racecheck synccheck; do
    run "$tool" timeout 1200 compute-sanitizer --tool "$tool" --error-exitcode 1 build/gpu/tests/test_cuda
  done
else
  table+="memcheck, racecheck, synccheck: no compute-sanitizer here"$'\n'
fi
echo
nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader 2>/dev/null
printf '%s' "$table"
exit "$failed"
