"""Writes what both sides read: rows for the Vendi score, vectors to project, the mixture for k-means."""
import numpy

from measure import arguments


def mixture(n, d):
    """500 directions, the r-th with weight 1 / (r + 20), rows scattered about them; unit rows."""
    random = numpy.random.default_rng(3)
    directions = random.standard_normal((500, d))
    directions /= numpy.linalg.norm(directions, axis=1, keepdims=True)
    weight = 1 / (numpy.arange(500) + 20)
    rows = directions[random.choice(500, n, p=weight / weight.sum())] + 1.5 / d**0.5 * random.standard_normal((n, d))
    return (rows / numpy.linalg.norm(rows, axis=1, keepdims=True)).astype(numpy.float32)


def main():
    options = arguments()
    random = numpy.random.default_rng(4)
    low_rank = random.standard_normal((3000, 60)) @ random.standard_normal((60, 1024))
    rows = low_rank + 0.5 * random.standard_normal((3000, 1024))
    numpy.save(f"{options.exchange}/rows.npy", rows.astype(numpy.float32))
    shared = random.standard_normal((16, 40000))
    vectors = random.standard_normal((128, 16)) @ shared + 2 * random.standard_normal((128, 40000))
    numpy.save(f"{options.exchange}/vectors.npy", vectors.astype(numpy.float32))
    numpy.save(f"{options.exchange}/mixture-5000.npy", mixture(5000, 256))
    if not options.quick:
        numpy.save(f"{options.exchange}/mixture-20000.npy", mixture(20000, 1024))


if __name__ == "__main__":
    main()
