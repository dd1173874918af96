"""What is kept of the exchanges of a served simulation."""

from __future__ import annotations

import pytest

from understudy._common.messages import Headers, RawHeaders, Request
from understudy._serve.exchanges import Exchanges

TEXT: Headers = (("Authorization", "Bearer sk-1"), ("api-key", "sk-2"), ("Cookie", "sk-3"), ("OpenAI-Beta", "assistants=v2"))
RAW: RawHeaders = [(name.encode(), value.encode()) for name, value in TEXT]


@pytest.mark.parametrize("headers", [TEXT, RAW], ids=["text", "bytes"])
def test_no_credential_is_shown(headers: Headers | RawHeaders) -> None:
    """Whatever reads an exchange sees its headers without credentials, however the client spelled their names."""
    entry = Exchanges().begin(Request("GET", "http://localhost/v1/models", headers), at=0)
    assert entry.headers == (("OpenAI-Beta", "assistants=v2"),)
    assert entry.to_json()["headers"] == {"openai-beta": "assistants=v2"}
    assert "sk-" not in repr(entry)
