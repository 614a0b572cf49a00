"""Writes a checkpoint with random bf16 weights in the exact shape of a real model, for measuring time and memory.

    python make_big_checkpoint.py build/big [qwen2.5-0.5b | llama-3.2-1b]

The tokenizer is the small one of checkpoints/: its ids are valid in the larger vocabulary. Needs numpy only.
"""
import json
import pathlib
import shutil
import struct
import sys

import numpy

HERE = pathlib.Path(__file__).parent
SHAPES = {
    "qwen2.5-0.5b": ("qwen2", dict(vocab_size=151936, hidden_size=896, intermediate_size=4864, num_hidden_layers=24, num_attention_heads=14,
                                   num_key_value_heads=2, max_position_embeddings=32768, rms_norm_eps=1e-6, tie_word_embeddings=True, rope_theta=1e6)),
    "llama-3.2-1b": ("llama", dict(vocab_size=128256, hidden_size=2048, intermediate_size=8192, num_hidden_layers=16, num_attention_heads=32,
                                   num_key_value_heads=8, head_dim=64, max_position_embeddings=131072, rms_norm_eps=1e-5, tie_word_embeddings=True,
                                   rope_theta=500000.0, rope_scaling=dict(rope_type="llama3", factor=32.0, low_freq_factor=1.0, high_freq_factor=4.0,
                                                                          original_max_position_embeddings=8192))),
}


def shapes(family, c):
    d, f = c["hidden_size"], c["intermediate_size"]
    head = c.get("head_dim", d // c["num_attention_heads"])
    q, kv = c["num_attention_heads"] * head, c["num_key_value_heads"] * head
    yield "model.embed_tokens.weight", (c["vocab_size"], d)
    for i in range(c["num_hidden_layers"]):
        layer = f"model.layers.{i}."
        for name, rows in ("q", q), ("k", kv), ("v", kv):
            yield f"{layer}self_attn.{name}_proj.weight", (rows, d)
            if family == "qwen2":
                yield f"{layer}self_attn.{name}_proj.bias", (rows,)
        yield f"{layer}self_attn.o_proj.weight", (d, q)
        yield f"{layer}mlp.gate_proj.weight", (f, d)
        yield f"{layer}mlp.up_proj.weight", (f, d)
        yield f"{layer}mlp.down_proj.weight", (d, f)
        yield f"{layer}input_layernorm.weight", (d,)
        yield f"{layer}post_attention_layernorm.weight", (d,)
    yield "model.norm.weight", (d,)


def main():
    out, (family, config) = pathlib.Path(sys.argv[1]), SHAPES[sys.argv[2] if len(sys.argv) > 2 else "qwen2.5-0.5b"]
    out.mkdir(parents=True, exist_ok=True)
    for file in ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja"):
        shutil.copy(HERE / "checkpoints" / family / file, out / file)
    (out / "config.json").write_text(json.dumps({"model_type": family, "torch_dtype": "bfloat16", "hidden_act": "silu"} | config, indent=2) + "\n")
    header, offset = {}, 0
    for name, shape in shapes(family, config):
        size = 2 * int(numpy.prod(shape))
        header[name] = {"dtype": "BF16", "shape": shape, "data_offsets": [offset, offset + size]}
        offset += size
    text = json.dumps(header).encode()
    # A gain is 1 + noise, everything else noise of deviation about 0.02.
    noise = (numpy.random.default_rng(1).standard_normal(1 << 20, numpy.float32) * numpy.float32(0.02))
    with open(out / "model.safetensors", "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for at, (name, shape) in enumerate(shapes(family, config)):
            count = int(numpy.prod(shape))
            values = numpy.resize(numpy.roll(noise, 9973 * at), count) + numpy.float32("norm" in name)
            file.write((values.view(numpy.uint32) >> 16).astype(numpy.uint16).tobytes())
    print(f"{out}: {family}, {offset // 2} parameters, {offset / 2**30:.2f} GiB")


main()
