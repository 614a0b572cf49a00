#!/usr/bin/env bash
# The main job: from 200 seed problems to 1,000 kept ones, then the same without the gradient filter. Sets
# up and builds first. Leaves everything it makes under build/.
set -euo pipefail
cd "$(dirname "$0")/.."
. .ci/setup.sh

install_missing
configure build/release -DCMAKE_BUILD_TYPE=Release -DPRISMATIC_NATIVE=ON -DPRISMATIC_TESTS=OFF -DPRISMATIC_WERROR=OFF
cmake --build build/release -j "$(cores)"

run=build/runs/main
build/release/examples/prismatic synthesize examples/data/seed_problems.jsonl --run "$run" --seed 1 --target 1000 --control "$@"
build/release/examples/prismatic report "$run"
