"""Learning rates of Transformers' get_scheduler over 20 steps, for tests/train/lr_schedule_test.cpp.

Versions: Python 3.11, torch 2.11.0, transformers 5.23.0.    python schedules.py > schedules.json
"""
import json

import torch
from transformers import get_scheduler

out = {}
kinds = {
    "linear": {},
    "cosine": {},
    "constant": {},
    "constant_with_warmup": {},
    "cosine_with_min_lr": {"min_lr": 2e-5},
    "polynomial": {"lr_end": 1e-5, "power": 2.0},
}
for kind, more in kinds.items():
    for warm in (0, 5):
        optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=3e-4)
        schedule = get_scheduler(
            kind, optimizer, num_warmup_steps=warm, num_training_steps=20,
            scheduler_specific_kwargs=more or None)
        rates = []
        for _ in range(20):
            rates.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            schedule.step()
        out[f"{kind} {warm}"] = rates
print(json.dumps(out, indent=1))
