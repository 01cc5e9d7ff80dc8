"""Tiny models of every family: what Transformers computes with them, in double precision.

    python tests/oracles/family_models.py tests/model/data/families.json

Written with torch 2.11.0, transformers 5.23.0. Output: {"versions", "cases": [case, ...]}, a case:

  name        "llama", "bert-sequence": family and task
  task        causal-lm | masked-lm | sequence-classification | token-classification
  plus_one    norm gains are stored less one (Gemma)
  config      config.json as Transformers writes it (eager attention, no dropout at evaluation)
  documents   [[id, ...], ...], each run by itself, positions from 0
  targets     causal-lm, masked-lm, token-classification: for each document the target of each
              position, -100 for none (causal: the next token, so the last has none);
              sequence-classification: the class of each document
  loss        mean cross-entropy over all targets that are not -100
  logits      [[document, position, [first values]], ...]; position -1: the document's
  gradients   {name of the parameter: [shape in files, norm, dot 1, dot 2]} of the loss

Parameter `name` (as in files) with row-major element k in files' layout:

  u(name, k, salt): x = k * 0x9E3779B1 + FNV1a32(name) + salt * 0x85EBCA6B  (mod 2^32), then
                    x ^= x >> 16; x *= 0x85EBCA6B; x ^= x >> 13; x *= 0xC2B2AE35; x ^= x >> 16
                    u = x / 2^31 - 1
  value:  0.2 u(name, k, 0);  1 more for the gains of norms (one dim, ending in .weight) unless
          plus_one
  dot i:  sum over k of gradient[k] * u(name, k, i), i = 1, 2

Transformers computes norms, softmax and rotary angles in float32 whatever the model's dtype; here
its modules see float64 under the name of float32, and nothing else is changed.
"""

import json
import math
import sys

import numpy as np
import torch
import transformers

IGNORED = -100
LENGTHS = [9, 5, 14]
VOCABULARY = 96


# --- numbers that C++ can make as well -----------------------------------------------------------


def fnv1a32(text):
    value = 2166136261
    for byte in text.encode():
        value = (value ^ byte) * 16777619 % 2**32
    return value


def u(name, count, salt):
    x = np.arange(count, dtype=np.uint64) * np.uint64(0x9E3779B1)
    x = (x + np.uint64(fnv1a32(name)) + np.uint64(salt * 0x85EBCA6B)) & np.uint64(0xFFFFFFFF)
    mask = np.uint64(0xFFFFFFFF)
    x ^= x >> np.uint64(16)
    x = x * np.uint64(0x85EBCA6B) & mask
    x ^= x >> np.uint64(13)
    x = x * np.uint64(0xC2B2AE35) & mask
    x ^= x >> np.uint64(16)
    return torch.from_numpy(x.astype(np.float64) / 2.0**31 - 1.0)


def parameters(model):
    """Names as files have them: Transformers 5 renames GPT-NeoX's output on reading, and lists
    XLM-R's shared matrix under the name of the output."""
    renamed = {
        "gpt_neox": ("lm_head.", "embed_out."),
        "xlm-roberta": ("lm_head.decoder.", "roberta.embeddings.word_embeddings."),
    }
    old, new = renamed.get(model.config.model_type, ("", ""))
    for name, parameter in model.named_parameters():
        yield (new + name.removeprefix(old) if old and name.startswith(old) else name), parameter


def set_values(model, plus_one):
    with torch.no_grad():
        for name, parameter in parameters(model):
            gain = parameter.dim() == 1 and name.endswith(".weight") and not plus_one
            value = 0.2 * u(name, parameter.numel(), 0) + (1.0 if gain else 0.0)
            parameter.copy_(value.view(parameter.shape))


# --- float32 means float64 -----------------------------------------------------------------------


class DoubleTorch:
    float = float32 = torch.float64

    def __getattr__(self, name):
        return getattr(torch, name)


def use_double():
    torch.Tensor.float = torch.Tensor.double
    for name, module in list(sys.modules.items()):
        if name.startswith("transformers.") and getattr(module, "torch", None) is torch:
            module.torch = DoubleTorch()


# --- cases ---------------------------------------------------------------------------------------

DECODER = dict(
    vocab_size=VOCABULARY, hidden_size=64, num_hidden_layers=2, intermediate_size=128,
    num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=64,
    pad_token_id=0, bos_token_id=1, eos_token_id=2,
)
BERT = dict(
    vocab_size=VOCABULARY, hidden_size=64, num_hidden_layers=2, intermediate_size=128,
    num_attention_heads=4, max_position_embeddings=40,
)
DISTILBERT = dict(
    vocab_size=VOCABULARY, dim=64, n_layers=2, n_heads=4, hidden_dim=128,
    max_position_embeddings=40,
)
MODERNBERT = dict(
    vocab_size=VOCABULARY, hidden_size=64, num_hidden_layers=4, intermediate_size=128,
    num_attention_heads=4, max_position_embeddings=64, local_attention=6, pad_token_id=0,
    bos_token_id=1, eos_token_id=2, cls_token_id=1, sep_token_id=2,
    global_attn_every_n_layers=2,
)
LLAMA3 = dict(
    rope_type="llama3", rope_theta=1e3, factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
    original_max_position_embeddings=16,
)
YARN = dict(rope_type="yarn", rope_theta=1e4, factor=4.0, original_max_position_embeddings=16)
FACTORS = [1.0 + 0.1 * i for i in range(16)]


def long_rope(pairs):
    return dict(
        rope_type="longrope", rope_theta=1e4, short_factor=FACTORS[:pairs],
        long_factor=[2.0 + 0.25 * i for i in range(pairs)], original_max_position_embeddings=8,
    )


CASES = [
    # name, model type, class, what differs from the defaults above
    ("llama", "LlamaForCausalLM", dict(DECODER, head_dim=32)),
    ("gpt2", "GPT2LMHeadModel",
     dict(vocab_size=VOCABULARY, n_embd=64, n_layer=2, n_head=4, n_positions=40, bos_token_id=1,
          eos_token_id=2)),
    ("bert-masked", "BertForMaskedLM", BERT),
    ("bert-sequence", "BertForSequenceClassification", dict(BERT, num_labels=3)),
    ("bert-tokens", "BertForTokenClassification", dict(BERT, num_labels=5)),
    ("llama3-rope-biases", "LlamaForCausalLM",
     dict(DECODER, head_dim=32, attention_bias=True, mlp_bias=True, tie_word_embeddings=True,
          rope_parameters=LLAMA3)),
    ("llama-sequence", "LlamaForSequenceClassification", dict(DECODER, num_labels=3)),
    ("llama-tokens", "LlamaForTokenClassification", dict(DECODER, num_labels=5)),
    ("mistral", "MistralForCausalLM", dict(DECODER, head_dim=32, sliding_window=4)),
    ("qwen2", "Qwen2ForCausalLM",
     dict(DECODER, hidden_size=128, intermediate_size=192, tie_word_embeddings=True)),
    ("qwen2-yarn-window", "Qwen2ForCausalLM",
     dict(DECODER, hidden_size=128, use_sliding_window=True, sliding_window=4, max_window_layers=1,
          rope_parameters=YARN)),
    ("qwen3", "Qwen3ForCausalLM", dict(DECODER, head_dim=32, tie_word_embeddings=True)),
    ("gemma", "GemmaForCausalLM",
     dict(DECODER, num_key_value_heads=1, head_dim=64, hidden_act="gelu")),
    ("gemma2", "Gemma2ForCausalLM",
     dict(DECODER, head_dim=32, query_pre_attn_scalar=20, sliding_window=4,
          final_logit_softcapping=3.0, attn_logit_softcapping=2.0)),
    ("gemma3", "Gemma3ForCausalLM",
     dict(DECODER, num_hidden_layers=3, head_dim=32, query_pre_attn_scalar=20, sliding_window=4,
          layer_types=["sliding_attention", "full_attention", "sliding_attention"],
          rope_parameters=dict(
              full_attention=dict(rope_type="linear", rope_theta=1e6, factor=8.0),
              sliding_attention=dict(rope_type="default", rope_theta=1e4)))),
    ("phi3", "Phi3ForCausalLM", dict(DECODER, num_key_value_heads=4, sliding_window=6)),
    ("phi3-long-partial", "Phi3ForCausalLM",
     dict(DECODER, hidden_size=128, tie_word_embeddings=True, partial_rotary_factor=0.75,
          original_max_position_embeddings=8, rope_parameters=long_rope(12))),
    ("starcoder2", "Starcoder2ForCausalLM",
     dict(DECODER, hidden_size=128, sliding_window=5)),
    ("opt", "OPTForCausalLM",
     dict(vocab_size=VOCABULARY, hidden_size=64, num_hidden_layers=2, ffn_dim=128,
          num_attention_heads=4, max_position_embeddings=40)),
    ("gpt-neox", "GPTNeoXForCausalLM",
     dict(vocab_size=VOCABULARY, hidden_size=64, num_hidden_layers=2, intermediate_size=128,
          num_attention_heads=4, max_position_embeddings=40,
          rope_parameters=dict(rope_type="default", rope_theta=1e4, partial_rotary_factor=0.25))),
    ("roberta-masked", "RobertaForMaskedLM", dict(BERT, type_vocab_size=1, layer_norm_eps=1e-5)),
    ("roberta-sequence", "RobertaForSequenceClassification",
     dict(BERT, type_vocab_size=1, num_labels=3)),
    ("xlm-roberta-masked", "XLMRobertaForMaskedLM", dict(BERT, type_vocab_size=1)),
    ("distilbert-masked", "DistilBertForMaskedLM", DISTILBERT),
    ("distilbert-sequence", "DistilBertForSequenceClassification", dict(DISTILBERT, num_labels=3)),
    ("modernbert-masked", "ModernBertForMaskedLM", MODERNBERT),
    ("modernbert-sequence", "ModernBertForSequenceClassification",
     dict(MODERNBERT, num_labels=3, classifier_pooling="mean")),
    ("gpt2-sequence", "GPT2ForSequenceClassification",
     dict(vocab_size=VOCABULARY, n_embd=64, n_layer=2, n_head=4, n_positions=40, pad_token_id=0,
          bos_token_id=1, eos_token_id=2, num_labels=3)),
]


def task_of(class_name):
    return (
        "sequence-classification" if class_name.endswith("ForSequenceClassification")
        else "token-classification" if class_name.endswith("ForTokenClassification")
        else "masked-lm" if class_name.endswith("ForMaskedLM")
        else "causal-lm"
    )


# Ids from 4 on, so that none is a pad or another special token.
def documents():
    return [
        [4 + (31 * n + 17 * p * p + 7 * p + 3) % (VOCABULARY - 4) for p in range(length)]
        for n, length in enumerate(LENGTHS)
    ]


def inputs_and_targets(task):
    texts = documents()
    if task == "causal-lm":
        return texts, [ids[1:] + [IGNORED] for ids in texts]
    if task == "sequence-classification":
        return texts, [(2 * n + 1) % 3 for n in range(len(texts))]
    if task == "token-classification":
        return texts, [[IGNORED if p % 4 == 1 else (p + n) % 5 for p in range(len(ids))]
                       for n, ids in enumerate(texts)]
    masked = [[3 if p % 3 == 1 else id for p, id in enumerate(ids)] for ids in texts]
    return masked, [[id if p % 3 == 1 else IGNORED for p, id in enumerate(ids)] for ids in texts]


def run_case(name, class_name, keys):
    model_class = getattr(transformers, class_name)
    config = model_class.config_class(**keys)
    config._attn_implementation = "eager"
    torch.manual_seed(0)
    model = model_class(config).double().eval()
    config.architectures = [class_name]
    plus_one = config.model_type.startswith("gemma")
    set_values(model, plus_one)
    task = task_of(class_name)
    texts, targets = inputs_and_targets(task)
    count = len(texts) if task == "sequence-classification" else sum(
        t != IGNORED for row in targets for t in row)
    loss, samples = 0.0, []
    for n, (ids, target) in enumerate(zip(texts, targets)):
        logits = model(input_ids=torch.tensor([ids])).logits[0]
        assert logits.dtype == torch.float64
        rows = logits[None] if task == "sequence-classification" else logits
        loss = loss + torch.nn.functional.cross_entropy(
            rows, torch.tensor(target).reshape(-1), ignore_index=IGNORED, reduction="sum") / count
        places = [-1] if task == "sequence-classification" else [0, len(ids) // 2, len(ids) - 1]
        for p in places:
            samples.append([n, p, (logits if p < 0 else logits[p])[:4].tolist()])
    loss.backward()
    gradients = {}
    for parameter_name, parameter in parameters(model):
        assert parameter.grad is not None, parameter_name
        flat = parameter.grad.reshape(-1)
        gradients[parameter_name] = [list(parameter.shape), float(flat.norm())] + [
            float(flat @ u(parameter_name, flat.numel(), salt)) for salt in (1, 2)]
    return dict(
        name=name, task=task, plus_one=plus_one, config=json.loads(config.to_json_string()),
        documents=texts, targets=targets, loss=float(loss.detach()), logits=samples,
        gradients=gradients,
    )


def main(path):
    for _, class_name, _ in CASES:  # imports its module
        getattr(transformers, class_name)
    use_double()
    torch.set_default_dtype(torch.float64)
    cases = [run_case(*case) for case in CASES]
    for case in cases:
        assert math.isfinite(case["loss"])
        print(f"{case['name']:22} {case['loss']:.10f} {len(case['gradients'])} parameters")
    versions = {"torch": torch.__version__, "transformers": transformers.__version__}
    with open(path, "w") as file:
        file.write('{"versions": ' + json.dumps(versions) + ',\n"cases": [\n')
        file.write(",\n".join(json.dumps(case, separators=(",", ":")) for case in cases))
        file.write("\n]}\n")


if __name__ == "__main__":
    main(sys.argv[1])
