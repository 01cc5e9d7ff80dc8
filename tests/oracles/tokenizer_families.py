"""Records what the `tokenizers` library (0.23.3) makes of tokenizers in the configurations that the
families publish, for tests/text/tokenizer_families_test.cpp.

  python3 tokenizer_families.py ../text/data

Vocabularies are small and trained here on WordNet 3.0 glosses with `tokenizers` and `sentencepiece`
(0.2.x); normalizers, pre-tokenizers, post-processors and decoders are those of the published
tokenizer.json files. Files that are there are kept. Writes family_<kind>.json for each kind of
vocabulary, family_spm_bpe.gguf (`gguf` 0.19, metadata only) and tokenizer_families.json: for each family a merge patch (RFC 7396) of one of those
files and hashes (FNV-1a, 64 bit) of ids, of byte offsets and of decoded text.
"""
import argparse, base64, io, json, os, re, tempfile, unicodedata
import sentencepiece as spm
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from tokenizer_ids import BYTES, HOSTILE, LLAMA3, P1, QWEN, TEKKEN, fnv, glosses, merged, sequence, split, text_hash

MARK = "\u2581"
O200K = TEKKEN.replace("[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+|", "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|") \
    .replace("[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]*|", "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|") \
    .replace("|\\p{N}|", "|\\p{N}{1,3}|")
MORE = [
    "<s>hello</s> <unk> <|im_start|>user\nWho?<|im_end|>", "<mask> a<mask>b <mask>", "[CLS] a [SEP]", "<0x0A> <0xFF>",
    "\u2581\u2581 a \u2581b", "a  b   c    d", "  \n  x", "\U0001f468\u200d\U0001f469 \U0001f600\U0001f601 \u4e2d\u6587\u2581\u4e2d",
    "\ufb01ne \uff28\uff45\uff4c\uff4c\uff4f \u2460 \u00bd \u1e9b\u0323 \u212b", "e\u0301 e\u0301\u0323 \u1112\u1161\u11ab a\r\nb\rc", "\u0928\u093f \u0915\u094d\u0937 \u0e33",
    "x" * 300 + " " + "y z " * 40, "12 345 6789 1,000.5 0x1F", "don't DON'T I'LL we've", "\x00\x01 a\u200bb\u00ad\ufeff",
]
LINES = HOSTILE + MORE

def post(*pieces, pair=None):
    names = sorted({p for p in pieces + tuple(pair or ()) if p not in ("A", "B")})
    part = lambda p, t: {"Sequence": {"id": p, "type_id": t}} if p in ("A", "B") else {"SpecialToken": {"id": p, "type_id": t}}
    pair = pair or pieces + tuple("B" if p == "A" else p for p in pieces)
    return lambda ids: {"type": "TemplateProcessing", "single": [part(p, 0) for p in pieces], "pair": [part(p, 0) for p in pair],
                        "special_tokens": {n: {"id": n, "ids": [ids[n]], "tokens": [n]} for n in names}}

def roberta(ids):
    return {"type": "RobertaProcessing", "sep": ["</s>", ids["</s>"]], "cls": ["<s>", ids["<s>"]], "trim_offsets": False, "add_prefix_space": False}

def replace(a, b, kind="String"):
    return {"type": "Replace", "pattern": {kind: a}, "content": b}

def pre(*parts):
    return sequence("pretokenizers", *parts) if len(parts) > 1 else parts[0]

SPM_DECODER = [replace(MARK, " "), {"type": "ByteFallback"}, {"type": "Fuse"}]
STRIP = {"type": "Strip", "content": " ", "start": 1, "stop": 0}
BYTE_DECODER = dict(P1, add_prefix_space=True)
META = lambda scheme, split: {"type": "Metaspace", "replacement": MARK, "prepend_scheme": scheme, "split": split}

# name: vocabulary, parts of the file
FAMILIES = {
    "gpt2": ("byte", {"pre_tokenizer": P1, "post_processor": dict(P1, trim_offsets=False), "decoder": BYTE_DECODER}),
    "roberta": ("byte", {"pre_tokenizer": P1, "post_processor": roberta, "decoder": BYTE_DECODER}),
    "llama3": ("byte", {"pre_tokenizer": pre(split(LLAMA3, "Isolated"), BYTES), "decoder": BYTE_DECODER, "model": {"ignore_merges": True},
                        "post_processor": lambda ids: sequence("processors", dict(BYTES, add_prefix_space=True, trim_offsets=False), post("<s>", "A")(ids))}),
    "qwen2": ("byte", {"normalizer": {"type": "NFC"}, "pre_tokenizer": pre(split(QWEN, "Isolated"), BYTES), "post_processor": dict(BYTES, trim_offsets=False), "decoder": dict(BYTES)}),
    "smollm2": ("byte", {"pre_tokenizer": pre({"type": "Digits", "individual_digits": True}, P1), "decoder": BYTE_DECODER}),
    "nemo": ("byte", {"pre_tokenizer": pre(split(TEKKEN, "Isolated"), BYTES), "post_processor": post("<s>", "A"), "decoder": BYTE_DECODER, "model": {"ignore_merges": True}}),
    "phi4": ("byte", {"pre_tokenizer": pre(split(O200K, "Removed", True), BYTES), "decoder": BYTE_DECODER}),
    "neox": ("byte", {"normalizer": {"type": "NFC"}, "pre_tokenizer": P1, "post_processor": dict(P1, trim_offsets=False), "decoder": BYTE_DECODER}),
    "modernbert": ("byte", {"normalizer": {"type": "NFC"}, "pre_tokenizer": P1, "decoder": BYTE_DECODER,
                            "post_processor": post("<s>", "A", "</s>", pair=("<s>", "A", "</s>", "B", "</s>"))}),
    "opt": ("byte", {"pre_tokenizer": P1, "post_processor": post("</s>", "A"), "decoder": BYTE_DECODER}),
    "llama2": ("spm_bpe", {"normalizer": sequence("normalizers", {"type": "Prepend", "prepend": MARK}, replace(" ", MARK)),
                           "post_processor": post("<s>", "A"), "decoder": sequence("decoders", *SPM_DECODER, STRIP)}),
    "mistral": ("spm_bpe", {"pre_tokenizer": META("first", False), "post_processor": post("<s>", "A"), "decoder": sequence("decoders", *SPM_DECODER, STRIP)}),
    "phi3": ("spm_bpe", {"normalizer": sequence("normalizers", {"type": "Prepend", "prepend": MARK}, replace(" ", MARK)), "post_processor": post("<s>", "A"),
                         "decoder": sequence("decoders", *SPM_DECODER, STRIP), "rstrip": ["</s>"]}),
    "gemma": ("spm_bpe", {"normalizer": replace(" ", MARK), "pre_tokenizer": split(" ", "MergedWithPrevious", kind="String"),
                          "post_processor": post("<s>", "A"), "decoder": sequence("decoders", *SPM_DECODER)}),
    "no_fallback": ("spm_bpe", {"normalizer": replace(" ", MARK), "model": {"byte_fallback": False}, "decoder": META("always", True)}),
    "apart_unknown": ("spm_bpe", {"normalizer": replace(" ", MARK), "model": {"byte_fallback": False, "fuse_unk": False}}),
    "xlm_roberta": ("unigram", {"pre_tokenizer": pre({"type": "WhitespaceSplit"}, META("always", True)), "decoder": META("always", True),
                                "post_processor": post("<s>", "A", "</s>", pair=("<s>", "A", "</s>", "</s>", "B", "</s>"))}),
    "t5": ("unigram", {"pre_tokenizer": META("always", True), "decoder": META("always", True), "post_processor": post("A", "</s>")}),
    "unigram_bytes": ("unigram_bytes", {"pre_tokenizer": META("first", True), "decoder": sequence("decoders", *SPM_DECODER, STRIP)}),
}

def train_byte(path):
    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Split(__import__("tokenizers").Regex(LLAMA3), "isolated"), pre_tokenizers.ByteLevel(False, use_regex=False)])
    bpe.train_from_iterator([g for i, g in enumerate(glosses()) if i % 10 == 3] + LINES, trainers.BpeTrainer(
        vocab_size=1200, special_tokens=["<s>", "<pad>", "</s>", "<unk>", "<mask>", "<|im_start|>", "<|im_end|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False))
    bpe.add_special_tokens([AddedToken("<mask>", lstrip=True, normalized=False)])
    bpe.add_tokens([AddedToken("<tool>", normalized=False), AddedToken("    ", normalized=True)])
    bpe.save(path, pretty=False)

RULES = [("\r", ""), ("\u00a0", " "), ("\u3000", " "), ("\u200b", ""), ("\t", " "), ("\n", " "), ("\u00ad", ""), ("\ufb01", "fi"), ("\uff28", "H"), ("\uff45", "e"),
         ("\uff4c", "l"), ("\uff4f", "o"), ("\u2460", "1"), ("\u00bd", "1\u20442"), ("\u212b", "\u00c5"), ("e\u0301", "\u00e9"), ("\u1112\u1161\u11ab", "\ud55c"), ("\ufdfa", "\u0635\u0644\u0649"), ("\u2026", "..."), ("\ufeff", "")]

def train_spm(folder, kind, size, **options):
    out = io.BytesIO()
    with tempfile.TemporaryDirectory() as scratch:
        rules = os.path.join(scratch, "rules.tsv")
        with open(rules, "w") as file:
            for a, b in RULES:
                file.write(" ".join(f"{ord(c):X}" for c in a) + "\t" + " ".join(f"{ord(c):X}" for c in b) + "\n")
        if options.pop("charsmap", False):
            options["normalization_rule_tsv"] = rules
        else:
            options["normalization_rule_name"] = "identity"
        lines = [g for i, g in enumerate(glosses()) if i % 10 == 3] + [x for x in LINES if 0 < len(x) < 200 and "\x00" not in x]
        spm.SentencePieceTrainer.train(sentence_iterator=iter(lines), model_writer=out, model_type=kind, vocab_size=size, minloglevel=2,
                                       character_coverage=0.9995, hard_vocab_limit=False, **options)
    return spm.SentencePieceProcessor(model_proto=out.getvalue()), out.getvalue()

def added(token, id, special=True, **more):
    return {"id": id, "content": token, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": special, **more}

def merges_of(pieces):
    """As Transformers' generate_merges does."""
    vocab, merges = {p: i for i, (p, _) in enumerate(pieces)}, []
    for piece, score in pieces:
        local = [(piece[:i], piece[i:], score) for i in range(1, len(piece)) if piece[:i] in vocab and piece[i:] in vocab]
        merges += sorted(local, key=lambda x: (vocab[x[0]], vocab[x[1]]))
    return [[a, b] for a, b, _ in sorted(merges, key=lambda v: (v[2], len(v[0]), len(v[1])), reverse=True)]

def write_gguf(path, model, extra):
    """The metadata that llama.cpp's converter writes for SentencePiece's BPE, and no tensors."""
    import gguf
    kinds = [(model.is_unknown, gguf.TokenType.UNKNOWN), (model.is_control, gguf.TokenType.CONTROL), (model.is_byte, gguf.TokenType.BYTE)]
    ids = range(model.get_piece_size())
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_tokenizer_model("llama")
    writer.add_token_list([model.id_to_piece(i) for i in ids] + extra)
    writer.add_token_scores([model.get_score(i) for i in ids] + [-1000.0] * len(extra))
    writer.add_token_types([next((t for test, t in kinds if test(i)), gguf.TokenType.NORMAL) for i in ids] + [gguf.TokenType.CONTROL] * len(extra))
    writer.add_bos_token_id(1); writer.add_eos_token_id(2); writer.add_unk_token_id(0)
    writer.add_add_bos_token(True); writer.add_add_eos_token(False); writer.add_add_space_prefix(True)
    writer.write_header_to_file(); writer.write_kv_data_to_file(); writer.close()

def sentencepiece_ids(model):
    texts = [line for line in LINES if "\x00" not in line]
    found = {"texts": texts, "lines": [f"{fnv(model.encode(line)):016x}" for line in texts]}
    found["glosses"] = f"{fnv([x for g in glosses() for x in model.encode(g) + [-1]]):016x}"
    found["decoded"] = text_hash("\n".join(model.decode(model.encode(g)) for i, g in enumerate(glosses()) if i % 20 == 7))
    return found

def spm_bpe_model(folder):
    return train_spm(folder, "bpe", 1100, byte_fallback=True, add_dummy_prefix=True, remove_extra_whitespaces=False, split_digits=True)[0]

def train_spm_bpe(folder):
    model = spm_bpe_model(folder)
    write_gguf(folder + "/family_spm_bpe.gguf", model, ["<|im_start|>", "<|im_end|>"])
    pieces = [(model.id_to_piece(i), model.get_score(i)) for i in range(model.get_piece_size())]
    bpe = {"type": "BPE", "dropout": None, "unk_token": "<unk>", "continuing_subword_prefix": None, "end_of_word_suffix": None, "fuse_unk": True,
           "byte_fallback": True, "ignore_merges": False, "vocab": {p: i for i, (p, _) in enumerate(pieces)}, "merges": merges_of(pieces)}
    extra = len(pieces)
    return file_of(bpe, [added("<unk>", 0), added("<s>", 1), added("</s>", 2), added("<|im_start|>", extra), added("<|im_end|>", extra + 1), added("\n\n", extra + 2, False)])

def field(message, wanted):
    """The bytes of a length-delimited field of a protocol buffer: ModelProto.normalizer_spec is 3, its precompiled_charsmap 2."""
    def varint(at):
        value, shift = 0, 0
        while True:
            value |= (message[at] & 127) << shift; shift += 7; at += 1
            if message[at - 1] < 128:
                return value, at
    at = 0
    while at < len(message):
        key, at = varint(at)
        if key & 7 == 2:
            size, at = varint(at)
            if key >> 3 == wanted:
                return message[at:at + size]
            at += size
        else:
            at = varint(at)[1] if key & 7 == 0 else at + {1: 8, 5: 4}[key & 7]
    raise KeyError(wanted)

def train_unigram(folder, byte_fallback):
    model, proto = train_spm(folder, "unigram", 900 if byte_fallback else 1100, byte_fallback=byte_fallback, charsmap=True, pad_id=3 if not byte_fallback else -1)
    pieces = [[model.id_to_piece(i), round(model.get_score(i), 5)] for i in range(model.get_piece_size())]
    charsmap = {"type": "Precompiled", "precompiled_charsmap": base64.b64encode(field(field(proto, 3), 2)).decode()}
    file = file_of({"type": "Unigram", "unk_id": 0, "vocab": pieces, "byte_fallback": byte_fallback},
                   [added("<unk>", 0), added("<s>", 1), added("</s>", 2), added("<mask>", len(pieces), lstrip=True)])
    file["normalizer"] = sequence("normalizers", charsmap, replace(" {2,}", " ", "Regex")) if not byte_fallback else charsmap
    return file

def file_of(model, added_tokens):
    return {"version": "1.0", "truncation": None, "padding": None, "added_tokens": added_tokens, "normalizer": None, "pre_tokenizer": None,
            "post_processor": None, "decoder": None, "model": model}

def vocabulary(folder, kind):
    path = f"{folder}/family_{kind}.json"
    if not os.path.exists(path):
        if kind == "byte":
            train_byte(path)
        else:
            file = train_spm_bpe(folder) if kind == "spm_bpe" else train_unigram(folder, kind == "unigram_bytes")
            with open(path, "w") as out:
                json.dump(file, out, ensure_ascii=False, separators=(",", ":"))
    return json.load(open(path))

def byte_offsets(text, encoding):
    """Of the characters that each token touches; tokens of the post-processor are left out."""
    ends, total = [0], 0
    for c in text:
        total += len(c.encode()); ends.append(total)
    found = []
    for (a, b), special, sequence_id in zip(encoding.offsets, encoding.special_tokens_mask, encoding.sequence_ids):
        if sequence_id is not None:
            found += [ends[a], ends[b]]
    return found

def joins(line):
    return unicodedata.normalize("NFC", line) != line or re.search(r"\s\s|\s$", line)

def record(tokenizer, composes):
    encodings = [tokenizer.encode(line) for line in LINES]
    result = {"lines": [f"{fnv(e.ids):016x}" for e in encodings],
              # Of joined characters the reference gives one only: such places as they are.
              "offsets": [byte_offsets(line, e) if composes and joins(line) else f"{fnv(byte_offsets(line, e)):016x}"
                          for line, e in zip(LINES, encodings)],
              "decoded": [text_hash(tokenizer.decode(e.ids, skip_special_tokens=False)) for e in encodings],
              "decoded_skipping": text_hash("\n".join(tokenizer.decode(e.ids, skip_special_tokens=True) for e in encodings)),
              "pairs": f"{fnv([x for a, b in zip(LINES, LINES[1:]) for x in tokenizer.encode(a, b).ids + [-1]]):016x}"}
    texts = [g for i, g in enumerate(glosses()) if i % 20 == 7]
    encodings = tokenizer.encode_batch(texts)
    result["glosses"] = f"{fnv([x for e in encodings for x in e.ids + [-1]]):016x}"
    result["gloss_offsets"] = f"{fnv([x for t, e in zip(texts, encodings) for x in byte_offsets(t, e) + [-1]]):016x}"
    result["decoded_glosses"] = text_hash("\n".join(tokenizer.decode(e.ids, skip_special_tokens=True) for e in encodings))
    result["sample"] = encodings[0].ids
    return result

def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    folder = parser.parse_args().folder
    files = {kind: vocabulary(folder, kind) for kind in ("byte", "spm_bpe", "unigram", "unigram_bytes")}
    result = {"made_with": "tokenizers 0.23.3, sentencepiece " + spm.__version__, "lines": LINES, "families": [], "sentencepiece": sentencepiece_ids(spm_bpe_model(folder))}
    for name, (kind, parts) in FAMILIES.items():
        ids = {**({p: i for p, i in files[kind]["model"]["vocab"].items()} if kind in ("byte", "spm_bpe") else {}), **{t["content"]: t["id"] for t in files[kind]["added_tokens"]}}
        patch = {k: v(ids) if callable(v) else v for k, v in parts.items() if k != "rstrip"}
        if "rstrip" in parts:
            patch["added_tokens"] = [dict(t, rstrip=t["content"] in parts["rstrip"]) for t in files[kind]["added_tokens"]]
        patched = merged(files[kind], patch)
        tokenizer = Tokenizer.from_str(json.dumps({**{k: None for k in files[kind]}, **patched}))
        recorded = record(tokenizer, kind == "unigram" or (kind == "byte" and bool(patched.get("normalizer"))))
        if kind == "unigram_bytes":  # the reference gives each byte the place of all unknown characters around it
            recorded["offsets"] = None
        result["families"].append({"name": name, "base": f"family_{kind}", "patch": patch, **recorded})
    with open(folder + "/tokenizer_families.json", "w") as out:
        json.dump(result, out, indent=0, ensure_ascii=True)

if __name__ == "__main__":
    main()
