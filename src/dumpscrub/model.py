"""The nouns of dumpscrub: what formats produce and what the later floors pass on. All frozen."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import NoReturn

from dumpscrub.layout import Layout
from dumpscrub.source import Source
from dumpscrub.span import Span


class Encoding(enum.Enum):
    """How text stands in memory. ``unit`` is the bytes of one code unit."""

    UTF8 = ("utf-8", 1)
    UTF16LE = ("utf-16-le", 2)
    UTF16BE = ("utf-16-be", 2)
    UTF32LE = ("utf-32-le", 4)
    BINARY = ("binary", 1)

    def __init__(self, codec: str, unit: int) -> None:
        self.codec = codec
        self.unit = unit


class FieldKind(enum.Enum):
    """What a piece of process structure holds."""

    ENVIRONMENT = "environment"  # NAME=value strings, each ended by NUL
    COMMAND_LINE = "command line"  # one string: arguments between spaces, quoted as on Windows
    ARGUMENTS = "arguments"  # one string an argument, each ended by NUL
    REGISTERS = "registers"  # a thread's registers of 8 or 16 bytes that no debugger follows


@dataclass(frozen=True, slots=True)
class Field:
    """A piece of process structure that a format reader located.

    ``spans`` are file spans in address order (several where the file splits it). ``cut`` says that the writer cut the
    text at a fixed length, so that its last value may be a prefix of a longer one.
    """

    kind: FieldKind
    encoding: Encoding
    spans: tuple[Span, ...]
    cut: bool = False


@dataclass(frozen=True, slots=True)
class Dump:
    """A parsed dump.

    ``layout`` partitions the file. ``protected`` are sorted, disjoint spans that hold numbers a debugger follows
    (headers, directories, descriptors, instruction and stack pointers): they are searched like everything else but
    never edited. ``notices`` are lines for the user: what was truncated, unknown or handled as raw bytes.
    ``facts`` are names and counts for ``inspect``, printable and free of values from memory.
    """

    format: str
    source: Source
    layout: Layout
    fields: tuple[Field, ...] = ()
    protected: tuple[Span, ...] = ()
    notices: tuple[str, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()


class Confidence(enum.IntEnum):
    """How sure a finding is. It does not decide whether something is redacted.

    But copies of a value that a validator puts at LOW are not looked for: it may be an everyday word.
    """

    LOW = 1
    MEDIUM = 2
    HIGH = 3


class Origin(enum.Enum):
    """How a finding came about."""

    DIRECT = "direct"  # a rule matched here
    PROPAGATED = "propagated"  # a copy of a value that a rule found elsewhere
    KNOWN = "known"  # a value that the user supplied


@dataclass(frozen=True, slots=True, repr=False)
class SecretValue:
    """A secret, or a piece of one. Its representation shows the length alone and it refuses to be pickled.

    ``data`` is UTF-8 for text and the plain bytes for binary ones. A ``structure`` has parts that are no secret and is
    recognised wherever it stands as such: only where it is written down in another way is all of it to be masked.
    """

    data: bytes = field(repr=False)
    binary: bool = False
    structure: bool = False

    def __repr__(self) -> str:
        return f"SecretValue({len(self.data)} bytes)"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret value does not leave the process")

    __reduce_ex__ = __reduce__  # type: ignore[assignment]


@dataclass(frozen=True, slots=True)
class Finding:
    """A secret at a place. ``spans`` is plural: contiguous in memory, possibly split in the file."""

    rule: str
    category: str
    spans: tuple[Span, ...]
    encoding: Encoding
    origin: Origin
    confidence: Confidence
    action: str
    values: tuple[SecretValue, ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class Edit:
    """Bytes to write at a span. The replacement is as long as the span."""

    span: Span
    replacement: bytes
    operator: str

    def __post_init__(self) -> None:
        if len(self.replacement) != len(self.span):
            raise ValueError("an edit keeps the length")
