"""What the scripts share: command line, clock, worker processes, and a line of JSON for each figure.

A figure is {"work", "peer", "seconds", "best_of"}; seconds are per unit of the work's definition in table.py. Other
numbers of a comparison are {"check", "who", "value"}. run.sh sets the environment that makes the peers fast.
"""
import argparse
import json
import multiprocessing
import os
import sys
import time


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true", help="small sizes, few repetitions")
    parser.add_argument("--exchange", default=None, help="folder with inputs that both sides read")
    found = parser.parse_args()
    for trap in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):
        if trap in os.environ:
            sys.exit(f"{trap} is set: it slows OpenBLAS down; run bench/peers/run.sh")
    return found


def figure(work, peer, seconds, best_of):
    print(json.dumps({"work": work, "peer": peer, "seconds": seconds, "best_of": best_of}), flush=True)


def check(name, who, value):
    print(json.dumps({"check": name, "who": who, "value": float(value)}), flush=True)


def best_of(times, run, budget=10.0, warm=True):
    """The least wall time of `run()`, at most `times` runs within about `budget` seconds, and how many there were."""
    if warm:
        begun = time.perf_counter()
        run()
        if time.perf_counter() - begun > budget:
            return time.perf_counter() - begun, 1
    best, total, count = float("inf"), 0.0, 0
    while count < times and (count == 0 or total < budget):
        begun = time.perf_counter()
        run()
        took = time.perf_counter() - begun
        best, total, count = min(best, took), total + took, count + 1
    return best, count


def time_it(work, peer, run, units=1, times=5, budget=10.0, warm=True):
    seconds, count = best_of(times, run, budget, warm)
    figure(work, peer, seconds / units, count)


def _worker(make, arguments, rounds, barrier, results):
    run = make(*arguments)
    run()
    for _ in range(rounds):
        barrier.wait()
        begun = time.perf_counter()
        run()
        barrier.wait()  # a round lasts until the slower one is done
        results.put(time.perf_counter() - begun)


def time_processes(work, peer, make, arguments, units, processes=2, rounds=5):
    """`make(*arguments)()` in several processes of one thread at once; units are those of one process."""
    context = multiprocessing.get_context("spawn")
    barrier, results = context.Barrier(processes), context.Queue()
    workers = [
        context.Process(target=_worker, args=(make, arguments, rounds, barrier, results)) for _ in range(processes)
    ]
    for w in workers:
        w.start()
    seconds = [results.get(timeout=600) for _ in range(rounds * processes)]
    for w in workers:
        w.join()
    figure(work, peer, min(seconds) / (units * processes), rounds)
