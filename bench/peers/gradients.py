"""Per-sample gradients of whole models, flattened to one row each: seconds per sample."""
import torch

from decoder import A, B, loop_gradients, vmap_gradients, weights
from measure import arguments, time_it, time_processes


def make(shape, method, samples, length):
    torch.set_num_threads(1)
    w, data = weights(shape), torch.randint(0, shape.vocabulary, (samples, length + 1))
    return lambda: method(w, shape, data)


def main():
    options = arguments()
    for name, shape, samples, length in (("A", A, 8, 64), ("B", B, 4, 128)):
        w, data = weights(shape), torch.randint(0, shape.vocabulary, (samples, length + 1))
        for label, method in (("loop", loop_gradients), ("vmap(grad)", vmap_gradients)):
            for threads in (1, 2):
                torch.set_num_threads(threads)
                work = f"gradients, model {name}" + (", 1 thread" if threads == 1 else "")
                time_it(work, f"torch {label}, {threads} thr", lambda: method(w, shape, data), samples, 5,
                        1 if options.quick else 5)
            time_processes(f"gradients, model {name}", f"torch {label}, 2 processes", make, (shape, method, samples, length),
                           samples, rounds=3 if options.quick else 6)


if __name__ == "__main__":
    main()
