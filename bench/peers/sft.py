#!/usr/bin/env python3
"""Supervised fine-tuning with Transformers (and PEFT) on packed conversations: the peer of bench/sft.sh.

A plain training loop, faster than Trainer and TRL's SFTTrainer on the same work: rows packed best-fit decreasing, attention
kept inside documents by restarting position_ids, loss on the assistant's tokens. Prints one JSON object: tokens per second
over the timed steps, peak resident memory, seconds from process start to the end of the first step, loss of the last steps.

Needs: torch 2.11.0, transformers 5.23.0, peft 0.21.2 (only for the peer; Temper needs no Python).

    python bench/peers/sft.py --model MODEL_DIR --data train.jsonl --row 256 --rows 4 --mode full --precision bf16
"""
import time

PROCESS_START = time.time()

import argparse
import json
import os
import resource
import statistics

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--model", required=True, help="a Hugging Face directory with a chat template")
parser.add_argument("--data", required=True, help="JSON lines with `messages`")
parser.add_argument("--row", type=int, default=256, help="tokens of a packed row")
parser.add_argument("--rows", type=int, default=4, help="rows of a step")
parser.add_argument("--mode", choices=["full", "lora"], default="full")
parser.add_argument("--precision", choices=["bf16", "autocast", "fp32"], default="bf16", help="bf16: the weights themselves")
parser.add_argument("--rank", type=int, default=16)
parser.add_argument("--lr", type=float, default=2e-5)
parser.add_argument("--steps", type=int, default=12)
parser.add_argument("--warm", type=int, default=2, help="steps that are not timed")
parser.add_argument("--documents", type=int, default=2000)
parser.add_argument("--threads", type=int, default=0)
args = parser.parse_args()

os.environ.setdefault("HF_HUB_OFFLINE", "1")
import torch
import transformers
from transformers import AutoModelForCausalLM, AutoTokenizer

if args.threads:
    torch.set_num_threads(args.threads)
tokenizer = AutoTokenizer.from_pretrained(args.model)


def encode(messages):
    """Ids and labels; the assistant's words and the end token are trained, everything before them is not."""
    prompt = tokenizer.apply_chat_template(messages[:-1], add_generation_prompt=True, tokenize=False)
    whole = prompt + messages[-1]["content"] + "<|im_end|>\n"
    head = tokenizer(prompt, add_special_tokens=False)["input_ids"]
    ids = tokenizer(whole, add_special_tokens=False)["input_ids"]
    return ids, [-100] * len(head) + ids[len(head):-1] + [-100]


with open(args.data, encoding="utf-8") as file:
    lines = [json.loads(line)["messages"] for _, line in zip(range(args.documents), file)]
documents = [d for d in map(encode, lines) if len(d[0]) <= args.row]
bins = []
for ids, labels in sorted(documents, key=lambda d: -len(d[0])):
    fits = [b for b in bins[-64:] if b["used"] + len(ids) <= args.row]
    best = max(fits, key=lambda b: b["used"], default=None)
    if best is None:
        bins.append(best := {"used": 0, "ids": [], "labels": [], "positions": []})
    best["ids"] += ids
    best["labels"] += [-100] + labels[1:]
    best["positions"] += range(len(ids))
    best["used"] += len(ids)
order = torch.randperm(len(bins), generator=torch.Generator().manual_seed(7)).tolist()
bins = [bins[i] for i in order]


def batch(step):
    rows = [bins[(step * args.rows + i) % len(bins)] for i in range(args.rows)]
    pad = lambda row, key, value: row[key] + [value] * (args.row - row["used"])
    out = {"input_ids": [pad(r, "ids", 2) for r in rows], "labels": [pad(r, "labels", -100) for r in rows],
           "position_ids": [r["positions"] + list(range(args.row - r["used"])) for r in rows]}
    return {k: torch.tensor(v) for k, v in out.items()}, sum(r["used"] for r in rows)


weights = torch.bfloat16 if args.precision == "bf16" else torch.float32
model = AutoModelForCausalLM.from_pretrained(args.model, dtype=weights)
peft_version = None
if args.mode == "lora":
    import peft
    peft_version = peft.__version__
    model = peft.get_peft_model(model, peft.LoraConfig(r=args.rank, lora_alpha=2 * args.rank, target_modules="all-linear",
                                                       task_type="CAUSAL_LM"), autocast_adapter_dtype=False)
model.train()
model.config.use_cache = False
optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=args.lr, weight_decay=0.0, fused=True)
seconds, tokens, losses, first = [], [], [], 0
for step in range(args.steps):
    inputs, real = batch(step)
    begin = time.time()
    with torch.autocast("cpu", torch.bfloat16, enabled=args.precision == "autocast"):
        loss = model(**inputs, use_cache=False).loss
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    seconds.append(time.time() - begin)
    tokens.append(real)
    losses.append(float(loss.detach()))
    first = first or time.time() - PROCESS_START
timed = slice(args.warm, None)
print(json.dumps({
    "peer": f"transformers {transformers.__version__}, peft {peft_version}, torch {torch.__version__}, {torch.get_num_threads()} threads",
    "mode": args.mode, "precision": args.precision, "row": args.row, "rows": args.rows,
    "tokens_per_second": sum(tokens[timed]) / sum(seconds[timed]),
    "median_step_seconds": statistics.median(seconds[timed]),
    "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    "seconds_to_first_step": first, "loss": statistics.mean(losses[-3:])}))
