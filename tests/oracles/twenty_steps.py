"""Twenty steps of a Trainer-equivalent loop of Transformers: the loss and the gradient norm of each.

Versions: Python 3.11, torch 2.11.0, transformers 5.23.0.
    python twenty_steps.py tiny  DIRECTORY OUT.json    writes the tiny model into DIRECTORY first
    python twenty_steps.py shelf DIRECTORY OUT.json    the directory as it is, with a head by formula
Documents, labels and the head are formulas that the test repeats. The real model learns at 5e-5: at
5e-4 on these random words Transformers' own fp32 norms differ from its fp64 norms by 5e-5.
"""
import json
import math
import sys

import torch
from transformers import BertConfig, BertForSequenceClassification, get_scheduler

STEPS, BATCH, CLASSES = 20, 8, 5


def tokens(document, vocabulary):
    return [(31 * document + 7 * p + 3 * p * p + 5) % (vocabulary - 10) + 5 for p in range(3 + document * 7 % 23)]


def batch(step, vocabulary):
    documents = range(step * BATCH, (step + 1) * BATCH)
    rows = [tokens(d, vocabulary) for d in documents]
    width = max(map(len, rows))
    ids = torch.tensor([r + [0] * (width - len(r)) for r in rows])
    mask = torch.tensor([[1] * len(r) + [0] * (width - len(r)) for r in rows])
    return ids, mask, torch.tensor([d * 3 % CLASSES for d in documents]), torch.tensor([0.3 * (d % 7) - 1 for d in documents],
                                                                                          dtype=torch.float64)


def run(directory, dtype, case, formula_head):
    labels = 1 if case == "regression" else CLASSES
    model = BertForSequenceClassification.from_pretrained(
        directory, num_labels=labels, dtype=dtype, attn_implementation="eager", ignore_mismatched_sizes=True,
        hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
    if formula_head or labels == 1:
        with torch.no_grad():
            head = torch.tensor([0.02 * math.sin(i + 1) for i in range(model.classifier.weight.numel())], dtype=torch.float32)
            model.classifier.weight.copy_(head.view_as(model.classifier.weight))
            model.classifier.bias.zero_()
    model.train()
    decays = [p for n, p in model.named_parameters() if not (n.endswith(".bias") or "LayerNorm" in n)]
    others = [p for n, p in model.named_parameters() if n.endswith(".bias") or "LayerNorm" in n]
    optimizer = torch.optim.AdamW([{"params": decays, "weight_decay": 0.01}, {"params": others, "weight_decay": 0.0}],
                                  lr=5e-5 if formula_head else 5e-4)
    schedule = get_scheduler("linear", optimizer, num_warmup_steps=4, num_training_steps=STEPS)
    weights = torch.tensor([0.5, 1.0, 2.0, 1.0, 1.5], dtype=dtype) if case == "weighted" else None
    losses, norms = [], []
    for step in range(STEPS):
        ids, mask, classes, values = batch(step, model.config.vocab_size)
        logits = model(input_ids=ids, attention_mask=mask).logits
        if case == "regression":
            loss = torch.nn.functional.mse_loss(logits.squeeze(-1), values.to(dtype))
        else:
            loss = torch.nn.functional.cross_entropy(logits, classes, weight=weights,
                                                     label_smoothing=0.1 if case == "weighted" else 0.0)
        loss.backward()
        norms.append(torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0).item())
        losses.append(loss.item())
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
    return {"loss": losses, "grad_norm": norms}


kind, directory, out = sys.argv[1:4]
if kind == "tiny":
    torch.manual_seed(3)
    BertForSequenceClassification(BertConfig(
        vocab_size=97, hidden_size=64, num_hidden_layers=2, num_attention_heads=4, intermediate_size=128,
        max_position_embeddings=40, num_labels=CLASSES, initializer_range=0.2)).save_pretrained(directory)
cases = ["plain", "weighted", "regression"] if kind == "tiny" else ["plain"]
result = {case: {name: run(directory, dtype, case, kind == "shelf")
                 for name, dtype in (("fp32", torch.float32), ("fp64", torch.float64))} for case in cases}
with open(out, "w") as file:
    json.dump(result, file, indent=1)
