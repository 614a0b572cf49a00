"""Sparse random signs: s places of 1,024 for each of P parameters, seconds per parameter and gradient.

Places and signs are drawn beforehand and not counted, which flatters the peers: nobody ships this for a CPU.
"""
import numpy
import scipy.sparse
import torch

from measure import arguments, time_it

WIDTH, BATCH = 1024, 8


def scatter(gradients, nonzeros):
    parameters = gradients.shape[1]
    places = [torch.randint(0, WIDTH, (parameters,)).expand(BATCH, parameters).contiguous() for _ in range(nonzeros)]
    signs = [torch.randint(0, 2, (parameters,)).float() * 2 - 1 for _ in range(nonzeros)]

    def run():
        out = torch.zeros(BATCH, WIDTH)
        for place, sign in zip(places, signs):
            out.scatter_add_(1, place, gradients * sign)
        return out

    return run


def index(gradients, nonzeros):
    parameters = gradients.shape[1]
    places = [torch.randint(0, WIDTH, (parameters,)) for _ in range(nonzeros)]
    signs = [torch.randint(0, 2, (parameters,)).float() * 2 - 1 for _ in range(nonzeros)]

    def run():
        out = torch.zeros(BATCH, WIDTH)
        for place, sign in zip(places, signs):
            for row in range(BATCH):
                out[row].index_add_(0, place, gradients[row] * sign)
        return out

    return run


def compressed(gradients, nonzeros):
    parameters = gradients.shape[1]
    rows = numpy.random.randint(0, WIDTH, parameters * nonzeros)
    columns = numpy.repeat(numpy.arange(parameters), nonzeros)
    signs = numpy.random.choice(numpy.float32([-1, 1]), parameters * nonzeros)
    matrix = scipy.sparse.csr_array((signs, (rows, columns)), shape=(WIDTH, parameters))
    transposed = numpy.ascontiguousarray(gradients.numpy().T)
    return lambda: matrix @ transposed


def main():
    options = arguments()
    for parameters in (1_000_000,) if options.quick else (1_000_000, 10_000_000):
        gradients = torch.randn(BATCH, parameters)
        for nonzeros in (1, 4):
            work = f"sparse signs, s {nonzeros}, batch 8, {parameters // 1_000_000} M"
            for name, make in (("torch scatter_add_", scatter), ("torch index_add_", index), ("scipy CSR", compressed)):
                run = make(gradients, nonzeros)
                for threads in (1, 2) if make is not compressed else (1,):
                    torch.set_num_threads(threads)
                    time_it(work, f"{name}, {threads} thr", run, gradients.numel(), 3, 2)


if __name__ == "__main__":
    main()
