#!/usr/bin/env bash
# Sets up, builds and runs every test. Leaves everything it makes under build/.
set -euo pipefail
cd "$(dirname "$0")/.."
. .ci/setup.sh

install_missing
# -O2 without NDEBUG: our own assertions stay live in the tests.
configure build/tests -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_FLAGS_RELEASE=-O2 -DPRISMATIC_BENCHMARKS=ON
cmake --build build/tests -j "$(cores)" --target all all_verify_interface_header_sets
ctest --test-dir build/tests --output-on-failure -j "$(cores)" "$@"
