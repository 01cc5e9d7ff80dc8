"""Random blocks of every readable GGML type and their values as the `gguf` package dequantises them;
floats and their Q8_0, F16 and BF16 as it quantises them.

    pip install gguf==0.19.0 numpy
    python tests/oracles/gguf_blocks.py > tests/io/data/gguf_blocks.json
"""

import importlib.metadata
import json
import sys

import gguf
import numpy as np
from gguf.constants import GGML_QUANT_SIZES, GGMLQuantizationType as T

# Bytes at which a block holds halves: any bits elsewhere, but scales that are numbers.
HALVES = {"Q4_0": [0], "Q4_1": [0, 2], "Q5_0": [0], "Q5_1": [0, 2], "Q8_0": [0], "Q4_K": [0, 2],
          "Q5_K": [0, 2], "Q6_K": [208]}


def blocks_of(name, rng):
    elements, size = GGML_QUANT_SIZES[T[name]]
    count = 3 if elements > 1 else 16
    raw = rng.integers(0, 256, (count, size), dtype=np.uint8)
    for place in HALVES.get(name, []):
        raw[:, place:place + 2] = rng.normal(0, 0.02, (count, 1)).astype(np.float16).view(np.uint8)
    if elements == 1:
        values = rng.normal(0, 1, (1, count)).astype(np.float32)
        values[0, :4] = [0, -0.0, 6e-8, 65504]
        raw = gguf.quants.quantize(values, T[name]).view(np.uint8)
    return raw.reshape(1, -1)


def main():
    rng = np.random.default_rng(4)
    decoded = {}
    for name in ["F32", "F16", "BF16", *HALVES]:
        raw = blocks_of(name, rng)
        values = gguf.quants.dequantize(raw, T[name]).astype(np.float32)
        decoded[name] = {"blocks": raw.tobytes().hex(), "values": values.tobytes().hex()}
    rows = rng.normal(0, 1, (1, 160)).astype(np.float32)
    rows[0, 0:32] = 0
    rows[0, 32:64] = np.arange(-16, 16) * 0.5  # ties of the rounding
    rows[0, 63] = 127
    rows[0, 64:68] = [1e-8, -1e-8, 70000, -70000]
    with np.errstate(over="ignore"):
        encoded = {name: gguf.quants.quantize(rows, T[name]).tobytes().hex()
                   for name in ["F16", "BF16", "Q8_0"]}
    json.dump({"versions": {"gguf": importlib.metadata.version("gguf"), "numpy": np.__version__},
               "decoded": decoded, "floats": rows.tobytes().hex(), "encoded": encoded},
              sys.stdout, indent=0)
    print()


main()
