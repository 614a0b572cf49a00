"""Writes include/prismatic/io/unicode_tables.hpp: which code points the regular expression engine of the
reference tokenizer takes for \\p{L} and \\p{N}, and which ones its NFC does not know yet. Probed, not looked up,
so that the tables hold exactly what it does.

    pip install -r requirements.txt && python make_unicode_tables.py ../../include/prismatic/io/unicode_tables.hpp
"""
import sys
import unicodedata

import tokenizers
import unicodedata2
from tokenizers import Regex, normalizers, pre_tokenizers

SCALARS = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]
TEXT = "".join(map(chr, SCALARS))


def matching(pattern):
    kept = [True] * len(SCALARS)
    for _, (begin, end) in pre_tokenizers.Split(Regex(pattern), "removed").pre_tokenize_str(TEXT):
        kept[begin:end] = [False] * (end - begin)
    return [code for i, code in enumerate(SCALARS) if kept[i]]


def unknown_to_nfc():
    """Code points that take part in normalisation today but are inert to the reference, whose tables are older."""
    nfc = normalizers.NFC().normalize_str
    unknown = set()
    for code in SCALARS:
        char = chr(code)
        order = unicodedata2.combining(char)
        if order:  # beside a mark of another class, in the wrong order: left as it is by who does not know it
            pair = "\u0301" + char if order == 1 else char + "\u0334"
            if nfc(pair) == pair:
                unknown.add(code)
        parts = unicodedata2.decomposition(char)
        if parts and not parts.startswith("<"):
            apart = unicodedata2.normalize("NFD", char)
            if nfc(apart) != unicodedata2.normalize("NFC", apart) or nfc(char) != unicodedata2.normalize("NFC", char):
                involved = {code, *map(ord, apart), *(int(p, 16) for p in parts.split())}
                unknown.update(c for c in involved if unicodedata.ucd_3_2_0.category(chr(c)) == "Cn")
    return sorted(unknown)


def ranges(codes):
    found = []
    for code in codes:
        if found and found[-1][1] == code - 1:
            found[-1][1] = code
        else:
            found.append([code, code])
    return found


def array(name, what, codes):
    cells = ["{0x%x, 0x%x}" % (a, b) for a, b in ranges(codes)]
    lines, line = [], "   "
    for i, cell in enumerate(cells):
        cell += "," if i + 1 < len(cells) else ""
        if len(line) + 1 + len(cell) > 112:
            lines.append(line)
            line = "   "
        line += " " + cell
    lines.append(line)
    return "/// %s, ascending.\ninline constexpr code_point_range %s[] = {\n%s};\n" % (what, name, "\n".join(lines))


assert matching(r"\s+") == [
    *range(0x9, 0xE), 0x20, 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029, 0x202F, 0x205F, 0x3000]
with open(sys.argv[1], "w") as out:
    out.write(
        "/// What the reference tokenizer takes for letters and numbers, and what its normaliser does not know. Generated\n"
        "/// by tests/golden/make_unicode_tables.py from tokenizers %s; do not edit.\n"
        "#pragma once\n\nnamespace prismatic {\n\n"
        "/// Code points first ... last.\nstruct code_point_range {\n  char32_t first;\n  char32_t last;\n};\n\n"
        "// clang-format off\n" % tokenizers.__version__)
    out.write(array("letter_ranges", "\\p{L}", matching(r"\p{L}+")) + "\n")
    out.write(array("number_ranges", "\\p{N}", matching(r"\p{N}+")) + "\n")
    out.write(array("unnormalized_ranges", "Marks and letters that Unicode %s composes or reorders and the reference leaves alone"
                    % unicodedata2.unidata_version, unknown_to_nfc()))
    out.write("// clang-format on\n\n}  // namespace prismatic\n")
