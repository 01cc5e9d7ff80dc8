"""Twenty steps of a causal language model of Transformers, whole and with PEFT's adapters.

Versions: Python 3.11, torch 2.11.0, transformers 5.23.0, peft 0.21.2.
    python lora_twenty_steps.py > lora_twenty_steps.json
A tiny Llama (tied, grouped queries) whose weights, documents and loss masks are formulas that the
test repeats. Cases: full; smoothed (label smoothing 0.1, z-loss 1e-3, by their formulas); lora
(r = 4, alpha = 8, all linears). Transformers computes norms, softmax and rotary angles in float32
whatever the model's dtype; for fp64 its modules see float64 under that name.
"""
import json
import math
import sys

import peft
import torch
import transformers
from transformers import LlamaConfig, LlamaForCausalLM, get_scheduler

STEPS, BATCH, VOCABULARY = 20, 8, 97


def tokens(document):
    return [(31 * document + 7 * p + 3 * p * p + 5) % (VOCABULARY - 10) + 5 for p in range(3 + document * 7 % 23)]


def batch(step):
    documents = range(step * BATCH, (step + 1) * BATCH)
    rows = [tokens(d) for d in documents]
    width = max(map(len, rows))
    ids = torch.tensor([r + [0] * (width - len(r)) for r in rows])
    mask = torch.tensor([[1] * len(r) + [0] * (width - len(r)) for r in rows])
    labels = torch.tensor([[t if p >= 2 + d % 3 else -100 for p, t in enumerate(r)] + [-100] * (width - len(r))
                           for d, r in zip(documents, rows)])
    return ids, mask, labels


def fill(model):
    """Parameter k (by name) is 0.1 sin(0.7 i + k), gains 1 + that; B of an adapter is 0."""
    named = {n.replace(".default", ""): p for n, p in model.named_parameters()}
    with torch.no_grad():
        for k, name in enumerate(sorted(named)):
            p = named[name]
            values = [0.1 * math.sin(0.7 * i + k) for i in range(p.numel())]
            if "norm" in name:
                values = [1 + v for v in values]
            if "lora_B" in name:
                values = [0.0] * p.numel()
            p.copy_(torch.tensor(values, dtype=torch.float32).view_as(p))


def loss_of(logits, labels, case):
    logits, labels = logits[:, :-1].reshape(-1, VOCABULARY), labels[:, 1:].reshape(-1)
    smoothing = 0.1 if case == "smoothed" else 0.0
    loss = torch.nn.functional.cross_entropy(logits, labels, ignore_index=-100, label_smoothing=smoothing)
    if case == "smoothed":
        loss = loss + 1e-3 * torch.logsumexp(logits[labels >= 0], -1).square().mean()
    return loss


class DoubleTorch:
    float = float32 = torch.float64

    def __getattr__(self, name):
        return getattr(torch, name)


def use_double():
    torch.Tensor.float = torch.Tensor.double
    torch.set_default_dtype(torch.float64)
    for name, module in list(sys.modules.items()):
        if name.startswith("transformers.") and getattr(module, "torch", None) is torch:
            module.torch = DoubleTorch()


def run(case, dtype):
    model = LlamaForCausalLM(LlamaConfig(
        vocab_size=VOCABULARY, hidden_size=64, intermediate_size=96, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, max_position_embeddings=40, rms_norm_eps=1e-5, tie_word_embeddings=True,
        attn_implementation="eager"))
    if case == "lora":
        model = peft.get_peft_model(model, peft.LoraConfig(r=4, lora_alpha=8, target_modules="all-linear",
                                                           task_type="CAUSAL_LM"))
    fill(model)
    model = model.to(dtype).train()
    trained = [(n, p) for n, p in model.named_parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW([{"params": [p for n, p in trained if "norm" not in n], "weight_decay": 0.01},
                                   {"params": [p for n, p in trained if "norm" in n], "weight_decay": 0.0}], lr=5e-4)
    schedule = get_scheduler("linear", optimizer, num_warmup_steps=4, num_training_steps=STEPS)
    losses, norms = [], []
    for step in range(STEPS):
        ids, mask, labels = batch(step)
        loss = loss_of(model(input_ids=ids, attention_mask=mask).logits, labels, case)
        loss.backward()
        norms.append(torch.nn.utils.clip_grad_norm_([p for _, p in trained], 1.0).item())
        losses.append(loss.item())
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
    return {"loss": losses, "grad_norm": norms}


result = {"versions": {"torch": torch.__version__, "transformers": transformers.__version__, "peft": peft.__version__}}
CASES = ("full", "smoothed", "lora")
for case in CASES:
    result[case] = {"fp32": run(case, torch.float32)}
use_double()
for case in CASES:
    result[case]["fp64"] = run(case, torch.float64)
print(json.dumps(result, indent=1))
