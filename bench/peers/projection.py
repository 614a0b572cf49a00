"""Dense random signs: gradients of P parameters to 1,024 numbers, seconds per parameter and gradient."""
import numpy
import torch
from bergson.collector.collector import project_global
from dattri.func.projection import BasicProjector as DattriProjector
from trak.projectors import BasicProjector, ProjectionType

from measure import arguments, check, time_it

WIDTH, BATCH = 1024, 8


def main():
    options = arguments()
    parameters = 100_000 if options.quick else 999_936  # every cost here is linear in it
    gradients = torch.randn(BATCH, parameters)
    units = BATCH * parameters

    trak = BasicProjector(parameters, WIDTH, 0, ProjectionType.rademacher, "cpu")
    time_it("dense signs, batch 8", "TRAK BasicProjector", lambda: trak.project(gradients, 0), units, 1, warm=False)
    del trak
    dattri = DattriProjector(parameters, WIDTH, 0, "rademacher", torch.device("cpu"))
    time_it("dense signs, batch 8", "dattri BasicProjector", lambda: dattri.project(gradients, 0), units, 1, warm=False)
    del dattri
    time_it("dense signs, batch 8", "bergson project_global",
            lambda: project_global("w/single", gradients, WIDTH, "rademacher"), units, 1, warm=False)

    # The whole matrix made once and kept: 4 KiB a parameter.
    kept = BasicProjector(parameters, WIDTH, 0, ProjectionType.rademacher, "cpu", block_size=WIDTH)
    time_it("dense signs, batch 8", "TRAK, matrix kept in memory", lambda: kept.project(gradients, 0), units, 5)
    more = torch.randn(64, parameters)
    time_it("dense signs, batch 64", "TRAK, matrix kept in memory", lambda: kept.project(more, 0), 64 * parameters, 5)

    if options.exchange:
        # Cosines of projected vectors against the exact ones: standard deviation of the error, times sqrt(d).
        vectors = torch.from_numpy(numpy.load(f"{options.exchange}/vectors.npy"))
        exact = torch.nn.functional.normalize(vectors.double(), dim=1)
        projector = BasicProjector(vectors.shape[1], WIDTH, 0, ProjectionType.rademacher, "cpu")
        sketch = torch.nn.functional.normalize(projector.project(vectors, 0).double(), dim=1)
        error = (sketch @ sketch.T - exact @ exact.T)[torch.triu_indices(len(exact), len(exact), 1).unbind()]
        check("error of projected cosines x sqrt(d), dense", "TRAK BasicProjector", error.square().mean().sqrt() * WIDTH**0.5)


if __name__ == "__main__":
    main()
