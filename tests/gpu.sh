#!/usr/bin/env bash
# Builds test_cuda for the device that is here and runs it, under compute-sanitizer too where that is installed: its three tools
# side by side, for seven minutes at the most. Needs the CUDA toolkit, Eigen and Catch2 (-DCMAKE_PREFIX_PATH=... where they are not
# installed), no network. A short table last. Exit status: 0 all passed; 1 something failed or was not done in time; 77 there is
# no CUDA device (what was built is kept).
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

failed=0
run() { # run NAME COMMAND...: build/gpu-NAME.log has what it printed, build/gpu-NAME.line a line for the table
  local name="$1" begun=$SECONDS status=0 verdict=passed
  shift
  "$@" >"build/gpu-$name.log" 2>&1 || status=$?
  case "$status" in
    0) ;;
    77 | 124) verdict=unfinished ;;  # no device; out of time
    *) verdict=FAILED ;;
  esac
  printf '%-10s %-10s %5d s  %s\n' "$name" "$verdict" $((SECONDS - begun)) \
    "$(grep -E 'assertions|test cases|ERROR SUMMARY|RACECHECK SUMMARY' "build/gpu-$name.log" | tail -n 2 | tr '\n' ' ')" \
    >"build/gpu-$name.line"
  return "$status"
}
ended() { # ended NAME STATUS
  if [ "$2" = 0 ]; then return; fi
  failed=1
  tail -n 40 "build/gpu-$1.log"
}

rm -f build/gpu-*.line
status=0
run tests build/gpu/tests/test_cuda || status=$?
if [ "$status" = 77 ]; then
  cat build/gpu-tests.log
  exit 77
fi
ended tests "$status"
if command -v compute-sanitizer >/dev/null; then  # side by side: they wait for the host most of the time
  for tool in memcheck racecheck synccheck; do
    run "$tool" timeout 420 compute-sanitizer --tool "$tool" --error-exitcode 1 build/gpu/tests/test_cuda &
    eval "$tool=$!"
  done
  for tool in memcheck racecheck synccheck; do
    status=0
    wait "${!tool}" || status=$?
    ended "$tool" "$status"
  done
else
  echo "memcheck, racecheck, synccheck: no compute-sanitizer here" >build/gpu-tools.line
fi
echo
nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader 2>/dev/null
cat build/gpu-*.line
exit "$failed"
