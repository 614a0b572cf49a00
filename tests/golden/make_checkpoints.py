"""Writes the golden files of tests/transformer/checkpoint.test.cpp: small random checkpoints of each family, saved by
transformers itself, and what torch computes with them: tokens and loss flags of conversations, logits, losses,
gradients, greedy continuations and a reference G-Vendi.

    pip install -r requirements.txt && python make_checkpoints.py .
"""
import gzip
import json
import pathlib
import pydoc_data.topics
import re
import sys

import numpy
import scipy.linalg
import torch
from safetensors.torch import save_file
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import (AutoModelForCausalLM, AutoTokenizer, LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast, Qwen2Config,
                          Qwen2ForCausalLM, Qwen3Config, Qwen3ForCausalLM)

HERE = pathlib.Path(__file__).parent
OUT = pathlib.Path(sys.argv[1]) / "checkpoints"
WIDTH, SEED = 64, 7  # of the projection
VOCABULARY = 384     # of the tokenizers; the embeddings have more rows
QWEN2 = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
LLAMA3 = QWEN2.replace(r"\p{N}|", r"\p{N}{1,3}|")


# ------------------------------------------------------------------ tokenizers
def qwen_tokenizer():
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(QWEN2), "isolated"),
                                                       pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    return trained(tokenizer, ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]), {"eos_token": "<|im_end|>", "pad_token": "<|endoftext|>"}


def llama_tokenizer():
    tokenizer = Tokenizer(models.BPE(ignore_merges=True))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(LLAMA3), "isolated"),
                                                       pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    special = ["<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"]
    tokenizer = trained(tokenizer, special)
    bos = special[0]
    tokenizer.post_processor = processors.Sequence([
        processors.ByteLevel(trim_offsets=False),
        processors.TemplateProcessing(single=f"{bos} $A", pair=f"{bos} $A {bos} $B:1", special_tokens=[(bos, tokenizer.token_to_id(bos))])])
    return tokenizer, {"bos_token": bos, "eos_token": "<|eot_id|>"}


def trained(tokenizer, special):
    text = "\n\n".join(pydoc_data.topics.topics[k] for k in sorted(pydoc_data.topics.topics))
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator([text], trainers.BpeTrainer(vocab_size=VOCABULARY - 16, show_progress=False,
                                                              initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    tokenizer.add_special_tokens([AddedToken(s, special=True, normalized=False) for s in special])
    return tokenizer


# ------------------------------------------------------------------ checkpoints
LLAMA3_ROPE = {"rope_type": "llama3", "rope_theta": 10000.0, "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
               "original_max_position_embeddings": 32}
CHECKPOINTS = {
    # tied, biases on query, key and value, bf16
    "qwen2": (Qwen2ForCausalLM, Qwen2Config(
        vocab_size=400, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
        max_position_embeddings=512, rms_norm_eps=1e-6, tie_word_embeddings=True, rope_parameters={"rope_type": "default", "rope_theta": 1e6}),
        torch.bfloat16, qwen_tokenizer, "qwen2.5", {}),
    # untied, normalised queries and keys, heads wider than the residual stream, f16, in shards
    "qwen3": (Qwen3ForCausalLM, Qwen3Config(
        vocab_size=400, hidden_size=24, intermediate_size=40, num_hidden_layers=3, num_attention_heads=4, num_key_value_heads=1, head_dim=16,
        max_position_embeddings=512, rms_norm_eps=1e-6, tie_word_embeddings=False, rope_parameters={"rope_type": "default", "rope_theta": 1e6}),
        torch.float16, qwen_tokenizer, "qwen3", {"max_shard_size": "25KB"}),
    # untied, scaled rotary frequencies, a key head a query head, f32
    "llama": (LlamaForCausalLM, LlamaConfig(
        vocab_size=400, hidden_size=32, intermediate_size=40, num_hidden_layers=2, num_attention_heads=2, num_key_value_heads=2,
        max_position_embeddings=512, rms_norm_eps=1e-5, tie_word_embeddings=False, rope_parameters=LLAMA3_ROPE), torch.float32, llama_tokenizer, "llama3", {}),
    # tied, biases on all of attention, narrow explicit heads, f32, the spelling of transformers 4
    "llama-bias": (LlamaForCausalLM, LlamaConfig(
        vocab_size=400, hidden_size=36, intermediate_size=30, num_hidden_layers=2, num_attention_heads=6, num_key_value_heads=3, head_dim=4,
        max_position_embeddings=512, rms_norm_eps=1e-5, tie_word_embeddings=True, attention_bias=True,
        rope_parameters={"rope_type": "default", "rope_theta": 500.0}), torch.float32, llama_tokenizer, "llama3.1", {}),
}


def save(name):
    make, config, dtype, tokenizer_of, template, how = CHECKPOINTS[name]
    folder = OUT / name
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer, named = tokenizer_of()
    for key in ("bos", "eos"):
        setattr(config, f"{key}_token_id", tokenizer.token_to_id(named[f"{key}_token"]) if f"{key}_token" in named else None)
    model = make(config)
    generator = torch.Generator().manual_seed(len(name) + 11)
    with torch.no_grad():
        for key, p in model.named_parameters():
            noise = torch.randn(p.shape, generator=generator)
            p.copy_(1 + 0.2 * noise if "norm" in key else 0.3 * noise if p.dim() == 1 else 0.5 * noise if "embed" in key else noise / p.shape[1] ** 0.5 * 1.5)
    model.to(dtype).save_pretrained(folder, **how)
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, chat_template=(HERE / "templates" / f"{template}.jinja").read_text(), **named)
    fast.save_pretrained(folder)
    (folder / "generation_config.json").unlink(missing_ok=True)
    if name == "llama-bias":
        older_spelling(folder / "config.json")
    for file in folder.iterdir():
        file.chmod(0o644)
        if file.suffix == ".json" and not file.read_text().endswith("\n"):
            file.write_text(file.read_text() + "\n")


def older_spelling(path):
    config = json.loads(path.read_text())
    rope = config.pop("rope_parameters")
    config |= {"rope_theta": rope["rope_theta"], "rope_scaling": None, "torch_dtype": config.pop("dtype"), "transformers_version": "4.51.3"}
    path.write_text(json.dumps(config, indent=2) + "\n")


# ------------------------------------------------------------------ samples
def turn(role, content):
    return {"role": role, "content": content}


CONVERSATIONS = [
    [turn("user", "What is 2+2?"), turn("assistant", "4")],
    [turn("system", "You are terse."), turn("user", "Name a prime above ten."), turn("assistant", "Eleven is prime.")],
    [turn("user", "a"), turn("assistant", "first answer"), turn("user", "and then?"), turn("assistant", "the second answer, a bit longer")],
    [turn("user", "Indent it."), turn("assistant", "\n\n    def f(x):\n        return x\n")],
    [turn("user", "Say it in French."), turn("assistant", "Le de\u0301ce\u0301s, le cafe\u0301.")],
    [turn("user", "\u4f60\u597d"), turn("assistant", "\u4f60\u597d\uff01 \U0001f469\u200d\U0001f4bb")],
    [turn("user", "If x = 3, what is x squared plus 1?"), turn("assistant", "x^2 + 1 = 9 + 1 = 10. The answer is \\boxed{10}.")],
    [turn("user", "Think."), turn("assistant", "<think>\nLet me see.\n</think>\n\nDone.")],
    [turn("user", "The statement and the expression"), turn("assistant", "are evaluated from left to right.")],
    [turn("user", "Count to five."), turn("assistant", "1, 2, 3, 4, 5")],
    [turn("user", "  spaces \n"), turn("assistant", " leading space")],
    [turn("user", "Why?"), turn("assistant", "Because the object of the class is not the name of the object.")],
]
ANSWERS = {"qwen": re.compile(r"<\|im_start\|>assistant\n(.*?<\|im_end\|>)", re.S),
           "llama": re.compile(r"<\|start_header_id\|>assistant<\|end_header_id\|>\n\n(.*?<\|eot_id\|>)", re.S)}


def encode(name, tokenizer, conversation):
    extra = {"date_string": "26 Jul 2024"} if name == "llama-bias" else {}
    text = tokenizer.apply_chat_template(conversation, tokenize=False, **extra)
    assert tokenizer.apply_chat_template(conversation, **extra)["input_ids"] == tokenizer(text, add_special_tokens=False)["input_ids"]
    spans = [m.span(1) for m in ANSWERS[name.split("-")[0].rstrip("23")].finditer(text)]
    assert len(spans) == sum(m["role"] == "assistant" for m in conversation)
    encoded = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
    loss = [any(begin < b and a < end for a, b in spans) for begin, end in encoded["offset_mapping"]]
    return encoded["input_ids"], loss


# ------------------------------------------------------------------ the projection, from its definition
def philox4x32(counter, key):
    """Philox4x32-10 of Salmon et al. (SC'11); counter (4, ...) of uint64 holding 32 bits each."""
    c, (k0, k1), low = list(counter), key, numpy.uint64(0xFFFFFFFF)
    for _ in range(10):
        p0, p1 = c[0] * numpy.uint64(0xD2511F53), c[2] * numpy.uint64(0xCD9E8D57)
        c = [(p1 >> numpy.uint64(32)) ^ c[1] ^ numpy.uint64(k0), p1 & low, (p0 >> numpy.uint64(32)) ^ c[3] ^ numpy.uint64(k1), p0 & low]
        k0, k1 = (k0 + 0x9E3779B9) & 0xFFFFFFFF, (k1 + 0xBB67AE85) & 0xFFFFFFFF
    return c


def mix64(x):
    mask = (1 << 64) - 1
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9 & mask
    x = (x ^ (x >> 27)) * 0x94D049BB133111EB & mask
    return x ^ (x >> 31)


def stream_key(seed, name):
    h = 0xCBF29CE484222325
    for byte in name.encode():
        h = (h ^ byte) * 0x100000001B3 % (1 << 64)
    h = mix64(h ^ mix64((seed + 0x9E3779B97F4A7C15) % (1 << 64)))
    return h & 0xFFFFFFFF, h >> 32


def signs(name, rows, cols):
    """(rows, cols, WIDTH) of +-1."""
    row, block, output = numpy.meshgrid(*(numpy.arange(n, dtype=numpy.uint64) for n in (rows, -(-cols // 128), WIDTH)), indexing="ij")
    words = numpy.stack(philox4x32([block, row, output, numpy.zeros_like(row)], stream_key(SEED, name)), axis=2)  # rows, blocks, 4, outputs
    bits = words[:, :, :, None, :] >> numpy.arange(32, dtype=numpy.uint64)[None, None, None, :, None] & numpy.uint64(1)
    return (1.0 - 2.0 * bits.astype(numpy.float64)).reshape(rows, -1, WIDTH)[:, :cols]


def g_vendi(z):
    z = z / numpy.linalg.norm(z, axis=1, keepdims=True)
    spectrum = scipy.linalg.eigvalsh(z.T @ z / len(z))
    spectrum = spectrum[spectrum > 1e-15]
    return float(numpy.exp(-numpy.sum(spectrum * numpy.log(spectrum))))


# ------------------------------------------------------------------ what torch computes
def golden(name):
    tokenizer = AutoTokenizer.from_pretrained(OUT / name)
    model = AutoModelForCausalLM.from_pretrained(OUT / name, dtype=torch.float32, attn_implementation="eager").eval()
    named = dict(model.named_parameters())  # a tied head once
    sign = {key: signs(key, *(p.shape if p.dim() == 2 else (1, *p.shape))) for key, p in named.items()}
    samples, rows, kept = [], [], {}
    for i, conversation in enumerate(CONVERSATIONS):
        tokens, loss = encode(name, tokenizer, conversation)
        ids = torch.tensor([tokens])
        logits = model(ids).logits[0]
        targets = torch.tensor([t if l else -100 for t, l in zip(tokens, loss)])
        nll = torch.nn.functional.cross_entropy(logits[:-1].double(), targets[1:], ignore_index=-100)
        model.zero_grad()
        torch.nn.functional.cross_entropy(logits[:-1], targets[1:], ignore_index=-100).backward()
        gradient = {key: p.grad.detach().clone() for key, p in named.items()}
        rows.append(sum(numpy.tensordot(g.double().numpy().reshape(-1), sign[key].reshape(-1, WIDTH), 1) for key, g in gradient.items()) / WIDTH ** 0.5)
        samples.append({"tokens": tokens, "carries_loss": loss, "nll": nll.item()})
        if i in (2, 6):
            kept |= {f"{i}.gradient.{key}": g for key, g in gradient.items()}
            kept[f"{i}.logits"] = logits.detach().clone()
    margins, greedy = [], []
    for sample in samples[:3]:
        prompt = sample["tokens"][:sample["carries_loss"].index(True)]
        tokens = list(prompt)
        with torch.no_grad():
            out = model.generate(torch.tensor([prompt]), attention_mask=torch.ones(1, len(prompt), dtype=torch.long), do_sample=False, max_new_tokens=64,
                                 min_new_tokens=64, eos_token_id=None, pad_token_id=0)[0].tolist()
            top = model(torch.tensor([out])).logits[0, len(prompt) - 1:-1].topk(2).values
        margins.append((top[:, 0] - top[:, 1]).min().item())
        greedy.append({"prompt": prompt, "tokens": out[len(prompt):]})
    score = g_vendi(numpy.array(rows))
    print(f"{name}: {sum(p.numel() for p in named.values())} parameters, largest logit {logits.abs().max():.2f}, nll {samples[0]['nll']:.3f}, "
          f"smallest greedy margin {min(margins):.1e}, different greedy tokens {len(set(greedy[0]['tokens']))}, G-Vendi {score:.6f}")
    save_file(kept, str(OUT / f"{name}.golden.safetensors"))
    (OUT / f"{name}.golden.safetensors").chmod(0o644)
    return {"samples": samples, "greedy": greedy, "rows": [r.tolist() for r in rows], "g_vendi": score}


def main():
    torch.set_num_threads(1)
    out = {"conversations": CONVERSATIONS, "width": WIDTH, "seed": SEED, "checkpoints": {}}
    for name in CHECKPOINTS:
        save(name)
        out["checkpoints"][name] = golden(name)
    (OUT / "golden.json.gz").write_bytes(gzip.compress(json.dumps(out, separators=(",", ":")).encode(), 9, mtime=0))


main()
