"""Environment blocks and command lines: the values of variables and switches whose names say that they are secret.

A format reader says where they stand (:class:`~dumpscrub.model.Field`); no literal needs to be searched for. Names,
separators, quotes and terminators stay, so that what is left still reads as an environment or a command line.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice

from dumpscrub.detectors.names import is_secret_name, words
from dumpscrub.model import Dump, Field, FieldKind, Finding, Origin, SecretValue
from dumpscrub.rules.schema import Action, Rule, RuleSet
from dumpscrub.search.windows import Surroundings, Window
from dumpscrub.source import read_spans
from dumpscrub.span import Span

Part = tuple[int, int]
"""Start and end of a value in a text with one byte a code unit."""

LARGEST = 1 << 20
"""Bytes of a field that are looked at. What lies beyond is searched by the other rules only."""
KINDS: Mapping[str, tuple[FieldKind, ...]] = {
    "process-environment": (FieldKind.ENVIRONMENT,),
    "process-arguments": (FieldKind.COMMAND_LINE, FieldKind.ARGUMENTS),
}
"""The fields that each detector of this module reads."""

_LONGEST_NAME = 256
_SEPARATORS = 4
_DEEPEST = 2
_STRING = re.compile(rb"[^\0]+")
_ARGUMENT = re.compile(
    rb"""(?: \\"                                        # a quote that belongs to the text
           | "(?:[^"\\\0]|\\[^\0])*+(?:"|(?=\0)|\Z)     # to the closing quote, or to the end where there is none
           | (?<![^\s=:])'[^'\0]*+'(?![^\s"])
           | [^\s\0] )+""",
    re.VERBOSE,
)
_SWITCH = re.compile(rb"(?:--?|/)[A-Za-z_][\w.:\-]*")
_NAME = re.compile(rb"(?:--?|/|\$)?[A-Za-z_][\w.:=\-]*")
_SETTING = re.compile(rb"""(?:\A|;)\s*([^=;]{1,64})=\s*("(?:[^"]|"")*+"|'(?:[^']|'')*+'|\{[^}]*+\}|[^;]*)""")
_USER_INFO = re.compile(rb"[A-Za-z][A-Za-z0-9+.\-]{0,31}://[^:@/\s]*:([^/?#\s]+)@")
_LOCATIONS = frozenset({"data source", "filename", "server", "host"})
_SIGNS_BEHIND = b";,)"
_NO_SECRET = re.compile(rb"\**|true|false|yes|no|on|off|null|none|[01]", re.IGNORECASE)


def build(rules: RuleSet) -> Mapping[FieldKind, Rule]:
    """For each kind of field, the rule that its findings belong to; the first that is on where several claim it."""
    chosen: dict[FieldKind, Rule] = {}
    for rule in rules.rules:
        for kind in KINDS.get(rule.detector, ()) if rule.action is not Action.OFF else ():
            chosen.setdefault(kind, rule)
    return chosen


def find(dump: Dump, rules: Mapping[FieldKind, Rule]) -> tuple[Finding, ...]:
    """The secret values in the fields of ``dump``, field by field.

    A value that was cut short carries no value to sweep for: it is not known how it goes on.
    """
    return tuple(
        finding for field in dump.fields if field.kind in rules for finding in _in_field(dump, field, rules[field.kind])
    )


def _in_field(dump: Dump, field: Field, rule: Rule) -> Iterator[Finding]:
    spans = tuple(_first_bytes(field.spans, LARGEST))
    data = read_spans(dump.source, spans)
    window = Window(Surroundings(data, spans, 0, field.encoding), 0, len(data))
    text = window.text
    cut_at = _end_of_cut_text(field, text)
    for start, end in dict.fromkeys(_READERS[field.kind](text)):
        values = (SecretValue(window.utf8(start, end)),) if rule.propagate and end != cut_at else ()
        yield Finding(
            rule.id,
            rule.category,
            window.locate(*window.raw(start, end)),
            field.encoding,
            Origin.DIRECT,
            rule.confidence,
            rule.action.value,
            values,
        )


def _first_bytes(spans: Iterable[Span], limit: int) -> Iterator[Span]:
    for span in spans:
        taken = Span(span.start, min(span.end, span.start + limit))
        limit -= len(taken)
        if taken:
            yield taken


def _end_of_cut_text(field: Field, text: bytes) -> int | None:
    """Where a value that goes on outside the dump would end, None where none does."""
    if not field.cut and sum(map(len, field.spans)) <= LARGEST:
        return None
    return len(text.rstrip(b"\0")) if field.kind is FieldKind.COMMAND_LINE else len(text)


def _environment(text: bytes) -> Iterator[Part]:
    """``NAME=value`` strings, each ended by NUL. On Windows a name may begin with ``=``."""
    for string in _STRING.finditer(text):
        start, end = string.span()
        equals = text.find(b"=", start + 1, end)
        if equals >= 0:
            yield from _secrets(text[start:equals], text, equals + 1, end)


def _command_line(text: bytes) -> Iterator[Part]:
    """One string: arguments between spaces, quoted as on Windows."""
    yield from _switches(text, (found.span() for found in _ARGUMENT.finditer(text)))


def _argument_list(text: bytes) -> Iterator[Part]:
    """One string an argument, each ended by NUL; an empty one counts."""
    yield from _switches(text, _split(text))


def _split(text: bytes) -> Iterator[Part]:
    start = 0
    for argument in text.split(b"\0"):
        yield start, start + len(argument)
        start += len(argument) + 1


_READERS: Mapping[FieldKind, Callable[[bytes], Iterator[Part]]] = {
    FieldKind.ENVIRONMENT: _environment,
    FieldKind.COMMAND_LINE: _command_line,
    FieldKind.ARGUMENTS: _argument_list,
}


def _switches(text: bytes, arguments: Iterable[Part], depth: int = 0) -> Iterator[Part]:
    """Values of secret switches: ``--name value``, ``--name=value``, ``/name:value``, ``-Dname=value``, ``NAME=value``.

    An argument that is a command line itself (``sh -c "..."``) is looked through in the same way.
    """
    waiting = b""
    for outer_start, outer_end in arguments:
        start, end = _unquoted(text, outer_start, outer_end)
        argument = text[start:end]
        switch, waiting = waiting, b""
        if switch and not _is_switch_after(argument, switch):
            yield from _secrets(switch, text, start, end)
            continue
        value = _assigned(argument)
        if value:
            yield from _secrets(argument[: value - 1], text, *_unquoted(text, start + value, end))
        if _awaits_value(argument, value):
            waiting = argument
        elif not value and depth < _DEEPEST and len(argument.split(None, 1)) > 1:
            inner = (found.span() for found in _ARGUMENT.finditer(argument))
            yield from ((start + low, start + high) for low, high in _switches(argument, inner, depth + 1))


def _awaits_value(argument: bytes, value: int) -> bool:
    """True for a secret switch whose value comes next; ``--Secrets:Db`` may be one although it reads as name:value."""
    return bool(_SWITCH.fullmatch(argument)) and _is_secret(argument) and (not value or argument.startswith(b"--"))


def _is_switch_after(argument: bytes, switch: bytes) -> bool:
    """True where ``argument`` is no value of ``switch`` but a switch itself."""
    return argument.startswith(b"-") or (switch.startswith(b"/") and argument.startswith(b"/"))


def _assigned(argument: bytes) -> int:
    """Where the value begins in ``name=value`` or ``name:value`` of a secret name, 0 for anything else."""
    for separator in islice(re.finditer(rb"[=:]", argument), _SEPARATORS):
        name = argument[: separator.start()]
        if len(name) > _LONGEST_NAME or not _NAME.fullmatch(name) or argument.startswith(b"//", separator.end()):
            return 0
        if _is_secret(name):
            return separator.end()
    return 0


def _unquoted(text: bytes, start: int, end: int, quotes: bytes = b"\"'") -> Part:
    """The range without the quotes around it; the closing one may be missing where the text was cut.

    Signs behind the closing one, as in SQL, are left out with it: other rules know a value by its quotes.
    """
    quote = text[start : min(start + 1, end)]
    if not quote or quote not in quotes:
        return start, end
    inside = text[start:end].rstrip(_SIGNS_BEHIND)
    if len(inside) > 1 and inside.endswith(quote):
        return start + 1, start + len(inside) - 1
    closed = end - start > 1 and text[end - 1 : end] == quote.replace(b"{", b"}")
    return start + 1, end - closed


def _secrets(name: bytes, text: bytes, start: int, end: int) -> Iterator[Part]:
    """What is secret of the value at ``[start, end)`` of the variable or switch ``name``."""
    if not _is_secret(name):
        return
    value = text[start:end]
    parts = _credentials(value) if _holds_connection_string(name) else ((0, len(value)),)
    for part in parts:
        low, high = _trimmed(value, *part)
        if not _NO_SECRET.fullmatch(value, low, high):
            yield start + low, start + high


def _trimmed(text: bytes, start: int, end: int) -> Part:
    """The range without the spaces around it."""
    part = text[start:end]
    start += len(part) - len(part.lstrip())
    return start, start + len(part.strip())


def _is_secret(name: bytes) -> bool:
    return is_secret_name(name.decode("latin-1").strip())


def _holds_connection_string(name: bytes) -> bool:
    joined = "".join(words(name.decode("latin-1")))
    return "connectionstring" in joined or "connstr" in joined


def _credentials(value: bytes) -> Iterator[Part]:
    """The passwords and keys in a connection string; all of it where it is none that could be divided."""
    settings = [(found[1].strip(), found.span(2)) for found in _SETTING.finditer(value)]
    # Here "PWD" is a password, and no working directory.
    secret = [_unquoted(value, *span, b"\"'{") for key, span in settings if key == b"PWD" or _is_secret(key)]
    user_info = _USER_INFO.match(value)
    for start, end in secret:
        yield start, end
        # "host,password=x,ssl=true": settings between commas, as Redis clients write them.
        comma = value.find(b",", start, end)
        if comma >= 0:
            yield start, comma
    if user_info:
        yield user_info.span(1)
    divided = len(settings) > 1 or any(key.decode("latin-1").lower() in _LOCATIONS for key, _ in settings)
    if not secret and not user_info and not divided:
        yield 0, len(value)
