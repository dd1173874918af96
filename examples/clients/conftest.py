"""tiktoken fetches its tables from the network when marvin and langroid are imported: here a word is a token."""

from __future__ import annotations

import os
from types import SimpleNamespace

os.environ.setdefault("OPENAI_API_KEY", "sk-simulated")  # marvin and langroid read it on import

try:
    import tiktoken
except ImportError:  # neither is installed: their tests say so
    pass
else:
    words = SimpleNamespace(encode=str.split, decode=" ".join)
    tiktoken.encoding_for_model = tiktoken.get_encoding = lambda *_, **__: words
