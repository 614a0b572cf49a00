"""Prints the table of one run: `table.py FOLDER`, the folder that run.sh filled.

Every work has a unit, ours (a benchmark's name, and how many units one iteration holds), its operations and bytes per
unit, and the threads that share them. The floor is what the machine's measured peaks allow. The last column is the best
peer's time over its floor in an earlier survey on another machine (2 cores of a Zen 5): where this run's peer is much
worse than that, the machine was busy or the peer is not set up well.
"""
import json
import pathlib
import re
import sys


class Work:
    def __init__(self, name, unit, ours, units=1.0, flop=0.0, bytes=0.0, threads=2, survey=None):
        self.name, self.unit, self.ours, self.units = name, unit, ours, units
        self.flop, self.bytes, self.threads, self.survey = flop, bytes, threads, survey


def decoder_flop(parameters, layers, width, length):
    """Forward and backward of one sequence, causal attention counted once."""
    return 6 * parameters * length + 6 * layers * width * length * length


A, B = decoder_flop(1_000_576, 4, 128, 64), decoder_flop(15_735_168, 8, 384, 128)
P_A = 1_000_576


def vendi_flop(n, d=1024):
    small, large = min(n, d), max(n, d)
    return large * small * (small + 1) + 4 / 3 * small**3


def works():
    parameters = 1116 * 896
    for batch, survey in ((8, 9.2), (64, 1.9)):
        yield Work(f"dense signs, batch {batch}", "ns/parameter/gradient",
                   f"rademacher_block/batch:{batch}/rows:1116/d:1024/threads:0/", batch * parameters, 2 * 1024, survey=survey)
    for nonzeros, millions, survey in ((1, 1, 3.6), (4, 1, 15.3), (1, 10, 8.5), (4, 10, 56)):
        yield Work(f"sparse signs, s {nonzeros}, batch 8, {millions} M", "ns/parameter/gradient",
                   f"sparse_sign_matrix/batch:8/s:{nonzeros}/rows:{millions}000/", 8e6 * millions, nonzeros, 4, survey=survey)
    yield Work("gradients, model A", "ms/sample", "gradients_sparse/model:1/T:64/n:64/s:1/", 64, A, survey=3.0)
    yield Work("gradients, model B", "ms/sample", "gradients_sparse/model:2/T:128/n:16/s:1/", 16, B, survey=1.61)
    for threads, label in ((1, ", 1 thread"), (2, "")):
        count = 1 if threads == 1 else 0
        yield Work(f"tokens to G-Vendi, model A, sparse{label}", "ms/sample",
                   f"score_of_tokens/model:1/T:64/n:64/s:1/threads:{count}/", 64, A + P_A, threads=threads,
                   survey=3.0 if threads == 2 else None)
        yield Work(f"tokens to G-Vendi, model A, dense{label}", "ms/sample",
                   f"score_of_tokens/model:1/T:64/n:64/s:0/threads:{count}/", 64, A + 2 * 1024 * P_A, threads=threads,
                   survey=18 if threads == 2 else None)
    for n, survey in ((1000, 5.2), (10000, 3.0), (100000, 2.1)):
        yield Work(f"Vendi score, {n // 1000}k x 1024", "ms", f"vendi_score/n:{n}/d:1024/", 1, vendi_flop(n), survey=survey)
    yield Work("eigenvalues 1024, float", "ms", "eigenvalues<float>/", 1, 4 / 3 * 1024**3, survey=10.8)
    yield Work("eigenvalues 1024, double", "ms", "eigenvalues<double>/", 1, 2 * 4 / 3 * 1024**3, survey=5.8)
    for n, d, survey in ((5000, 256, 2.1), (20000, 1024, 1.07)):
        yield Work(f"k-means, {n // 1000}k x {d}, k {n // 10}", "ms", None, 1, 20 * 2 * n * n / 10 * d, survey=survey)


def lines(folder, pattern):
    for path in sorted(folder.glob(pattern)):
        for line in path.read_text().splitlines():
            if line.startswith("{"):
                yield json.loads(line)


def least(found, key, value):
    found[key] = min(found.get(key, float("inf")), value)


def main():
    folder = pathlib.Path(sys.argv[1])
    peaks = [re.search(r"([\d.]+) GFLOP/s.* ([\d.]+) GB/s", p.read_text()) for p in folder.glob("peak-*.txt")]
    flops, read = (max(float(p[i]) for p in peaks) * 1e9 for i in (1, 2))

    peers, ours, benchmarks = {}, {}, {}
    for line in lines(folder, "*.jsonl"):
        if "work" in line and line["peer"] == "prismatic":
            least(ours, line["work"], line["seconds"])
        elif "work" in line:
            least(peers.setdefault(line["work"], {}), line["peer"], line["seconds"])
    for path in folder.glob("*-ours-*.json"):
        for run in json.loads(path.read_text())["benchmarks"]:
            if run["run_type"] == "iteration":
                scale = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1}[run["time_unit"]]
                least(benchmarks, run["name"], run["real_time"] * scale)

    print(f"Peaks: {flops / 1e9:.0f} GFLOP/s (float, two threads), {read / 1e9:.1f} GB/s read.\n")
    print("| work | unit | best peer | peer | ours | peer / ours | floor | floor / ours | survey: peer / floor |")
    print("|---|---|---|---|---|---|---|---|---|")
    for work in works():
        for name, seconds in benchmarks.items():
            if work.ours and name.startswith(work.ours):
                least(ours, work.name, seconds / work.units)
        if work.name not in ours or work.name not in peers:
            continue
        scale = {"ns": 1e9, "ms": 1e3}[work.unit[:2]]
        peer, best = min(peers[work.name].items(), key=lambda item: item[1])
        mine, floor = ours[work.name], max(work.flop / (flops * work.threads / 2), work.bytes / read)
        survey = f"{work.survey:.1f}" if work.survey else ""
        print(f"| {work.name} | {work.unit} | {peer} | {best * scale:.3g} | {mine * scale:.3g} | {best / mine:.2f} | "
              f"{floor * scale:.3g} | {floor / mine:.2f} | {survey} |")

    print("\n| check | who | value |\n|---|---|---|")
    found = {(line["check"], line["who"]): line["value"] for line in lines(folder, "*.jsonl") if "check" in line}
    for (name, who), value in sorted(found.items()):
        print(f"| {name} | {who} | {value:.8g} |")


if __name__ == "__main__":
    main()
