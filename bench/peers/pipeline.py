"""Tokens to G-Vendi: gradients, projection to 1,024 numbers, score; seconds per sample."""
import time

import torch
from trak.projectors import BasicProjector, ProjectionType

import decoder
from decoder import vmap_gradients, weights
from measure import arguments, figure, time_it, time_processes

WIDTH, SAMPLES = 1024, 64


def score(rows):
    unit = torch.nn.functional.normalize(rows, dim=1)
    values = torch.linalg.eigvalsh((unit @ unit.T / len(unit)).double()).clamp(min=1e-30)
    return torch.exp(-(values * values.log()).sum())


def bergson_rows(shape, data):
    """bergson's own collector, in memory, over its own kind of model; embeddings and head are left out by it."""
    import tempfile

    from bergson.collector.collector import CollectorComputer
    from bergson.collector.in_memory_collector import InMemoryCollector
    from bergson.config.config import IndexConfig
    from bergson.gradients import GradientProcessor
    from datasets import Dataset
    from transformers import Qwen2Config, Qwen2ForCausalLM

    model = Qwen2ForCausalLM(Qwen2Config(
        vocab_size=shape.vocabulary, hidden_size=shape.width, num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads, num_key_value_heads=shape.kv_heads, intermediate_size=shape.ffn,
        tie_word_embeddings=True))
    folder = tempfile.mkdtemp()
    config = IndexConfig(run_path=folder + "/run", projection_dim=WIDTH, projection_target="global", loss_reduction="mean",
                         token_batch_size=SAMPLES * data.shape[1])
    config.partial_run_path.mkdir(parents=True, exist_ok=True)
    rows = Dataset.from_dict({"input_ids": data.tolist(), "length": [data.shape[1]] * len(data)})
    processor = GradientProcessor(projection_dim=WIDTH, projection_target="global")
    collector = InMemoryCollector(model=model.base_model, cfg=config, processor=processor, data=rows)
    CollectorComputer(model=model, data=rows, collector=collector, batches=[list(range(len(data)))],
                      cfg=config).run_with_collector_hooks(desc="gradients")
    return collector.gradients["gradients"]


def make_sparse(samples):
    """Signs and places are drawn beforehand and not counted."""
    torch.set_num_threads(1)
    shape = decoder.A
    w, data = weights(shape), torch.randint(0, shape.vocabulary, (samples, 65))
    parameters = sum(v.numel() for v in w.values())
    place = torch.randint(0, WIDTH, (parameters,))
    sign = torch.randint(0, 2, (parameters,)).float() * 2 - 1

    def run():
        rows = []
        for part in data.split(8):
            gradients = vmap_gradients(w, shape, part)
            sums = torch.zeros(len(part), WIDTH)
            rows.append(sums.scatter_add_(1, place.expand(len(part), -1), gradients * sign))
        return score(torch.cat(rows))

    return run


def main():
    options = arguments()
    shape, length = decoder.A, 64
    w, data = weights(shape), torch.randint(0, shape.vocabulary, (SAMPLES, length + 1))
    parameters = sum(v.numel() for v in w.values())

    sparse = "tokens to G-Vendi, model A, sparse"
    time_processes(sparse, "torch vmap + scatter_add_, 2 processes", make_sparse, (SAMPLES // 2,), SAMPLES // 2,
                   rounds=3 if options.quick else 6)
    run = make_sparse(SAMPLES)
    for threads in (1, 2):
        torch.set_num_threads(threads)
        time_it(sparse + (", 1 thread" if threads == 1 else ""), f"torch vmap + scatter_add_, {threads} thr", run, SAMPLES, 5,
                2 if options.quick else 5)

    # Cost in the width is linear: a quick run projects to an eighth and says so by the factor.
    part = 8 if options.quick else 1
    projector = BasicProjector(parameters, WIDTH // part, 0, ProjectionType.rademacher, "cpu", block_size=100 if part == 1 else 64)
    for threads in (1, 2):
        torch.set_num_threads(threads)
        work = "tokens to G-Vendi, model A, dense" + (", 1 thread" if threads == 1 else "")
        begun = time.perf_counter()
        gradients = vmap_gradients(w, shape, data)
        between = time.perf_counter()
        rows = projector.project(gradients, 0)
        projected = time.perf_counter()
        score(rows)
        end = time.perf_counter()
        seconds = (between - begun) + part * (projected - between) + (end - projected)
        figure(work, f"torch vmap + TRAK, {threads} thr", seconds / SAMPLES, 1)
    if not options.quick:
        begun = time.perf_counter()
        score(bergson_rows(shape, data))
        figure("tokens to G-Vendi, model A, dense", "bergson (no embeddings)", (time.perf_counter() - begun) / SAMPLES, 1)


if __name__ == "__main__":
    main()
