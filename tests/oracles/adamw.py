#!/usr/bin/env python3
"""Numbers of torch.optim.AdamW in fp64 for tests/kernels/adamw_test.cpp. Needs torch (recorded with 2.11.0).

    python tests/oracles/adamw.py > tests/kernels/data/adamw.json
"""
import json

import torch

torch.manual_seed(5)
runs = []
for decay, betas, epsilon in ((0.0, (0.9, 0.999), 1e-8), (0.05, (0.8, 0.98), 1e-6)):
    weight = torch.nn.Parameter(torch.randn(9, dtype=torch.float64).float().double())
    run = {"start": weight.tolist(), "beta1": betas[0], "beta2": betas[1], "epsilon": epsilon, "weight_decay": decay, "steps": []}
    optimizer = torch.optim.AdamW([weight], lr=1.0, betas=betas, eps=epsilon, weight_decay=decay)
    for step in range(8):
        rate = 1e-2 / (step + 1)
        optimizer.param_groups[0]["lr"] = rate
        weight.grad = (torch.randn(9, dtype=torch.float64) * 10 ** -(step % 4)).float().double()
        optimizer.step()
        run["steps"].append({"learning_rate": rate, "gradient": weight.grad.tolist(), "weight": weight.tolist()})
    state = optimizer.state[weight]
    run["first"], run["second"] = state["exp_avg"].tolist(), state["exp_avg_sq"].tolist()
    runs.append(run)
print(json.dumps({"by": f"torch {torch.__version__}", "runs": runs}))
