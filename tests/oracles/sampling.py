"""Records what Transformers 5.23.0's logits processors leave of drawn logits, for tests/generate/sampling_test.cpp.

  python3 sampling.py ../generate/data/sampling.json

Logits are 4 sin(1 + 0.37 i^1.1 + case) over 40 ids, which the test repeats.
"""
import json, math, sys

import torch
from transformers import (RepetitionPenaltyLogitsProcessor, TemperatureLogitsWarper, TopKLogitsWarper,
                          TopPLogitsWarper)

cases = []
for case, (temperature, k, p, penalty) in enumerate(
        [(1, 0, 1, 1), (0.7, 5, 1, 1), (1.3, 0, 0.9, 1), (0.5, 10, 0.6, 1.2), (2, 3, 0.2, 1.5), (1, 40, 0.999, 0.8), (1, 50, 0.5, 1)]):
    logits = torch.tensor([[4 * math.sin(1 + 0.37 * i ** 1.1 + case) for i in range(40)]], dtype=torch.float32)
    seen = torch.tensor([[3, 7, 7, 21, 39]])
    scores = RepetitionPenaltyLogitsProcessor(float(penalty))(seen, logits) if penalty != 1 else logits
    greedy = int(scores.argmax())
    if temperature != 1:
        scores = TemperatureLogitsWarper(float(temperature))(seen, scores)
    if k:
        scores = TopKLogitsWarper(k)(seen, scores)
    if p < 1:
        scores = TopPLogitsWarper(float(p))(seen, scores)
    probabilities = scores.softmax(-1)[0]
    kept = [i for i in range(40) if probabilities[i] > 0]
    cases.append({"temperature": temperature, "top_k": k, "top_p": p, "repetition_penalty": penalty, "greedy": greedy,
                  "ids": kept, "probabilities": [float(probabilities[i]) for i in kept]})
json.dump({"versions": "transformers 5.23.0, torch 2.11.0", "cases": cases}, open(sys.argv[1], "w"), indent=0)
