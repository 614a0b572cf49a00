"""The decoder of both sides in torch: RMSNorm, RoPE, grouped-query attention, SwiGLU, tied embeddings."""
import dataclasses
import math

import torch
import torch.nn.functional as F


@dataclasses.dataclass(frozen=True)
class Shape:
    vocabulary: int
    width: int
    layers: int
    heads: int
    kv_heads: int
    head_dim: int
    ffn: int


A = Shape(2048, 128, 4, 4, 2, 32, 352)
B = Shape(8192, 384, 8, 6, 2, 64, 1024)


def weights(shape, seed=0):
    generator = torch.Generator().manual_seed(seed)

    def matrix(rows, columns):
        return torch.randn(rows, columns, generator=generator) / math.sqrt(columns)

    q, kv = shape.heads * shape.head_dim, shape.kv_heads * shape.head_dim
    out = {"embedding": matrix(shape.vocabulary, shape.width), "norm": torch.ones(shape.width)}
    for i in range(shape.layers):
        sizes = {"q": (q, shape.width), "k": (kv, shape.width), "v": (kv, shape.width), "o": (shape.width, q),
                 "gate": (shape.ffn, shape.width), "up": (shape.ffn, shape.width), "down": (shape.width, shape.ffn)}
        for name, size in sizes.items():
            out[f"{i}.{name}"] = matrix(*size)
        out[f"{i}.norm1"], out[f"{i}.norm2"] = torch.ones(shape.width), torch.ones(shape.width)
    return out


def angles(shape, length):
    frequency = 10000.0 ** (-torch.arange(0, shape.head_dim, 2) / shape.head_dim)
    turn = torch.arange(length)[:, None] * frequency
    return torch.cat([turn.cos(), turn.cos()], 1), torch.cat([turn.sin(), turn.sin()], 1)


def rms_norm(x, gain):
    return x * torch.rsqrt(x.square().mean(-1, keepdim=True) + 1e-6) * gain


def rotate(x, cosine, sine):
    a, b = x.chunk(2, -1)
    return x * cosine + torch.cat([-b, a], -1) * sine


def attention(q, k, v):
    """Spelled out: torch has no batched form of its own kernel under vmap."""
    mask = torch.full((q.shape[-2], q.shape[-2]), float("-inf")).triu(1)
    return torch.softmax(q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1]) + mask, -1) @ v


def fused_attention(q, k, v):
    return F.scaled_dot_product_attention(q[None], k[None], v[None], is_causal=True)[0]


def mean_nll(w, shape, tokens, cosine, sine, attend):
    """Of one sequence: tokens (T + 1)."""
    length, group = tokens.shape[0] - 1, shape.heads // shape.kv_heads
    x = F.embedding(tokens[:-1], w["embedding"])
    for i in range(shape.layers):
        h = rms_norm(x, w[f"{i}.norm1"])
        q = (h @ w[f"{i}.q"].T).view(length, shape.heads, shape.head_dim).transpose(0, 1)
        k = (h @ w[f"{i}.k"].T).view(length, shape.kv_heads, shape.head_dim).transpose(0, 1)
        v = (h @ w[f"{i}.v"].T).view(length, shape.kv_heads, shape.head_dim).transpose(0, 1)
        q, k = rotate(q, cosine, sine), rotate(k, cosine, sine)
        k, v = k.repeat_interleave(group, 0), v.repeat_interleave(group, 0)
        x = x + attend(q, k, v).transpose(0, 1).reshape(length, -1) @ w[f"{i}.o"].T
        h = rms_norm(x, w[f"{i}.norm2"])
        x = x + (F.silu(h @ w[f"{i}.gate"].T) * (h @ w[f"{i}.up"].T)) @ w[f"{i}.down"].T
    return F.cross_entropy(rms_norm(x, w["norm"]) @ w["embedding"].T, tokens[1:])


def loop_gradients(w, shape, data):
    """One row of all parameters per sequence, one sequence at a time."""
    leaves = {name: value.detach().requires_grad_() for name, value in w.items()}
    cosine, sine = angles(shape, data.shape[1] - 1)
    rows = []
    for tokens in data:
        found = torch.autograd.grad(mean_nll(leaves, shape, tokens, cosine, sine, fused_attention), list(leaves.values()))
        rows.append(torch.cat([g.flatten() for g in found]))
    return torch.stack(rows)


def vmap_gradients(w, shape, data, batch=8):
    """The same, `batch` sequences at a time."""
    cosine, sine = angles(shape, data.shape[1] - 1)
    gradient = torch.func.vmap(torch.func.grad(lambda w, t: mean_nll(w, shape, t, cosine, sine, attention)), in_dims=(None, 0))
    return torch.cat([
        torch.cat([g.flatten(1) for g in gradient(w, part).values()], 1) for part in data.split(batch)
    ])
