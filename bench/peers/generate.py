#!/usr/bin/env python3
"""Transformers' generate on the prompts of a file: the peer of bench/generate.sh.

Prints one JSON object: new tokens per second for each batch size, seconds from process start to the first forward's end.

Needs: torch 2.11.0, transformers 5.23.0 (only for the peer; Temper needs no Python).

    python bench/peers/generate.py --model MODEL_DIR --prompts prompts.jsonl --batch 1 --batch 16 --new 64
"""
import time

PROCESS_START = time.time()

import argparse
import json
import os
import resource

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--model", required=True, help="a Hugging Face directory, or a .gguf file")
parser.add_argument("--prompts", required=True, help="JSON lines with `messages` that end with the user's turn")
parser.add_argument("--batch", type=int, action="append")
parser.add_argument("--new", type=int, default=64, help="tokens to generate; ends of turns are ignored")
parser.add_argument("--precision", choices=["bf16", "fp32"], default="bf16")
parser.add_argument("--ids", help="write the new ids of every prompt here, greedy until the end token, as JSON lines")
parser.add_argument("--first-forward", action="store_true", help="only load and run one forward")
args = parser.parse_args()

os.environ.setdefault("HF_HUB_OFFLINE", "1")
import torch
import transformers
from transformers import AutoModelForCausalLM, AutoTokenizer

where, gguf = args.model, {}
if where.endswith(".gguf"):
    gguf = {"gguf_file": os.path.basename(where)}
    where = os.path.dirname(os.path.abspath(where))
dtype = torch.bfloat16 if args.precision == "bf16" else torch.float32
model = AutoModelForCausalLM.from_pretrained(where, dtype=dtype, **gguf).eval()
result = {"peer": f"transformers {transformers.__version__}, torch {torch.__version__}, {torch.get_num_threads()} threads"}
with torch.inference_mode():
    model(input_ids=torch.tensor([[1, 2, 3, 4]]))
    result["seconds_to_first_forward"] = time.time() - PROCESS_START
    if not args.first_forward:
        tokenizer = AutoTokenizer.from_pretrained(where, **gguf)
        tokenizer.padding_side = "left"
        if tokenizer.pad_token is None:
            tokenizer.pad_token = tokenizer.eos_token or tokenizer.convert_ids_to_tokens(model.config.eos_token_id)
        with open(args.prompts, encoding="utf-8") as file:
            chats = [json.loads(line)["messages"] for line in file]
        texts = [tokenizer.apply_chat_template(c, add_generation_prompt=True, tokenize=False) for c in chats]
        options = dict(do_sample=False, pad_token_id=tokenizer.pad_token_id, temperature=None, top_p=None, top_k=None)
        for size in args.batch or []:
            inputs = tokenizer(texts[:size], return_tensors="pt", padding=True, add_special_tokens=False)
            model.generate(**inputs, max_new_tokens=4, min_new_tokens=4, **options)
            begin = time.time()
            model.generate(**inputs, max_new_tokens=args.new, min_new_tokens=args.new, **options)
            result[f"tokens_per_second_{size}"] = size * args.new / (time.time() - begin)
        if args.ids:
            with open(args.ids, "w", encoding="utf-8") as out:
                for text in texts:
                    inputs = tokenizer([text], return_tensors="pt", add_special_tokens=False)
                    ids = model.generate(**inputs, max_new_tokens=args.new, **options)[0, inputs["input_ids"].shape[1]:]
                    out.write(json.dumps({"prompt": inputs["input_ids"][0].tolist(), "ids": ids.tolist()}) + "\n")
result["peak_rss_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps(result))
