"""The `tokenizers` library on one core: the same lines and output as bench_tokenize.

  python3 tokenize.py TOKENIZER.json LINES.txt [REPEATS]
"""
import os
import sys
import time

os.environ["TOKENIZERS_PARALLELISM"] = "false"
from tokenizers import Tokenizer  # noqa: E402

tokenizer = Tokenizer.from_file(sys.argv[1])
tokenizer.no_truncation()
tokenizer.no_padding()
with open(sys.argv[2], encoding="utf-8", newline="\n") as file:
    lines = file.read().split("\n")
if lines[-1] == "":
    lines.pop()
size = sum(len(line.encode()) for line in lines)
for _ in range(int(sys.argv[3]) if len(sys.argv) > 3 else 3):
    begin = time.perf_counter()
    encodings = tokenizer.encode_batch_fast(lines)
    seconds = time.perf_counter() - begin
    tokens = sum(len(e) for e in encodings)
    print(f"{seconds:.6f} s  {len(lines) / seconds:.0f} lines/s  {size / seconds / 1e6:.2f} MB/s  {tokens} tokens", flush=True)
