"""Entities of random tags as seqeval counts them, for tests/analysis/entities_test.cpp.

Versions: Python 3.11, seqeval 1.2.2.    python entities.py > entities.json
"""
import json
import random

from seqeval.metrics import f1_score, precision_score, recall_score

random.seed(5)
TAGS = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC", "B-ORG", "I-ORG"]
cases = []
for sequences in (1, 3, 20):
    for likeness in (0.0, 0.5, 0.9, 1.0):
        truth = [random.choices(TAGS, k=random.randint(1, 12)) for _ in range(sequences)]
        guess = [[t if random.random() < likeness else random.choice(TAGS) for t in row] for row in truth]
        cases.append({"truth": truth, "guess": guess,
                      "precision": float(precision_score(truth, guess, zero_division=0)),
                      "recall": float(recall_score(truth, guess, zero_division=0)),
                      "f1": float(f1_score(truth, guess, zero_division=0))})
print(json.dumps({"seqeval": "1.2.2", "cases": cases}))
