"""Records what the `tokenizers` library (0.23.3) makes of hostile lines, of every code point and of
the WordNet 3.0 glosses, for tests/text/tokenizer_oracle_test.cpp.

  python3 tokenizer_ids.py ../text/data --wordpiece all-MiniLM-L6-v2/tokenizer.json \
      --bpe SmolLM2-135M-Instruct/tokenizer.json

Writes small_bpe.json (a byte-level BPE with 2,000 tokens, trained here on every 10th gloss; kept
when it is there), small_wordpiece.json likewise, and tokenizer_ids.json. SmolLM2's file is made from
its GGUF by transformers 5.23 with Sequence[Digits(individual), ByteLevel] as its pre-tokenizer, which
`tokenizer.ggml.pre = smollm` stands for.

A hash of some ids is FNV-1a (64 bit) over them as little-endian int32, -1 after each line.
"""
import argparse, copy, json, os, struct
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers, decoders

HOSTILE = [
    "", " ", "  ", "\n", "\t", "a", "A", "hello world", "Hello, World!", "I'll pay 12345!\n\n  Ok",
    "HELLO'S  don'T can't we've they're I'm he'd", "a\t\tb  \n", "(x)//1.5\n", "x = 3;\r\n\r\ny",
    "CamelCaseHTTPServer", " e\u0301x", "123\uff14", "   ", "cafe\u0301 caf\u00e9 CAF\u00c9 na\u00efve",
    "a\u0300\u0315\u0300\u05ae\u0062 \u1e0b\u0323 q\u0307\u0323", "\u0344 \u0390 \u0130stanbul I\u0307 \u1e9e \ufb03 \u01c5",
    "\u1112\u1161\u11ab\uae00 \ud55c\uae00 \u1100\u1161", "\u6f22\u5b57\u4eee\u540d\u4ea4\u3058\u308a\u6587 \u4e2d\u6587\u5b57\u7b26", "\u3400\u4dbf\uf900\U00020000\U0002b820\U0002b920\U0002f800",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466 \U0001f3f3\ufe0f\u200d\U0001f308 \U0001f1e9\U0001f1ea \U0001f44d\U0001f3fd 1\ufe0f\u20e3",
    "\u05e9\u05b8\u05dc\u05d5\u05b9\u05dd \u202eabc\u202c \u0645\u0631\u062d\u0628\u0627 \u0645\u064f\u062d\u064e\u0645\u064e\u0651\u062f \ufdfa",
    "a\x00b\x01c\x07d\x1be\x7ff\x80g\x85h\xadi", "a\x0bb\x0cc\x1cd\x1de\x1ef\x1fg", "zero\u200bwidth\u200c \u200dno\u2060break\ufeffx",
    "\u00a0nbsp\u00a0x\u2003em\u3000ideographic\u2028line\u2029para\u1680ogham\u180emongol\u205f",
    "\ufffd replacement \ufffe\uffff nonchar \U0010ffff", "\u0378 unassigned \u0e5c \U000e0001\U000e0041 tag \ue000 private \U000f0000",
    "word" * 30, "x" * 99, "x" * 100, "x" * 101, "\u00e9" * 100, "\u00e9" * 101, "ab" * 600, "\u0301" * 300, "!" * 300, "\U0001f600" * 120,
    "https://example.org/a_b-c?d=e&f=%20#g user@host.tld 10.1.2.3:8080 C:\\dir\\file.txt",
    "$1,234.56 \u20ac99 \u00a33 50% x^2 + y_2 = `z` ~ <tag attr=\"v\"> {k: [1|2]} \\n", "\u00bd \u00b2 \u2167 \u2460 \u0664\u0665 \u096a \U0001d7d8",
    "[CLS] a [SEP] b [MASK]", "x[MASK]y [mask] [PAD][UNK]", "<|endoftext|>a<|im_start|>user\nhi<|im_end|>\n", "<|endoftext", "[", "<",
    "a <keep> b<keep>c  <wide>  d<wide>e Single single singleton a-single \u00e9single", "<KEEP> \u24a6 <nOrM>  <norm>",
    "\u0e20\u0e32\u0e29\u0e32\u0e44\u0e17\u0e22 \u0939\u093f\u0928\u094d\u0926\u0940 \u0ba4\u0bae\u0bbf\u0bb4\u0bcd \u1019\u103c\u1014\u103a\u1019\u102c \u10e5\u10d0\u10e0\u10d7\u10e3\u10da\u10d8",
    "\u0391\u03a3 \u03a3\u0391\u03a3 \u1f88 \u00df \u0149 \u01f0 \ua64a \u1c80 \U00010400 \U00010d50 \U00016ea0 \ua7cb",
    "\u2581under\u2581score \u2581", "\u0120already \u010a mapped \u00c4 \u00a1", "trailing space ", " leading", "  two  spaces  ", "\r\n\r\n", "tab\tnew\nline\rreturn",
    "'s 't 're 've 'm 'll 'd 'S ''s 'l 'r' '", "\u2019s \u02bcs don\u2019t", "1234567890 12 a1b2 3\u0301", "\U00011930\U00011938\U00011935 \u32ff \uab69 \U0001fbf0 \U0001f16c",
    "\u0e33 \u0eb3 \u0f77 \u0f79 \u1d15e \U0001d15e\U0001d165 \ufb2c \u212b \u2126 \u2adc", "\u0f71\u0f72\u0f74 \u0f73 \u05b0\u0591\u05ad \u3099\u304b\u3099",
]

def splits(*names):
    return [{"type": n} if isinstance(n, str) else n for n in names]

def split(pattern, behavior, invert=False, kind="Regex"):
    return {"type": "Split", "pattern": {kind: pattern}, "behavior": behavior, "invert": invert}

BYTES = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}
P1 = dict(BYTES, use_regex=True)
LLAMA3 = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
QWEN = LLAMA3.replace("{1,3}", "")
TEKKEN = (r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+|"
          r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*|"
          r"\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+")

def sequence(key, *parts):
    return {"type": "Sequence", key: list(parts)}

def pre(*parts):
    return {"pre_tokenizer": parts[0] if len(parts) == 1 else sequence("pretokenizers", *parts)}

def norm(*parts):
    return {"normalizer": parts[0] if len(parts) == 1 else sequence("normalizers", *parts)}

TEMPLATE = {"type": "TemplateProcessing",
            "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
            "pair": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}},
                     {"SpecialToken": {"id": "</s>", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}},
                     {"SpecialToken": {"id": "</s>", "type_id": 1}}],
            "special_tokens": {"<s>": {"id": "<s>", "ids": [0], "tokens": ["<s>"]},
                               "</s>": {"id": "</s>", "ids": [1, 1], "tokens": ["</s>", "</s>"]}}}

# Merge patches (RFC 7396) of the small tokenizers.
BPE_VARIANTS = {
    "gpt2": pre(P1), "prefix_space": pre(dict(P1, add_prefix_space=True)), "llama3": pre(split(LLAMA3, "Isolated"), BYTES),
    "qwen": {**norm({"type": "NFC"}), **pre(split(QWEN, "Isolated"), BYTES)}, "tekken": pre(split(TEKKEN, "Isolated"), BYTES),
    "ignore_merges": {"model": {"ignore_merges": True}, **pre(split(LLAMA3, "Isolated"), BYTES)},
    "removed": pre(split(r"\s", "Removed"), BYTES), "merged_previous": pre(split(" ", "MergedWithPrevious", kind="String"), BYTES),
    "merged_next": pre(split(r"[\s,]+", "MergedWithNext"), BYTES), "contiguous": pre(split(r"\p{P}", "Contiguous"), BYTES),
    "inverted": pre(split(r"[^\s,.0-9]+", "Removed", True), BYTES), "empty_matches": pre(split(r"x*", "Isolated"), BYTES),
    "digits_together": pre({"type": "Digits", "individual_digits": False}, BYTES),
    "punctuation": pre({"type": "Punctuation", "behavior": "MergedWithPrevious"}, BYTES),
    "whitespace": pre({"type": "Whitespace"}, BYTES), "whitespace_split": pre({"type": "WhitespaceSplit"}, BYTES),
    "bytes_then_digits": pre(P1, {"type": "Digits", "individual_digits": True}),
    "roberta": {"post_processor": {"type": "RobertaProcessing", "sep": ["</s>", 1], "cls": ["<s>", 0], "trim_offsets": True, "add_prefix_space": False}},
    "bert_post": {"post_processor": {"type": "BertProcessing", "sep": ["</s>", 1], "cls": ["<s>", 0]}},
    "template": {"post_processor": sequence("processors", {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": False, "use_regex": True}, TEMPLATE)},
    "nfd": norm({"type": "NFD"}), "nfkc": norm({"type": "NFKC"}), "nfkd": norm({"type": "NFKD"}),
    "lowercase": norm({"type": "NFD"}, {"type": "StripAccents"}, {"type": "Lowercase"}),
    "strip": norm({"type": "Strip", "strip_left": True, "strip_right": True}, {"type": "Prepend", "prepend": "\u2581"}),
    "strip_left": norm({"type": "Strip", "strip_left": True, "strip_right": False}),
    "replace": norm({"type": "Replace", "pattern": {"String": " "}, "content": "\u2581"}, {"type": "Replace", "pattern": {"Regex": r"[0-9]+"}, "content": "#"}),
    "byte_normalizer": {**norm({"type": "ByteLevel"}), "pre_tokenizer": None},
    "metaspace_first": {**pre({"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "first", "split": True}, P1)},
    "metaspace_always": {**pre({"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "always", "split": False}, P1)},
    "unknown_characters": {"pre_tokenizer": {"type": "WhitespaceSplit"}, "model": {"unk_token": "<unk>"}},
    "fused_unknown": {"pre_tokenizer": {"type": "WhitespaceSplit"}, "model": {"unk_token": "<unk>", "fuse_unk": True}},
    "fuse_decoder": {"decoder": sequence("decoders", {"type": "Fuse"}, {"type": "Strip", "content": "\u0120", "start": 1, "stop": 0}, {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True})},
    "replace_decoder": {"decoder": sequence("decoders", {"type": "Replace", "pattern": {"String": "\u0120"}, "content": " "}, {"type": "ByteFallback"}, {"type": "Fuse"})},
    "no_decoder": {"decoder": None}, "bpe_decoder": {"decoder": {"type": "BPEDecoder", "suffix": "e"}},
    "metaspace_decoder": {"decoder": {"type": "Metaspace", "replacement": "e", "prepend_scheme": "always", "split": True}},
}
WORDPIECE_VARIANTS = {
    "bert": {}, "cased": {"normalizer": {"lowercase": False}}, "accents": {"normalizer": {"strip_accents": False}},
    "cased_no_accents": {"normalizer": {"lowercase": False, "strip_accents": True}},
    "unclean": {"normalizer": {"clean_text": False}}, "no_chinese": {"normalizer": {"handle_chinese_chars": False}},
    "whitespace": {"pre_tokenizer": {"type": "Whitespace"}}, "short_words": {"model": {"max_input_chars_per_word": 6}},
    "no_cleanup": {"decoder": {"cleanup": False}}, "byte_level": {"pre_tokenizer": P1},
}

def fnv(ids, state=0xcbf29ce484222325):
    for byte in struct.pack(f"<{len(ids)}i", *ids):
        state = ((state ^ byte) * 0x100000001b3) & (2**64 - 1)
    return state

def text_hash(text):
    state = 0xcbf29ce484222325
    for byte in text.encode():
        state = ((state ^ byte) * 0x100000001b3) & (2**64 - 1)
    return f"{state:016x}"

def glosses(folder="/usr/share/wordnet"):
    for part in ("noun", "verb", "adj", "adv"):
        for line in open(os.path.join(folder, "data." + part), encoding="utf-8"):
            if not line.startswith("  "):
                yield line.split("| ", 1)[1].strip()

def code_point_lines(apart):
    for base in range(0, 0x110000, 64):
        points = [chr(c) for c in range(base, base + 64) if c > 0 and not 0xD800 <= c < 0xE000]
        if points:
            yield " ".join("a" + p + "b" for p in points) if apart else "".join(points)

def hashes(tokenizer, lines, group):
    found, state = [], 0xcbf29ce484222325
    for i, encoding in enumerate(tokenizer.encode_batch_fast(list(lines))):
        state = fnv(encoding.ids + [-1], state)
        if i % group == group - 1:
            found.append(f"{state:016x}"); state = 0xcbf29ce484222325
    return found + [f"{state:016x}"]

def record(tokenizer, full):
    ids = [tokenizer.encode(line).ids for line in HOSTILE]
    plain = [tokenizer.encode(line, add_special_tokens=False).ids for line in HOSTILE]
    pairs = [tokenizer.encode(a, b) for a, b in zip(HOSTILE, HOSTILE[1:])]
    return {
        "lines": ids if full else [f"{fnv(i):016x}" for i in ids],
        "without_special": f"{fnv([x for i in plain for x in i + [-1]]):016x}",
        "pairs": f"{fnv([x for e in pairs for x in e.ids + [-1]]):016x}",
        "pair_types": f"{fnv([x for e in pairs for x in e.type_ids + [-1]]):016x}",
        "decoded": [text_hash(tokenizer.decode(i, skip_special_tokens=False)) for i in ids],
        "decoded_skipping": text_hash("\n".join(tokenizer.decode(i, skip_special_tokens=True) for i in ids)),
    }

def merged(base, patch):
    if not isinstance(patch, dict):
        return patch
    base = dict(base) if isinstance(base, dict) else {}
    for key, value in patch.items():
        if value is None:
            base.pop(key, None)
        else:
            base[key] = merged(base.get(key), value)
    return base

def variant(base, patch):
    patched = merged(base, patch)
    return Tokenizer.from_str(json.dumps({**{k: None for k in base}, **patched}))

def train(path, tokenizer, trainer, added):
    if not os.path.exists(path):
        tokenizer.train_from_iterator([g for i, g in enumerate(glosses()) if i % 10 == 0], trainer)
        tokenizer.add_tokens(added)
        tokenizer.save(path, pretty=False)
    return json.load(open(path))

def train_small(folder):
    from tokenizers import AddedToken
    added = [AddedToken("<keep>", lstrip=True), AddedToken("<wide>", lstrip=True, rstrip=True, normalized=False),
             AddedToken("single", single_word=True, normalized=False), AddedToken("<nOrM>", normalized=True), AddedToken("<keep> b", normalized=False)]
    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Digits(True), pre_tokenizers.ByteLevel(False)])
    bpe.decoder = decoders.ByteLevel()
    special = ["<s>", "</s>", "<unk>", "<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    small = train(folder + "/small_bpe.json", bpe, trainers.BpeTrainer(vocab_size=2000, special_tokens=special,
                  initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False), added)
    piece = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    piece.normalizer = normalizers.BertNormalizer()
    piece.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    piece.decoder = decoders.WordPiece()
    small_piece = train(folder + "/small_wordpiece.json", piece, trainers.WordPieceTrainer(vocab_size=2000, show_progress=False,
                        special_tokens=["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]), added)
    return small, small_piece

def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("--wordpiece", required=True)
    parser.add_argument("--bpe", required=True)
    arguments = parser.parse_args()
    os.makedirs(arguments.folder, exist_ok=True)
    small, small_piece = train_small(arguments.folder)
    result = {"hostile": HOSTILE, "models": {}, "variants": []}
    paths = {"all-MiniLM-L6-v2": arguments.wordpiece, "SmolLM2-135M-Instruct": arguments.bpe,
             "small_bpe": arguments.folder + "/small_bpe.json", "small_wordpiece": arguments.folder + "/small_wordpiece.json"}
    for name, path in paths.items():
        tokenizer = Tokenizer.from_file(path)
        tokenizer.no_truncation(); tokenizer.no_padding()
        result["models"][name] = record(tokenizer, full=name in ("all-MiniLM-L6-v2", "SmolLM2-135M-Instruct"))
        result["models"][name]["code_points"] = [hashes(tokenizer, code_point_lines(apart), 1024) for apart in (False, True)]
        result["models"][name]["glosses"] = hashes(tokenizer, glosses(), 1000)
    for base_name, base, variants in (("small_bpe", small, BPE_VARIANTS), ("small_wordpiece", small_piece, WORDPIECE_VARIANTS)):
        for name, patch in variants.items():
            tokenizer = variant(base, patch)
            entry = {"base": base_name, "name": name, "patch": patch, **record(tokenizer, full=False)}
            changes_words = "normalizer" in patch or "pre_tokenizer" in patch
            entry["code_points"] = [hashes(tokenizer, code_point_lines(False), 1 << 20)[0]] if changes_words else []
            result["variants"].append(entry)
    with open(arguments.folder + "/tokenizer_ids.json", "w") as out:
        json.dump(result, out, indent=0, ensure_ascii=True)

if __name__ == "__main__":
    main()
