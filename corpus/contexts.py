"""Which planted secrets stand in a context, by which they could be found without being known.

A secret is found by its context where, anywhere in the dump, one of its copies stands beside a name, in a token format,
in a connection string or URL, in an environment variable, after a switch, or in PEM, DER or PFX. What has no such copy
is bare. The expressions here are a reading of that sentence, made apart from the rule pack.

``python -m corpus.contexts DUMP MANIFEST OUT`` writes the manifest again with the last column filled in.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
    load_pem_private_key,
)

from corpus import check, manifest
from corpus.check import Hit
from corpus.manifest import Secret

_BEFORE = 160
_DER_REACH = 4096
_DER_LIMIT = 64
_UNITS = {"utf16le": ("utf-16-le", 2), "utf16be": ("utf-16-be", 2), "utf32le": ("utf-32-le", 4)}

_NAME = (
    r"[\w.$-]*(?:pass(?:word|wd|phrase)|pwd|secret|token|api[-_.]?key|bearer|credential|signature"
    r"|(?:master|account|access|shared|secret|private|storage|encryption|license)[-_.]?key|connectionstring)[\w.-]*"
)

# Each ends where the value begins.
_CONTEXTS = re.compile(
    "|".join(
        (
            rf"{_NAME}\\?[\"']?\s*(?::=|=>|[:=])\s*\\?[\"']?$",  # INI, YAML, JSON, headers, query strings, switches
            rf"\\?\"name\\?\"\s*:\s*\\?\"{_NAME}\\?\"\s*,\s*\\?\"value\\?\"\s*:\s*\\?\"$",  # a list of variables
            rf"<{_NAME}(?:\s[^<>]*)?>\s*$",  # an XML element
            rf"(?:key|name)=\"{_NAME}\"(?:\s+value=\"|[^<>\"]*>)$",  # an XML setting
            rf"--?{_NAME}\s+[\"']?$",  # a switch and its value
            r"[a-z][a-z0-9+.-]*://[^\s/:@\"]*:$",  # a URL's password
            r"(?:\bpwd|\bpw)\s*=\s*[\"']?$",
            r"authorization\\?[\"']?\s*[:=]\s*\\?[\"']?[a-z]+\s+[a-z0-9+/]*$",
            r"\b(?:basic|bearer)\s+[a-z0-9+/]*$",
            r"(?:octopusidentificationtoken_|\.aspnetcore\.|session)[\w.-]*=$",
            r"##octopus\[mask value='$",
            r"[?&;](?:sig|accountkey|sharedaccesskey)=$",
        )
    ),
    re.IGNORECASE,
)

_TOKENS = re.compile(
    r"""API-[A-Z0-9]{25,34}|(?:AKIA|ASIA)[A-Z2-7]{16}|gh[pousr]_\w{36}|github_pat_\w{82}|xox[abeoprs]-[\w-]{20,}
    |eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{16,}|[\w~.-]{3}[78]Q~[\w~.-]{31,34}
    |(?:Data\ Source|Server)=[^;]+;.*(?:Password|Pwd)=.*|jdbc:\w+:.*password=.*|[a-z][a-z0-9+.-]*://[^/@\s]+:[^/@\s]+@.*""",
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)

_CONTAINERS = frozenset({"pkcs1_der", "pkcs8_der", "ec_der", "x509_der", "pem", "pfx"})


def in_context(dump: Path, secrets: Sequence[Secret], hits: Sequence[Hit]) -> set[int]:
    """The indices of the secrets that stand in a context. ``hits`` are all places of all ``secrets`` in ``dump``."""
    found: set[int] = set()
    with dump.open("rb") as file:
        for hit in hits:
            if hit.secret not in found:
                start = max(0, hit.start - _DER_REACH)
                file.seek(start)
                around = file.read(hit.end - start + _DER_REACH)
                if _stands_in_context(secrets[hit.secret], hit, around, hit.start - start):
                    found.add(hit.secret)
    return found | _inside_containers(secrets, found)


def _stands_in_context(secret: Secret, hit: Hit, around: bytes, at: int) -> bool:
    if secret.category in _CONTAINERS:
        return True
    if not secret.text and hit.form == "raw":
        return secret.category.startswith("rsa_") and _inside_der(around, at, at + len(secret.value))
    if secret.text and _TOKENS.fullmatch(secret.value.decode()) and hit.form.startswith(("utf8", "plain")):
        return True
    codec, unit = _UNITS.get(hit.form.rsplit(".", 1)[-1], ("latin-1", 1))
    first = max(at % unit, at - _BEFORE * unit)
    return bool(_CONTEXTS.search(around[first:at].decode(codec, "replace")))


def _inside_der(around: bytes, start: int, end: int) -> bool:
    """True where ``[start, end)`` lies in bytes that parse as a private key in DER."""
    for match in list(re.finditer(rb"\x30\x82(..)\x02\x01\x00", around[:start], re.DOTALL))[-_DER_LIMIT:]:
        last = match.start() + 4 + int.from_bytes(match[1], "big")
        if end <= last <= len(around) and _parses(around[match.start() : last]):
            return True
    return False


def _parses(data: bytes) -> bool:
    try:
        load_der_private_key(data, None)
    except (ValueError, TypeError):
        return False
    return True


def _inside_containers(secrets: Sequence[Secret], found: set[int]) -> set[int]:
    """Secrets whose bytes are part of a private key that stands in a context, as DER or within PEM."""
    bodies = [secrets[index].value for index in found if secrets[index].category in _CONTAINERS]
    bodies += [_pem_numbers(body) for body in bodies if body.startswith(b"-----BEGIN")]
    return {
        index
        for index, secret in enumerate(secrets)
        if not secret.text and secret.category.startswith("rsa_") and any(secret.value in body for body in bodies)
    }


def _pem_numbers(pem: bytes) -> bytes:
    """The DER of the key in a PEM block, empty where it cannot be read."""
    try:
        key = load_pem_private_key(pem, None)
    except (ValueError, TypeError):
        return b""
    return key.private_bytes(Encoding.DER, PrivateFormat.TraditionalOpenSSL, NoEncryption())


def label(dump: Path, secrets: Sequence[Secret], hits: Sequence[Hit]) -> list[Secret]:
    """``secrets`` with ``context`` decided for those that stand in ``dump``, and left open for the others."""
    present = {hit.secret for hit in hits}
    found = in_context(dump, secrets, hits)
    return [
        replace(secret, context=index in found if index in present else None) for index, secret in enumerate(secrets)
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """The command. Returns its exit code."""
    parser = argparse.ArgumentParser(prog="python -m corpus.contexts", description="Decide what stands in a context.")
    parser.add_argument("dump", type=Path)
    parser.add_argument("manifest", type=Path)
    parser.add_argument("out", type=Path)
    options = parser.parse_args(arguments)
    secrets = manifest.read(options.manifest)
    manifest.write(options.out, label(options.dump, secrets, check.find(options.dump, secrets)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
