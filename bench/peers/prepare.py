"""The same job as bench_prepare by Hugging Face `datasets` and `tokenizers` on one core: read JSONL,
normalise (NFC, control characters, white space), drop empty rows, tokenize, number the classes, save.

  python3 prepare.py RECIPE.json FOLDER
  -> seconds, rows/s, tokens; imports are not counted
"""
import json
import os
import re
import shutil
import sys
import tempfile
import time
import unicodedata

os.environ["TOKENIZERS_PARALLELISM"] = "false"
cache = tempfile.mkdtemp()
os.environ["HF_DATASETS_CACHE"] = cache
import datasets  # noqa: E402
from tokenizers import Tokenizer  # noqa: E402

datasets.disable_progress_bars()
with open(sys.argv[1], encoding="utf-8") as file:
    recipe = json.load(file)
data = recipe["data"]
text, label = data["text_column"], data["label_column"]
unseen = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")

begin = time.perf_counter()
tokenizer = Tokenizer.from_file(recipe["tokenizer"])
tokenizer.no_padding()
tokenizer.enable_truncation(recipe["max_length"])
files = {"train": data["train_file"], "validation": data["validation_file"], "test": data["test_file"]}
rows = datasets.load_dataset("json", data_files=files)
classes = {name: i for i, name in enumerate(sorted(set(rows["train"][label])))}


def clean(batch):
    return {text: [" ".join(unseen.sub("", unicodedata.normalize("NFC", t)).split()) for t in batch[text]]}


def tokenize(batch):
    return {
        "input_ids": [e.ids for e in tokenizer.encode_batch_fast(batch[text])],
        "labels": [classes[name] for name in batch[label]],
    }


rows = rows.map(clean, batched=True)
rows = rows.filter(lambda batch: [len(t) > 0 for t in batch[text]], batched=True)
keep = [c for c in rows["train"].column_names if c not in ("id", "input_ids", "labels")]
rows = rows.map(tokenize, batched=True, remove_columns=keep)
rows.save_to_disk(os.path.join(sys.argv[2], "peer"))
seconds = time.perf_counter() - begin
count = sum(len(split) for split in rows.values())
tokens = sum(len(ids) for split in rows.values() for ids in split["input_ids"])
print(f"{seconds:.6f} s  {count / seconds:.0f} rows/s  {tokens} tokens", flush=True)
shutil.rmtree(cache)
