#!/usr/bin/env bash
# Builds bench_cuda for the device that is here and runs it: rates of the device, measured in the same call, and the work of
# docs/performance.md as figures and fractions of them. Needs the CUDA toolkit and Eigen (-DCMAKE_PREFIX_PATH=... where it is not
# installed), no network. The table is last. Exit status 77 where there is no CUDA device.
#   bench/gpu.sh [CMake options, e.g. -DCMAKE_CUDA_ARCHITECTURES=90]
set -euo pipefail
cd "$(dirname "$0")/.."
. .ci/setup.sh
mkdir -p build
export PATH="$PATH:/usr/local/cuda/bin"  # where nvcc is as a rule

arch="$(nvidia-smi --query-gpu=compute_cap --format=csv,noheader 2>/dev/null | head -n 1 | tr -d '. ' || true)"
configure build/gpu-bench -DCMAKE_BUILD_TYPE=Release -DPRISMATIC_CUDA=ON -DPRISMATIC_COMMAND=OFF -DPRISMATIC_TESTS=OFF -DPRISMATIC_WERROR=OFF \
  ${arch:+-DCMAKE_CUDA_ARCHITECTURES=$arch} "$@" >build/gpu-bench.log 2>&1
cmake --build build/gpu-bench -j "$(cores)" --target bench_cuda >>build/gpu-bench.log 2>&1 || {
  tail -n 30 build/gpu-bench.log
  exit 1
}
nvidia-smi --query-gpu=name,driver_version,clocks.sm,power.limit --format=csv 2>/dev/null || true
exec build/gpu-bench/bench/bench_cuda
