#!/usr/bin/env python3
"""Figures of one Temper attempt for bench/train.sh and bench/sft.sh: tokens/s and documents/s over the steps after the first few
(--warm, 5), seconds from process start to the end of the first step, share of forward and backward in matrix products (per cent), their
GFLOP/s, peak resident memory of a rank (MB)."""
import argparse
import json
import os

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("attempt")
parser.add_argument("--warm", type=int, default=5)
args = parser.parse_args()

with open(os.path.join(args.attempt, "records.jsonl"), encoding="utf-8") as file:
    steps = [record for record in map(json.loads, file) if record["kind"] == "step"]
with open(os.path.join(args.attempt, "outcome.json"), encoding="utf-8") as file:
    outcome = json.load(file)
timed = steps[args.warm:] or steps
seconds = sum(step["seconds"] for step in timed)
phases = outcome["phases"]
computing = phases["forward"] + phases["backward"]
print(sum(s["tokens"] for s in timed) / seconds, sum(s["documents"] for s in timed) / seconds, outcome["setup_seconds"],
      100 * phases["matrix_products"] / computing, outcome["matrix_gflops_per_second"], outcome["peak_memory_bytes"] / 1e6)
