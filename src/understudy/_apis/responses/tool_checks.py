"""Check the tools of a request to the Responses API, and the tool choice.

Known from the types of the SDK (3.57) and SPEC; where recordings differ, they overrule both.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from understudy._apis.assistants.bodies import FILE_ID, NAME_PATTERN, STORE_ID
from understudy._apis.common.bounds import Rule
from understudy._apis.common.file_bodies import search_filter
from understudy._apis.common.schema import (
    Check,
    Fields,
    Tagged,
    anything,
    array,
    boolean,
    decimal,
    either,
    enum,
    integer,
    string,
    tagged,
)
from understudy._apis.function_schemas import check_parameters
from understudy._engine.api_error import ApiError
from understudy._engine.items import CallState

_OBJECT = either((dict, anything), expected="an object")
_STRING = string()
_STRINGS = array(_STRING, of="strings")
_CALLERS = array(enum("direct", "programmatic"), of="strings", least=1)
_SIZE = enum("low", "medium", "high")
_MOST_TOOLS = 128  # quoted for chat completions alone


def _tool(required: tuple[str, ...] = (), rules: tuple[Rule, ...] = (), /, **known: Check) -> Fields:
    """Describe a tool: its type, what it needs, and what it may have."""
    return Fields({"type": anything, **known}, required=required, rules=rules)


# -- functions ----------------------------------------------------------------

# [REP for the pattern: openai-dotnet#441, justrach/codegraff#930; for the length: quoted for chat completions]
_NAME = string(least=1, most=64, pattern=NAME_PATTERN, mark="REP")
_FUNCTION = _tool(
    ("name",),  # SPEC demands `parameters` and `strict` too; recordings leave them out
    (
        Rule(
            "`parameters` is the JSON schema of an object",
            "schema.function",
            "REC",
            partial(check_parameters, required_first=True),
        ),
    ),
    name=_NAME,
    description=_STRING,
    parameters=_OBJECT,
    strict=boolean,
    defer_loading=boolean,
    output_schema=_OBJECT,
    allowed_callers=_CALLERS,
)
_CUSTOM = _tool(
    ("name",),
    name=string(least=1),
    description=_STRING,
    format=tagged(
        "type",
        {
            "text": _tool(),
            "grammar": _tool(("syntax", "definition"), syntax=enum("lark", "regex"), definition=_STRING),
        },
    ),
    defer_loading=boolean,
    allowed_callers=_CALLERS,
)

# -- what the service does itself ---------------------------------------------

_RANKING = Fields(
    {
        "ranker": enum("auto", "default-2024-11-15", "default_2024_08_21"),
        "score_threshold": decimal(0, 1),
        "hybrid_search": Fields(
            {"embedding_weight": decimal(), "text_weight": decimal()}, ("embedding_weight", "text_weight")
        ),
    }
)
_FILE_SEARCH = _tool(
    ("vector_store_ids",),
    vector_store_ids=array(STORE_ID, of="strings", least=1),
    max_num_results=integer(1, 50),
    filters=search_filter,
    ranking_options=_RANKING,
)
_PLACE = Fields({"type": enum("approximate"), **dict.fromkeys(("city", "country", "region", "timezone"), _STRING)})
_WEB_SEARCH = _tool(
    search_context_size=_SIZE,
    user_location=_PLACE,
    filters=Fields({"allowed_domains": _STRINGS, "blocked_domains": _STRINGS}),
    external_web_access=boolean,
    search_content_types=array(enum("text", "image"), of="strings"),
    return_token_budget=anything,
)
_WEB_SEARCH_PREVIEW = _tool(
    search_context_size=_SIZE,
    user_location=Fields(_PLACE.known, ("type",)),
    search_content_types=array(enum("text", "image"), of="strings"),
)
_NETWORK = tagged(
    "type",
    {
        "disabled": _tool(),
        "allowlist": _tool(
            ("allowed_domains",),
            allowed_domains=array(_STRING, of="strings", least=1),
            domain_secrets=array(_OBJECT, of="objects", least=1),
        ),
    },
)
_CONTAINER: dict[str, Check] = {
    "file_ids": array(FILE_ID, of="strings", most=50),
    "memory_limit": enum("1g", "4g", "16g", "64g"),
    "network_policy": _NETWORK,
}
_CODE_INTERPRETER = _tool(
    ("container",),
    container=either(
        (str, _STRING),
        (dict, Fields({"type": enum("auto"), **_CONTAINER}, ("type",))),
        expected="one of a string or an object",
    ),
    allowed_callers=_CALLERS,
)
_SKILLS = array(_OBJECT, of="objects", most=200)
_SHELL = _tool(
    environment=tagged(
        "type",
        {
            "container_auto": _tool(**_CONTAINER, skills=_SKILLS),
            "local": _tool(skills=_SKILLS),
            "container_reference": _tool(("container_id",), container_id=_STRING),
        },
    ),
    allowed_callers=_CALLERS,
)
_SOME_TOOLS = Fields({"read_only": boolean, "tool_names": _STRINGS})
_SERVERS = ("server_url", "connector_id", "tunnel_id")


def _some_server(tool: Any, path: str) -> None:
    if not any(key in tool for key in _SERVERS):
        raise ApiError("missing", path=f"{path}.server_url")


_MCP = _tool(
    ("server_label",),
    (Rule("one of `server_url`, `connector_id` and `tunnel_id` is there", "missing", "SPEC", _some_server),),
    server_label=_STRING,
    server_url=_STRING,
    server_description=_STRING,
    connector_id=enum(
        *(
            f"connector_{name}"
            for name in (
                "dropbox",
                "gmail",
                "googlecalendar",
                "googledrive",
                "microsoftteams",
                "outlookcalendar",
                "outlookemail",
                "sharepoint",
            )
        )
    ),
    tunnel_id=string(pattern="^tunnel_[a-z0-9]{32}$"),
    authorization=_STRING,
    headers=_OBJECT,
    allowed_tools=either((list, _STRINGS), (dict, _SOME_TOOLS), expected="one of an array of strings or an object"),
    require_approval=either(
        (str, enum("always", "never")),
        (dict, Fields({"always": _SOME_TOOLS, "never": _SOME_TOOLS})),
        expected="one of 'always', 'never' or an object",
    ),
    defer_loading=boolean,
    allowed_callers=_CALLERS,
)
_IMAGE_GENERATION = _tool(
    action=enum("generate", "edit", "auto"),
    background=enum("transparent", "opaque", "auto"),
    complexity=_SIZE,
    frame_count=integer(),
    frame_duration_ms=integer(),
    input_fidelity=enum("high", "low"),
    input_image_mask=Fields({"file_id": FILE_ID, "image_url": _STRING}),
    model=_STRING,
    moderation=enum("auto", "low"),
    n=integer(),
    output_compression=integer(0, 100),
    output_format=enum("png", "webp", "jpeg", "gif", "svg"),
    partial_images=integer(0, 3),
    quality=enum("low", "medium", "high", "xhigh", "max", "auto"),
    size=_STRING,
    svg=_OBJECT,
)
_COMPUTER_PREVIEW = _tool(
    ("environment", "display_width", "display_height"),
    environment=enum("windows", "mac", "linux", "ubuntu", "browser"),
    display_width=integer(),
    display_height=integer(),
)
_NAMESPACE = _tool(
    ("name", "description", "tools"),
    name=string(least=1),
    description=_STRING,
    tools=array(tagged("type", {"function": _FUNCTION, "custom": _CUSTOM}), of="objects", least=1),
)

_TOOLS: dict[str, Check] = {
    "function": _FUNCTION,
    "custom": _CUSTOM,
    "file_search": _FILE_SEARCH,
    "code_interpreter": _CODE_INTERPRETER,
    "mcp": _MCP,
    "image_generation": _IMAGE_GENERATION,
    "shell": _SHELL,
    "namespace": _NAMESPACE,
    "tool_search": _tool(description=_STRING, execution=enum("server", "client"), parameters=_OBJECT),
    "apply_patch": _tool(allowed_callers=_CALLERS),
    "computer_use_preview": _COMPUTER_PREVIEW,
    **dict.fromkeys(("web_search", "web_search_2025_08_26"), _WEB_SEARCH),
    **dict.fromkeys(("web_search_preview", "web_search_preview_2025_03_11"), _WEB_SEARCH_PREVIEW),
    **{kind: _tool() for kind in ("computer", "programmatic_tool_calling", "local_shell")},
}


class _ResponseTool(Tagged):
    """Check a tool of any type, also one that a kind of call brings with it."""

    def __call__(self, value: Any, path: str) -> Any:
        name = value.get("type") if type(value) is dict else None
        if isinstance(name, str) and name not in self.options and name in CallState.kinds:
            return value if "responses" in CallState.kinds[name].faces else super().__call__(value, path)
        return super().__call__(value, path)


TOOLS = array(_ResponseTool("type", _TOOLS), of="tools", most=_MOST_TOOLS, mark="INF")
_CHOSEN_BY_TYPE = sorted({*_TOOLS, "computer_use"} - {"function", "custom", "mcp", "namespace", "tool_search"})
TOOL_CHOICE = either(
    (str, enum("none", "auto", "required")),
    (
        dict,
        tagged(
            "type",
            {
                "function": _tool(("name",), name=_STRING),
                "custom": _tool(("name",), name=_STRING),
                "mcp": _tool(("server_label",), server_label=_STRING, name=_STRING),
                "allowed_tools": _tool(("mode", "tools"), mode=enum("auto", "required"), tools=array(_OBJECT, of="objects")),
                **{kind: _tool() for kind in _CHOSEN_BY_TYPE},
            },
        ),
    ),
    expected="one of an object or 'none', 'auto', or 'required'",
)
