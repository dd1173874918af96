"""Judges by its name whether a field, a header or a variable holds a secret.

Names are taken apart into words (`openaiApiKey`, `OPENAI_API_KEY` and `openai-api-key` are the same), and the last word
decides: `secret_key` holds a key, `key_points` does not, and an `author` is not an `auth`.
"""

from __future__ import annotations

import re
from enum import IntEnum
from functools import lru_cache


class Grade(IntEnum):
    """How certain a name makes it that its value is a secret."""

    NONE = 0
    POSSIBLE = 1  # if the value looks random
    LIKELY = 2  # unless the value is a few ordinary words
    CERTAIN = 3  # whatever the value


# Every name of a grade contains one of these; searching for them first is what makes the search fast.
STEMS = (
    *("key", "secret", "pass", "pw", "token", "auth", "bearer", "jwt", "cred", "signature", "sig", "cookie"),
    *("connection", "connstr", "conn_str", "conn-str", "csrf", "xsrf", "otp", "hmac", "sas", "sessionid"),
)

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")

# How names end, their words joined.
CERTAIN_ENDS = (
    *("apikey", "secretkey", "accesskey", "accesskeyid", "privatekey", "signingkey", "signkey", "encryptionkey"),
    *("encryptkey", "decryptionkey", "masterkey", "accountkey", "storagekey", "subscriptionkey", "authkey", "sharedkey"),
    *("sessionkey", "sshkey", "hmackey", "deploykey", "webhookkey", "functionskey", "functionkey", "licensekey"),
    *("licencekey", "serviceaccountkey", "servicekey", "clientkey", "serverkey", "adminkey", "consumerkey"),
    *("symmetrickey", "aeskey", "rsakey", "jwtkey", "securitykey", "verificationkey", "secretkeybase"),
    *("apitoken", "accesstoken", "authtoken", "refreshtoken", "idtoken", "sessiontoken", "bearertoken", "sastoken"),
    *("clientsecret", "appsecret", "connectionstring", "connstr", "password", "passwd", "passphrase", "passcode"),
    *("dbpass", "smtppass", "userpass", "mailpass", "adminpass", "rootpass", "proxypass", "databasepass", "userpwd"),
)
_CERTAIN_LAST = frozenset({"secret", "secrets", "pwd"})
# `password_hash`, `secret_value`, `new_password_2`: what may follow the decisive word.
_MAY_FOLLOW = frozenset(
    [
        *("confirmation", "confirm", "again", "repeat", "hash", "value", "plain", "plaintext"),
        *("text", "string", "old", "new", "b64", "base64", "pem"),
    ]
)
_LIKELY_LAST = frozenset(
    [
        *("auth", "authorization", "authentication", "bearer", "jwt", "credential", "credentials"),
        *("cookie", "cookies", "setcookie", "csrf", "xsrf", "pass", "pw", "passkey", "cred", "creds", "oauth"),
    ]
)
_POSSIBLE_LAST = frozenset({"key", "keys", "token", "signature", "sig", "otp", "hmac", "sas", "sessionid"})
# Tokens that count, page or mark; keys that look up.
_NOT_A_TOKEN = frozenset(
    [
        *(
            "next",
            "page",
            "previous",
            "prev",
            "continuation",
            "cursor",
            "pagination",
            "sync",
            "start",
            "stop",
            "begin",
            "end",
        ),
        *(
            "eos",
            "bos",
            "pad",
            "unk",
            "sep",
            "cls",
            "mask",
            "special",
            "first",
            "last",
            "max",
            "min",
            "num",
            "number",
            "total",
        ),
        *("count", "per", "cached", "input", "output", "prompt", "completion", "text", "reasoning", "image", "audio"),
        *("content", "split", "resume", "delta"),
    ]
)
_NOT_A_KEY = frozenset(
    [
        *("primary", "foreign", "public", "partition", "sort", "cache", "idempotency", "row", "range", "group", "unique"),
        *("composite", "candidate", "lookup", "translation", "message", "object", "issue", "project", "column", "field"),
        *("dict", "map", "json", "sorting", "order", "registry", "shortcut", "hot"),
    ]
)

# In a query or a form, short names suggest a secret, too: a link that lets in anyone who has it.
QUERY_NAMES = (
    *("code", "key", "jwt", "auth", "token", "session_id", "session-id", "sessionid", "session", "sid", "sig", "signature"),
    *("pass", "pwd", "otp", "ticket", "assertion", "samlresponse", "authorization", "bearer", "credential", "hmac"),
    *("x-amz-signature", "x-amz-credential", "x-amz-security-token", "x-goog-signature", "x-goog-credential"),
)
_QUERY = frozenset(QUERY_NAMES)


@lru_cache(maxsize=4096)
def grade(name: str) -> Grade:
    """Return how certain the name of a member, a field, a header or a variable is."""
    words = [word.lower() for word in _WORD.findall(name)]
    if "".join(words).removesuffix("s").endswith(CERTAIN_ENDS):  # `passwords`, too
        return Grade.CERTAIN
    while len(words) > 1 and (words[-1] in _MAY_FOLLOW or words[-1].isdecimal()):
        words.pop()
    if not words:
        return Grade.NONE
    last, before = words[-1], words[:-1]
    if "".join(words).endswith(CERTAIN_ENDS) or last in _CERTAIN_LAST or last.endswith("secret"):
        return Grade.CERTAIN
    if last == "token" and before:
        return Grade.NONE if _NOT_A_TOKEN & set(before) else Grade.CERTAIN
    if last in ("key", "keys") and _NOT_A_KEY & set(before):
        return Grade.NONE
    if last in _LIKELY_LAST:
        return Grade.LIKELY
    return Grade.POSSIBLE if last in _POSSIBLE_LAST else Grade.NONE


@lru_cache(maxsize=4096)
def query_grade(name: str) -> Grade:
    """Return how certain the name of a query's or a form's field is."""
    return max(grade(name), Grade.LIKELY if name.lower() in _QUERY else Grade.NONE)
