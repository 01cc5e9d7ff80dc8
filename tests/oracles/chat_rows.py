"""Records tests/io/data/chat_rows.json: conversations as tokens, and which of them a model learns.

    python tests/oracles/chat_rows.py

Jinja2 renders, tokenizers encodes the whole text once; learned are the assistant's words and the
end token behind them, found by their places in the text. Made with tokenizers 0.23, Jinja2 3.1.6.
"""
import json
from pathlib import Path

import jinja2
import tokenizers
from jinja2.sandbox import ImmutableSandboxedEnvironment

TESTS = Path(__file__).parents[1]
HEADER, END = "<|im_start|>assistant\n", "<|im_end|>"
CONVERSATIONS = [
    [("user", "Define the noun: cat."), ("assistant", "a feline mammal")],
    [("system", "Answer in one word."), ("user", "Capital of France?"), ("assistant", "Paris")],
    [("user", "one"), ("assistant", "two\n\nthree"), ("user", "four"), ("assistant", " five ")],
    [("user", "caf\u00e9 \u4f60\u597d \U0001f600"), ("assistant", "na\u00efve \U0001f600\U0001f680 \u4f60")],
    [("user", "code"), ("assistant", "if (a  <  b) {\n\treturn 2024;\n}\n")],
]


def learned_bytes(text, messages):
    """Bytes [begin, end) of each answer and its end token, in order."""
    spans, at = [], 0
    for message in messages:
        if message["role"] != "assistant":
            continue
        begin = text.index(HEADER, at) + len(HEADER)
        at = begin + len(message["content"]) + len(END)
        assert text[begin:at] == message["content"] + END
        spans.append((len(text[:begin].encode()), len(text[:at].encode())))
    return spans


def main():
    tokenizer = tokenizers.Tokenizer.from_file(str(TESTS / "text/data/small_bpe.json"))
    template = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True).from_string(
        (TESTS / "text/data/templates/smollm2.jinja").read_text())
    rows = []
    for turns in CONVERSATIONS:
        messages = [{"role": role, "content": content} for role, content in turns]
        text = template.render(messages=messages)
        encoding = tokenizer.encode(text, add_special_tokens=False)
        spans = learned_bytes(text, messages)
        learned = []
        for begin, end in encoding.offsets:  # in characters
            b, e = len(text[:begin].encode()), len(text[:end].encode())
            learned.append(int(any(s <= b and e <= t for s, t in spans)))
        rows.append({"messages": messages, "ids": encoding.ids, "learned": learned})
    made = {"made_with": {"tokenizers": tokenizers.__version__, "jinja2": jinja2.__version__},
            "rows": rows}
    (TESTS / "io/data/chat_rows.json").write_text(json.dumps(made) + "\n")


if __name__ == "__main__":
    main()
