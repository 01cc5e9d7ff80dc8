"""tokenizer.json from the metadata of a GGUF file with a byte-level BPE of kind "smollm".

  python3 gguf_tokenizer.py SmolLM2-135M-Instruct.Q4_1.gguf tokenizer.json

GGUF: little-endian magic, version, counts, then typed key-value pairs (ggml's docs/gguf.md). The kind of
pre-tokenizer is the key `tokenizer.ggml.pre`; "smollm" stands for single digits, then GPT-2's pattern.
"""
import json
import os
import struct
import sys

NUMBERS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
STRING, ARRAY = 8, 9
CONTROL = 3  # token type of special tokens


class Reader:
    def __init__(self, path):
        self.file = open(path, "rb")

    def bytes(self, count):
        data = self.file.read(count)
        if len(data) != count:
            sys.exit(f"{self.file.name}: ends in the middle of its metadata")
        return data

    def number(self, code):
        return struct.unpack("<" + code, self.bytes(struct.calcsize("<" + code)))[0]

    def string(self):
        return self.bytes(self.number("Q")).decode("utf-8")

    def value(self, kind):
        if kind == STRING:
            return self.string()
        if kind == ARRAY:
            element, count = self.number("I"), self.number("Q")
            return [self.value(element) for _ in range(count)]
        if kind not in NUMBERS:
            sys.exit(f"{self.file.name}: unknown type {kind} in its metadata")
        return self.number(NUMBERS[kind])


def read_metadata(path):
    reader = Reader(path)
    if reader.bytes(4) != b"GGUF" or reader.number("I") not in (2, 3):
        sys.exit(f"{path}: no GGUF file of version 2 or 3")
    reader.number("Q")  # tensors
    metadata = {}
    for _ in range(reader.number("Q")):
        key = reader.string()
        metadata[key] = reader.value(reader.number("I"))
    return metadata


def tokenizer_of(metadata):
    kind = metadata.get("tokenizer.ggml.model"), metadata.get("tokenizer.ggml.pre")
    if kind != ("gpt2", "smollm"):
        sys.exit(f"tokenizer {kind} is not supported: this script knows (gpt2, smollm)")
    tokens, types = metadata["tokenizer.ggml.tokens"], metadata["tokenizer.ggml.token_type"]
    byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    added = [{"id": i, "content": token, "single_word": False, "lstrip": False, "rstrip": False,
              "normalized": False, "special": True}
             for i, (token, type_) in enumerate(zip(tokens, types)) if type_ == CONTROL]
    return {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": added, "normalizer": None,
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
            {"type": "Digits", "individual_digits": True}, byte_level]},
        "post_processor": None, "decoder": dict(byte_level, add_prefix_space=True),
        "model": {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
                  "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False, "ignore_merges": False,
                  "vocab": {token: i for i, token in enumerate(tokens)},
                  "merges": [merge.split(" ") for merge in metadata["tokenizer.ggml.merges"]]},
    }


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    text = json.dumps(tokenizer_of(read_metadata(sys.argv[1])), ensure_ascii=False)
    with open(sys.argv[2] + ".partial", "w", encoding="utf-8") as out:
        out.write(text + "\n")
    os.replace(sys.argv[2] + ".partial", sys.argv[2])


main()
