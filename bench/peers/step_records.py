#!/usr/bin/env python3
"""Figures of one Temper attempt for bench/train.sh: tokens/s and documents/s over the steps after the fifth, seconds from process
start to the end of the first step, share of forward and backward in matrix products (per cent), their GFLOP/s."""
import json
import os
import sys

folder = sys.argv[1]
with open(os.path.join(folder, "records.jsonl"), encoding="utf-8") as file:
    steps = [record for record in map(json.loads, file) if record["kind"] == "step"]
with open(os.path.join(folder, "outcome.json"), encoding="utf-8") as file:
    outcome = json.load(file)
timed = steps[5:] or steps
seconds = sum(step["seconds"] for step in timed)
phases = outcome["phases"]
computing = phases["forward"] + phases["backward"]
print(sum(s["tokens"] for s in timed) / seconds, sum(s["documents"] for s in timed) / seconds, outcome["setup_seconds"],
      100 * phases["matrix_products"] / computing, outcome["matrix_gflops_per_second"])
