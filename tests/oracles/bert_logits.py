#!/usr/bin/env python3
"""Logits and gradients of Transformers' BERT for tests/model/transformers_test.cpp.

Needs torch and transformers (recorded with torch 2.11.0, transformers 5.23.0).

    python tests/oracles/bert_logits.py tests/model/data MINILM_DIR

Writes tiny_bert/ (a directory as save_pretrained leaves it, weights in bf16), tiny_bert_gradients.safetensors (of the sum of
cross-entropies, computed in fp64), tiny_bert.json and minilm.json (documents and logits).
"""
import json
import math
import os
import sys

import torch
import transformers
from safetensors.torch import save_file
from transformers import BertConfig, BertForSequenceClassification, BertModel

out, minilm = sys.argv[1:3]
by = f"transformers {transformers.__version__}, torch {torch.__version__}"
torch.manual_seed(11)


def ids_of(lengths, vocabulary):
    return [[(31 * n + 7 * p + 3) % vocabulary for p in range(length)] for n, length in enumerate(lengths)]


config = BertConfig(vocab_size=30, hidden_size=64, num_hidden_layers=2, num_attention_heads=4, intermediate_size=16,
                    max_position_embeddings=20, type_vocab_size=2, num_labels=3, hidden_dropout_prob=0.0,
                    attention_probs_dropout_prob=0.0, id2label={0: "no", 1: "maybe", 2: "yes"})
model = BertForSequenceClassification(config).double().eval()
with torch.no_grad():
    for name, parameter in model.named_parameters():
        parameter.copy_((torch.randn_like(parameter) * 0.2 + (1.0 if name.endswith("LayerNorm.weight") else 0.0)).bfloat16().double())
documents, labels = ids_of([3, 1, 20, 7], 30), [2, 0, 1, 1]
logits = torch.cat([model(input_ids=torch.tensor([d]), token_type_ids=torch.tensor([[p % 2 for p in range(len(d))]])).logits
                    for d in documents])
torch.nn.functional.cross_entropy(logits, torch.tensor(labels), reduction="sum").backward()
save_file({n: p.grad.float() for n, p in model.named_parameters()}, os.path.join(out, "tiny_bert_gradients.safetensors"))
with open(os.path.join(out, "tiny_bert.json"), "w") as file:
    json.dump({"by": by, "documents": documents, "labels": labels, "logits": logits.tolist()}, file)
model.bfloat16().save_pretrained(os.path.join(out, "tiny_bert"))

# The encoder of the shelf has no head: a smooth one stands in for it, the same in the test.
encoder = BertModel.from_pretrained(minilm, dtype=torch.float32, attn_implementation="eager").eval()
width, classes = encoder.config.hidden_size, 5
head = torch.tensor([[0.3 * math.sin(0.1 * (c * width + i)) for i in range(width)] for c in range(classes)])
documents, result = ids_of([1, 2, 16, 33, 100, 300], 30000), {}
with torch.no_grad():
    outputs = [encoder(input_ids=torch.tensor([d])) for d in documents]
    result["mean"] = [(o.last_hidden_state[0].mean(0) @ head.T).tolist() for o in outputs]
    result["cls"] = [(o.pooler_output[0] @ head.T).tolist() for o in outputs]
with open(os.path.join(out, "minilm.json"), "w") as file:
    json.dump({"by": by, "documents": documents, "logits": result}, file)
