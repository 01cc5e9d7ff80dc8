#!/usr/bin/env python3
"""Transformers' Trainer on the rows of a text-classification study: the peer of bench/train.

Prints one JSON object: real tokens and documents per second over the timed steps, seconds from process start to the end of
the first step, and, with --evaluate, accuracy and macro-F1 on the test file.

Needs: torch 2.11.0, transformers 5.23.0, accelerate 1.15.0, scikit-learn (only for the peer; Temper needs no Python).

    python bench/peers/trainer.py --model MODEL_DIR --data experiments/wn24/data --steps 60
    python bench/peers/trainer.py --model MODEL_DIR --data experiments/wn24/data --best --steps 60
    python bench/peers/trainer.py --model MODEL_DIR --data experiments/wn24/data --epochs 1 --group --lr 2e-4 --evaluate
"""
import time

PROCESS_START = time.time()

import argparse
import json
import os
import statistics

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--model", required=True)
parser.add_argument("--data", required=True, help="folder with train.jsonl and test.jsonl")
parser.add_argument("--text", default="definition")
parser.add_argument("--label", default="class")
parser.add_argument("--steps", type=int, default=-1)
parser.add_argument("--epochs", type=float, default=1)
parser.add_argument("--batch", type=int, default=32)
parser.add_argument("--lr", type=float, default=2e-4)
parser.add_argument("--rows", type=int, default=0)
parser.add_argument("--threads", type=int, default=0)
parser.add_argument("--seed", type=int, default=7)
parser.add_argument("--fp32", action="store_true")
parser.add_argument("--best", action="store_true", help="dropout 0 and eager attention: the fastest settings found")
parser.add_argument("--group", action="store_true", help="train_sampling_strategy = group_by_length")
parser.add_argument("--evaluate", action="store_true")
args = parser.parse_args()

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
import torch
import transformers
from transformers import (AutoModelForSequenceClassification, AutoTokenizer, DataCollatorWithPadding, Trainer,
                          TrainerCallback, TrainingArguments)

if args.threads:
    torch.set_num_threads(args.threads)


def rows_of(name):
    with open(os.path.join(args.data, name), encoding="utf-8") as file:
        return [json.loads(line) for line in file]


train = rows_of("train.jsonl")
labels = sorted({row[args.label] for row in train})
number = {label: index for index, label in enumerate(labels)}
if args.rows:
    generator = torch.Generator().manual_seed(args.seed)
    train = [train[i] for i in torch.randperm(len(train), generator=generator)[: args.rows].tolist()]
tokenizer = AutoTokenizer.from_pretrained(args.model)


def encode(rows):
    ids = tokenizer([row[args.text] for row in rows], truncation=True, max_length=64)["input_ids"]
    return [{"input_ids": i, "labels": number[row[args.label]], "length": len(i)} for i, row in zip(ids, rows)]


class Rows(torch.utils.data.Dataset):
    def __init__(self, rows):
        self.rows = rows

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, i):
        return self.rows[i]


class Collate(DataCollatorWithPadding):
    """Counts the real tokens of each batch, in the order in which batches are made."""

    counts = []

    def __call__(self, features):
        features = [{k: v for k, v in f.items() if k != "length"} for f in features]
        self.counts.append(sum(len(f["input_ids"]) for f in features))
        return super().__call__(features)


class Clock(TrainerCallback):
    begins, ends = [], []

    def on_step_begin(self, *_, **__):
        self.begins.append(time.time())

    def on_step_end(self, *_, **__):
        self.ends.append(time.time())


options = dict(num_labels=len(labels))
if args.best:
    options.update(attn_implementation="eager", hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
model = AutoModelForSequenceClassification.from_pretrained(args.model, **options)
settings = dict(output_dir="/tmp/temper-peer-trainer", per_device_train_batch_size=args.batch, num_train_epochs=args.epochs,
                max_steps=args.steps, learning_rate=args.lr, bf16=not args.fp32, use_cpu=True, report_to=[], save_strategy="no",
                logging_steps=10**9, disable_tqdm=True, seed=args.seed, warmup_steps=0.06, optim="adamw_torch_fused",
                remove_unused_columns=False)
if args.group:
    settings["train_sampling_strategy"] = "group_by_length"
collate = Collate(tokenizer)
trainer = Trainer(model=model, args=TrainingArguments(**settings), train_dataset=Rows(encode(train)), data_collator=collate,
                  callbacks=[Clock()])
trainer.train()
warm = min(5, len(Clock.ends) - 1)
spans = [end - begin for begin, end in zip(Clock.begins, Clock.ends)]
tokens = collate.counts[: len(spans)]
seconds = Clock.ends[-1] - Clock.ends[warm - 1] if warm else sum(spans)
result = {
    "peer": f"transformers {transformers.__version__} Trainer, torch {torch.__version__}, {torch.get_num_threads()} threads",
    "settings": ("fp32" if args.fp32 else "bf16") + (", dropout 0, eager" if args.best else ", dropout 0.1, sdpa") +
                (", group_by_length" if args.group else "") + f", batch {args.batch}",
    "steps": len(spans),
    "tokens_per_second": sum(tokens[warm:]) / seconds,
    "documents_per_second": args.batch * (len(spans) - warm) / seconds,
    "median_step_seconds": statistics.median(spans[warm:]),
    "seconds_to_first_step": Clock.ends[0] - PROCESS_START,
}
if args.evaluate:
    from sklearn.metrics import accuracy_score, f1_score

    test = rows_of("test.jsonl")
    trainer.args.per_device_eval_batch_size = 64
    # group_by_length reorders evaluation too: labels come back in the order of the predictions.
    output = trainer.predict(Rows(encode(test)))
    predicted, truth = output.predictions.argmax(-1), output.label_ids
    result["accuracy"] = accuracy_score(truth, predicted)
    result["macro_f1"] = f1_score(truth, predicted, average="macro")
print(json.dumps(result))
