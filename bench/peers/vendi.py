"""Vendi scores of float rows, eigenvalues of 1024 x 1024: seconds each."""
import numpy
import scipy.linalg
import threadpoolctl
import torch
from vendi_score import vendi

from measure import arguments, check, time_it


def on_each_thread_count(work, peer, run, budget):
    for threads in (1, 2):
        torch.set_num_threads(threads)
        with threadpoolctl.threadpool_limits(threads):
            time_it(work, f"{peer}, {threads} thr", run, 1, 15, budget)


def torch_score(rows):
    """The paper's formula: normalise, covariance, eigenvalues, exp of the entropy."""
    unit = torch.nn.functional.normalize(rows, dim=1)
    values = torch.linalg.eigvalsh(unit.T @ unit / len(unit))
    values = values[values > 0]
    return torch.exp(-(values * values.log()).sum())


def scipy_score(rows):
    """By the covariance's symmetric half only, in double at the end."""
    unit = rows / numpy.linalg.norm(rows, axis=1, keepdims=True)
    half = scipy.linalg.blas.ssyrk(1 / len(unit), unit.T, lower=1)
    values = scipy.linalg.eigh(half.astype(numpy.float64), eigvals_only=True, lower=True, overwrite_a=True, check_finite=False)
    values = values[values > 0]
    return numpy.exp(-(values * numpy.log(values)).sum())


def main():
    options = arguments()
    budget = 1 if options.quick else 4
    for n in (1000, 10000) if options.quick else (1000, 10000, 100000):
        rows = numpy.random.default_rng(1).standard_normal((n, 1024), dtype=numpy.float32)
        tensor, work = torch.from_numpy(rows), f"Vendi score, {n // 1000}k x 1024"
        on_each_thread_count(work, "torch, the paper's formula", lambda: torch_score(tensor), budget)
        on_each_thread_count(work, "vendi_score.score_dual", lambda: vendi.score_dual(rows), budget)
        on_each_thread_count(work, "scipy ssyrk + eigh", lambda: scipy_score(rows), budget)
        if n == 1000:
            on_each_thread_count(work, "vendi_score.score_X", lambda: vendi.score_X(rows), budget)

    rows = numpy.random.default_rng(2).standard_normal((2048, 1024), dtype=numpy.float32)
    covariance = rows.T @ rows / 2048
    for label, kind in (("float", numpy.float32), ("double", numpy.float64)):
        matrix, tensor = covariance.astype(kind), torch.from_numpy(covariance.astype(kind))
        work = f"eigenvalues 1024, {label}"
        on_each_thread_count(work, "scipy eigvalsh", lambda: scipy.linalg.eigvalsh(matrix, check_finite=False), budget)
        on_each_thread_count(work, "scipy eigvalsh (evd)", lambda: scipy.linalg.eigvalsh(matrix, check_finite=False, driver="evd"), budget)
        on_each_thread_count(work, "numpy eigvalsh", lambda: numpy.linalg.eigvalsh(matrix), budget)
        on_each_thread_count(work, "torch eigvalsh", lambda: torch.linalg.eigvalsh(tensor), budget)

    if options.exchange:
        rows = numpy.load(f"{options.exchange}/rows.npy")
        check("Vendi score of the same rows", "vendi_score.score_dual in double", vendi.score_dual(rows.astype(numpy.float64)))
        check("Vendi score of the same rows", "vendi_score.score_dual in float", vendi.score_dual(rows))
        unit = rows / numpy.linalg.norm(rows.astype(numpy.float64), axis=1, keepdims=True)
        values = scipy.linalg.svdvals(unit) ** 2 / len(unit)
        check("Vendi score of the same rows", "scipy singular values", numpy.exp(-(values * numpy.log(values)).sum()))


if __name__ == "__main__":
    main()
