#!/usr/bin/env python3
"""Writes net.safetensors, which tests/test_safetensors.c loads.

The layout is that of Hugging Face's own writer (tensors in the order of their
names, metadata in front) with what the format also admits: white space, keys
in another order, an escaped quotation mark. Only Python is needed:
    python3 tests/golden/make_safetensors.py
"""

import json
import pathlib
import struct

# fc.weight[i][j] = 4 i + j - 0.5, fc.bias[i] = -i, conv.weight = 1/1 .. 1/18
tensors = {
    "conv.weight": ([2, 1, 3, 3], [1 / (i + 1) for i in range(18)]),
    "fc.bias": ([3], [-float(i) for i in range(3)]),
    "fc.weight": ([3, 4], [i - 0.5 for i in range(12)]),
}

header = {"__metadata__": {"format": "pt", "note": 'a "golden" file'}}
data = b""
for name, (shape, values) in tensors.items():
    packed = struct.pack(f"<{len(values)}f", *values)
    header[name] = {
        "shape": shape,
        "data_offsets": [len(data), len(data) + len(packed)],
        "dtype": "F32",
    }
    data += packed

text = json.dumps(header, indent=1).encode()
text += b" " * (-len(text) % 8)
path = pathlib.Path(__file__).parent / "net.safetensors"
path.write_bytes(struct.pack("<Q", len(text)) + text + data)
