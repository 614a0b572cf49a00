"""Writes the golden files of tests/io/tokenizer.test.cpp and tests/io/chat_template.test.cpp: small byte-level BPE
tokenizers in the shapes of GPT-2, Qwen2, Llama-3 and one with an unusual pattern, the ids the reference gives to some
thousands of strings, and the prompts it renders.

    pip install -r requirements.txt && python make_tokenizers.py . [tokenizers] [chat]

Made with Python 3.11 (its own documentation is the training text, its unicodedata names the code points).
"""
import gzip
import json
import pathlib
import pydoc_data.topics
import random
import sys
import unicodedata

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast

OUT = pathlib.Path(sys.argv[1])
random.seed(20505)

QWEN2 = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
LLAMA3 = QWEN2.replace(r"\p{N}|", r"\p{N}{1,3}|")
UNUSUAL = "|".join([
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
    r"\p{N}{1,3}", r" ?[^\s\p{L}\p{N}]+[\r\n/]*", r"\s*[\r\n]+", r"\s+(?!\S)", r"\s+"])

# ------------------------------------------------------------------ text
CHINESE = "一只敏捷的棕色狐狸跳过了那条懒狗。 若三角形的三边长为三、四、五，则其面积等于六。 请逐步推理，并把最终答案放在方框里。 数学是研究数量、结构以及空间的学科，今天天气很好，我们去公园散步吧！".split()
ARABIC = "الثعلب البني السريع يقفز فوق الكلب الكسول. كم عدد التفاحات الباقية إذا أكلت ثلاثًا من أصل عشر؟ اللُّغَةُ العَرَبِيَّةُ جَمِيلَة، والرياضيات علم دقيق.".split(". ")
HINDI = "तेज़ भूरी लोमड़ी आलसी कुत्ते के ऊपर से कूदती है। यदि राम के पास बारह आम हैं और वह पाँच दे देता है, तो कितने बचेंगे? गणित एक सुंदर विषय है। क्षत्रिय ज्ञान श्रृंखला".split("। ")
OTHER = ["Быстрая коричневая лисица прыгает через ленивую собаку", "いろはにほへと ちりぬるを、カタカナも。", "다람쥐 헌 쳇바퀴에 타고파",
         "Žluťoučký kůň úpěl ďábelské ódy", "Ξεσκεπάζω την ψυχοφθόρα βδελυγμία", "สวัสดีชาวโลก ทดสอบ", "Cạnh huyền bằng năm, đúng không?",
         "İstanbul'da ılık bir gün", "dæmi um þýðingu — ð", "Straße, große Füße: ﬁnd the oﬃce"]
MATH = ["Let f(x) = x^2 - 4x + 7. Find the minimum of f on [0, 5].", "$\\frac{a}{b} + \\sqrt{c^2} = \\boxed{42}$",
        "∑_{i=1}^{n} i² = n(n+1)(2n+1)/6", "∀ε>0 ∃δ>0: |x−a|<δ ⇒ |f(x)−L|<ε", "3.14159265 × 10⁻³ ≈ 0.00314", "A ⊂ B ∧ B ⊆ C → A ⊂ C",
        "P(X ≥ k) ≤ 𝔼[X]/k, 𝒩(0,1), ℝⁿ, ½, ⅓, Ⅻ, ①②③, ٣٤٥, १२३, 一二三", "12345678901234567890 1,234,567.89 0xFF 1e-9 007"]
CODE = ["def f(x):\n    return [i**2 for i in range(x) if i % 2 == 0]\n", "#include <vector>\nint main() {\n\treturn 0;\n}\n",
        "SELECT a.id, COUNT(*) FROM t AS a WHERE a.x >= 10 GROUP BY a.id;", "const g = async (a, b) => { await a?.b ?? b; };\r\n",
        "for (auto&& [k, v] : map) std::cout << k << ':' << v << '\\n';", "<div class=\"a\">&nbsp;</div><!-- x -->", "x=1;y=2\n\n\n    z = x+y  # it's\n\t\t'don''t'"]
EMOJI = ["👩‍👩‍👧‍👦", "🏳️‍🌈", "👍🏽", "🇩🇪🇫🇷", "❤️", "1️⃣", "👨🏿‍🚀", "🤷‍♀️", "☺︎", "🧑‍💻 codes 🐍!", "e\u0301\u200d", "🫠🫡🩷"]
SPACES = [" ", "  ", "   ", "\t", "\n", "\r\n", "\r", "\n\n", " \n", "\n ", "\u00a0", "\u3000", "\u2003", "\u2028", "\u0085", "\u200b", "\ufeff",
          "\u180e", "\x0b", "\x0c", "\x1c", "\x1f", "    \n  ", "\t\n\t"]
CONTRACTIONS = ["it's", "IT'S", "don't", "DON'T", "we'Re", "you'VE", "I'm", "he'LL", "she'd", "'s", "''s", "x'\u017f", "x'\u017fo", "rock'n'roll", "'sS", "l'l",
                "'\u212a", "o'clock", "'", "' s", "'l", "'r", "'v", "\u2019s"]
ADDED = ["<|im_start|>", "<|im_end|>", "<|endoftext|>", "<|im", "<think>", "</think>", "[LEFT]", "[RIGHT]", "[BOTH]", "wordy", "\u212b\u0301x", "\u00c5\u0301x", "<|im_end", "<<|im_end|>>"]
ENGLISH = " ".join(pydoc_data.topics.topics[k] for k in sorted(pydoc_data.topics.topics))


def assigned(code):
    return unicodedata.category(chr(code)) != "Cn" and not 0xD800 <= code < 0xE000


ALL = [c for c in range(0x110000) if assigned(c) and not 0xF0000 <= c]
MARKS = [c for c in ALL if unicodedata.category(chr(c)).startswith("M")]
NARROW = [c for c in ALL if c < 0x3000]
SPACES_AND_SUCH = [ord(c) for s in SPACES for c in s] + [ord("'"), ord("a"), ord("S"), ord("1"), ord("!")]


def english():
    begin = random.randrange(len(ENGLISH) - 200)
    return ENGLISH[begin:begin + random.randint(1, 90)]


def mixture():
    pools = [CHINESE, ARABIC, HINDI, OTHER, MATH, CODE, EMOJI, SPACES, CONTRACTIONS, ["a", "Zz", "42", "7", ".", "...", "!?", "(", "_"]]
    return "".join(random.choice(random.choice(pools)) for _ in range(random.randint(1, 4)))[:80]


def fuzz(pool, longest):
    return "".join(chr(random.choice(pool)) for _ in range(random.randint(1, longest)))


def combining():
    return "".join(chr(random.choice(NARROW)) + "".join(chr(random.choice(MARKS)) for _ in range(random.randint(0, 3))) for _ in range(random.randint(1, 5)))


def with_added():
    parts = []
    for _ in range(random.randint(1, 4)):
        parts += [random.choice(ADDED), random.choice(["", "", " ", "  ", "\n", "a", "1", "_", "\u0301", "é", "-", " the ", random.choice(SPACES)])]
    return random.choice(["", " ", "x"]) + "".join(parts)


def strings():
    out = ["", "a", " ", "\n", "\0", "\0\0a\0", "Hello, world!", "a" * 300, "ab" * 200, " " * 100, "\n" * 50, "1" * 100, "你" * 60, "'" * 9]
    out += CHINESE + ARABIC + HINDI + OTHER + MATH + CODE + EMOJI + SPACES + CONTRACTIONS + ADDED
    out += ["".join(p) for p in zip(SPACES * 3, SPACES[1:] + SPACES * 2, ["a", "1", "!", "", "\n", " a"] * 9)]
    out += [chr(c) for c in range(128)] + ["a" + chr(c) + " b" for c in range(128)]
    out += [english() for _ in range(700)] + [mixture() for _ in range(700)]
    out += [fuzz(range(0, 0x20), 8) + random.choice(["", "a", " "]) for _ in range(60)]
    out += [fuzz(SPACES_AND_SUCH, 12) for _ in range(350)] + [with_added() for _ in range(400)]
    out += [fuzz(NARROW, 12) for _ in range(250)] + [fuzz(ALL, 10) for _ in range(350)] + [combining() for _ in range(250)]
    return out


def modern():
    """Any scalar value, unassigned ones included: what they are depends on the version of Unicode."""
    scalars = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]
    recent = [c for c in scalars if c < 0x32000 and not assigned(c)]
    return [fuzz(scalars, 8) for _ in range(100)] + [" " + fuzz(recent, 3) + "a" + fuzz(recent, 2) + "1" for _ in range(100)]


def invalid():
    out = [b"\xff", b"\xc3", b"a\xc3", b"\xe4\xbd", b"\xf0\x9f\x98", b"\xed\xa0\x80", b"\xc0\xaf", b"\xf5\x80\x80\x80", b"\x80\x80", b"\xf4\x90\x80\x80", b"\xe0\x80\x80x",
           b"ok \xe2\x28\xa1 no", b"\xf0\x28\x8c\xbc", b"\xfe\xfe\xff\xff"]
    for _ in range(150):
        text = bytearray(mixture().encode())
        for _ in range(random.randint(1, 4)):
            text[random.randrange(len(text)):][:1] = bytes([random.randrange(256)])
            where = random.randrange(len(text))
            text[where:where + random.randint(0, 1)] = bytes([random.randrange(0x80, 256)])
        out.append(bytes(text))
    return out


# ------------------------------------------------------------------ tokenizers
SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"]


def train(pre_tokenizer, normalizer=None, vocab=2048):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizer
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    if normalizer is not None:
        tokenizer.normalizer = normalizer
    corpus = [ENGLISH[i:i + 2000] for i in range(0, len(ENGLISH), 6000)] + (CHINESE + ARABIC + HINDI + OTHER + MATH + CODE + EMOJI) * 12
    trainer = trainers.BpeTrainer(vocab_size=vocab, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False)
    tokenizer.train_from_iterator(corpus, trainer)
    tokenizer.add_special_tokens([AddedToken(s, special=True, normalized=False) for s in SPECIAL])
    tokenizer.add_tokens([AddedToken("<think>", normalized=False), AddedToken("</think>", normalized=False),
                          AddedToken("[LEFT]", lstrip=True, normalized=False), AddedToken("[RIGHT]", rstrip=True, normalized=False),
                          AddedToken("[BOTH]", lstrip=True, rstrip=True, normalized=True), AddedToken("wordy", single_word=True, normalized=True),
                          AddedToken("\u212b\u0301x", normalized=True), AddedToken("<|im", normalized=False)])
    return tokenizer


def split(pattern):
    return pre_tokenizers.Split(Regex(pattern), "isolated")


BYTES = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)


def gpt2():
    data = json.loads(train(pre_tokenizers.ByteLevel(add_prefix_space=False)).to_str())
    data["model"]["merges"] = [" ".join(m) for m in data["model"]["merges"]]  # the older spelling
    return data


def qwen2():
    return json.loads(train(pre_tokenizers.Sequence([split(QWEN2), BYTES]), normalizers.NFC()).to_str())


def llama3():
    tokenizer = train(pre_tokenizers.Sequence([split(LLAMA3), BYTES]))
    bos = "<|begin_of_text|>"
    tokenizer.post_processor = processors.Sequence([
        processors.ByteLevel(trim_offsets=False),
        processors.TemplateProcessing(single=f"{bos} $A", pair=f"{bos} $A {bos} $B:1", special_tokens=[(bos, tokenizer.token_to_id(bos))])])
    data = json.loads(tokenizer.to_str())
    # A third of the merges go: their tokens stay and are reached by ignore_merges alone.
    data["model"]["ignore_merges"] = True
    data["model"]["merges"] = [m for i, m in enumerate(data["model"]["merges"]) if i < 200 or i % 3]
    return data


def unusual():
    return json.loads(train(pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=False), split(UNUSUAL), BYTES]), vocab=1024).to_str())


def write(name, data):
    raw = json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()
    (OUT / name).write_bytes(gzip.compress(raw, 9, mtime=0))



def tokenizer_goldens():
    plain, recent, broken = strings(), modern(), invalid()
    print(len(plain), "strings,", len(recent), "of any scalar value,", len(broken), "invalid")
    golden = {"strings": plain, "modern": recent, "invalid": [b.decode("latin-1") for b in broken], "tokenizers": {}}
    for make in (gpt2, qwen2, llama3, unusual):
        name, data = make.__name__, make()
        write(f"{name}.tokenizer.json.gz", data)
        tokenizer = Tokenizer.from_str(json.dumps(data))

        def encode(texts, special=False):
            return [e.ids for e in tokenizer.encode_batch(texts, add_special_tokens=special)]

        ids = encode(plain)
        back = [tokenizer.decode(i, skip_special_tokens=False) for i in ids]
        size = tokenizer.get_vocab_size()
        sequences = [[random.randrange(size) for _ in range(random.randint(1, 12))] for _ in range(200)]
        golden["tokenizers"][name] = {
            "ids": ids, "modern": encode(recent), "invalid": encode([b.decode("utf-8", "replace") for b in broken]),
            "with_special": encode(plain[:40], True),
            "changed": {str(i): b for i, (a, b) in enumerate(zip(plain, back)) if a != b},
            "decoded": [[s, tokenizer.decode(s, skip_special_tokens=False), tokenizer.decode(s)] for s in sequences]}
        print(name, size, sum(map(len, ids)), "ids,", len(golden["tokenizers"][name]["changed"]), "changed by a round trip")
    write("tokenizers.golden.json.gz", golden)


# ------------------------------------------------------------------ chat templates
def turn(role, content):
    return {"role": role, "content": content}


CONVERSATIONS = [
    [turn("user", "Hello")],
    [turn("user", "What is 2+2?"), turn("assistant", "4")],
    [turn("system", "You are terse."), turn("user", "Hi"), turn("assistant", "Yo.")],
    [turn("system", ""), turn("user", "Hi")],
    [turn("user", "a"), turn("assistant", "b"), turn("user", "c"), turn("assistant", "d"), turn("user", "e")],
    [turn("user", "a"), turn("assistant", "b"), turn("user", "c"), turn("assistant", "d")],
    [turn("user", "  padded \n"), turn("assistant", "\n\n answer \t\n"), turn("user", "\u00a0\x1ctail\x1f\u2003")],
    [turn("system", "  s \n"), turn("user", "q"), turn("system", "late"), turn("user", "r"), turn("assistant", "x")],
    [turn("user", "think"), turn("assistant", "<think>\nfirst\n\n</think>\n\nanswer"), turn("user", "again"), turn("assistant", "<think>\nsecond\n</think>\n\n\nfinal\n")],
    [turn("user", "think"), turn("assistant", "no tags </think>rest</think>\nlast")],
    [turn("user", "think"), turn("assistant", "<think>a<think>b\n</think>"), turn("assistant", "two in a row")],
    [turn("user", "q"), turn("assistant", "one"), turn("assistant", "two"), turn("assistant", "<think>\nt\n</think>\nthree")],
    [turn("assistant", "begins"), turn("user", "u")],
    [turn("assistant", "only")],
    [turn("system", "only")],
    [turn("user", ""), turn("assistant", "")],
    [turn("user", "<tool_response>fake</tool_response>"), turn("assistant", "x")],
    [turn("user", "u"), turn("assistant", "calls"), turn("user", "<tool_response>fake</tool_response>"), turn("assistant", "y")],
    [turn("user", "u"), turn("assistant", "calls"), turn("tool", "42"), turn("tool", "\"43\"\n\u00e9\x01"), turn("assistant", "done")],
    [turn("tool", "first"), turn("user", "u"), turn("tool", "last")],
    [turn("user", "汉字 👩‍👩‍👧 <|im_end|> <|eot_id|>"), turn("assistant", "नमस्ते {{ x }} {% y %}")],
]
DATE = {"date_string": "26 Jul 2024"}
TEMPLATES = {"qwen2.5": {}, "qwen3": {}, "qwen3-first": {}, "llama3": {}, "llama3.1": DATE, "llama3.2": DATE, "chatml": {}}
QWEN_SYSTEM = "You are Qwen, created by Alibaba Cloud. You are a helpful assistant."
# Templates that differ little from one of those: its name, then [from, to] in order, an ellipsis standing for anything.
DERIVED = {
    "qwen2": ["chatml", ["{{'<|im_start|>'", "{% if loop.first and messages[0]['role'] != 'system' %}{{ '<|im_start|>system\\nYou are a helpful"
                         " assistant.<|im_end|>\\n' }}{% endif %}{{'<|im_start|>'"]],
    "qwen2.5-math": ["qwen2.5", [QWEN_SYSTEM, r"Please reason step by step, and put your final answer within \\boxed{}."],
                     [QWEN_SYSTEM, r"Please reason step by step, and put your final answer within \\boxed{}."]],
    "qwen3-instruct": ["qwen3", ["{%- set ns = ...{%- for message in messages %}", "{%- for message in messages %}"],
                       ["        {%- set reasoning_content = '' %}\n...        {%- if message.tool_calls %}",
                        "        {{- '<|im_start|>' + message.role + '\\n' + content }}\n        {%- if message.tool_calls %}"],
                       ["    {%- if enable_thinking is defined...    {%- endif %}\n{%- endif %}", "{%- endif %}"]],
    "qwen3-thinking": ["qwen3", ["'<|im_start|>assistant\\n' }}\n    {%- if enable_thinking is defined...    {%- endif %}\n{%- endif %}",
                                 "'<|im_start|>assistant\\n<think>\\n' }}\n{%- endif %}"]],
}


def template_text(name):
    base, *edits = DERIVED.get(name, [name])
    text = (OUT / "templates" / f"{base}.jinja").read_text()
    for old, new in edits:
        first, *last = old.split("...")
        begin = text.index(first)
        end = text.index(last[0], begin) + len(last[0]) if last else begin + len(first)
        text = text[:begin] + new + text[end:]
    return text


def chat_goldens():
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=Tokenizer(models.BPE()), bos_token="<|begin_of_text|>")
    golden = {"conversations": CONVERSATIONS, "derived": DERIVED, "templates": {}}
    for name in [*TEMPLATES, *DERIVED]:
        template, extra = template_text(name), TEMPLATES.get(name, {})

        def render(turns, prompt):
            return tokenizer.apply_chat_template(turns, chat_template=template, tokenize=False, add_generation_prompt=prompt, **extra)

        golden["templates"][name] = [[render(c, False), render(c, True)] for c in CONVERSATIONS]
    (OUT / "chat_templates.golden.json").write_text(json.dumps(golden, ensure_ascii=True, indent=0) + "\n")


parts = sys.argv[2:] or ["tokenizers", "chat"]
if "tokenizers" in parts:
    tokenizer_goldens()
if "chat" in parts:
    chat_goldens()
