"""PEM blocks of private keys, certificates and stores, in every text encoding, whole or in part.

The base64 of the body is marked; the BEGIN and END lines, the headers and the line breaks stay. A block that was
encoded in base64 once more (``LS0tLS1CRUdJTi...``) is marked from its first character to the end of the outer base64.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.serialization import load_ssh_private_key

from dumpscrub.detectors import base64_text, keys, openssh, pkcs12
from dumpscrub.detectors.base import Anchor, Match
from dumpscrub.detectors.base64_text import Line
from dumpscrub.detectors.certificates import Certificates
from dumpscrub.detectors.material import MOST_VALUE, Recogniser, attempt
from dumpscrub.detectors.pem_blocks import Block, Kind, begin_kind, read_block, read_block_end
from dumpscrub.model import Confidence, Encoding, SecretValue
from dumpscrub.rules.schema import TEXT_ENCODINGS, Rule
from dumpscrub.search.windows import Window, squeeze

AFTER = 80 * 1024
"""Code units from a hit on: the longest body with its line breaks."""
BEFORE = 16 * 1024
"""Code units before a hit: of a body whose beginning is gone."""
_FIRST = 4 * 1024
"""Code units that are looked at first; most blocks end there."""
_LABEL = 96
_WRAPPED_LABEL = 512
"""Code units of base64 that hold a label, in UTF-16 and with its line breaks too."""
_LEAST_VALUE = 32
_OPENSSH = b"openssh-key-v1\0"
_SSH_RSA = b"\0\0\0\x07ssh-rsa"

_BEGINS = ("-----BEGIN", "---- BEGIN SSH2")
_ENDS = ("-----END", "---- END SSH2")


@dataclass(frozen=True, slots=True)
class _Wrapped:
    """How base64 of a BEGIN line begins: ``literal``, behind ``skipped`` characters that depend on what precedes, too.

    ``phase`` counts the bytes of the base64 group before the line, ``plain`` is its known beginning in ``encoding``.
    """

    literal: bytes
    skipped: int
    phase: int
    plain: bytes
    encoding: Encoding


def _wrapped() -> Iterator[_Wrapped]:
    for encoding in (Encoding.UTF8, Encoding.UTF16LE):
        plain = "-----BEGIN ".encode(encoding.codec)
        for phase, skipped in enumerate((0, 2, 3)):
            encoded = base64.b64encode(b"\0" * phase + plain)
            yield _Wrapped(encoded[skipped : 8 * (phase + len(plain)) // 6], skipped, phase, plain, encoding)


_WRAPPED = tuple(_wrapped())


@dataclass(frozen=True, slots=True)
class PemDetector:
    """Finds blocks of one kind; ``recognise`` reads what their base64 stands for."""

    rule: Rule
    kind: Kind
    recognise: Recogniser = field(repr=False)
    anchors: tuple[Anchor, ...] = field(repr=False)
    before: int = BEFORE
    after: int = AFTER

    def verify(self, window: Window) -> Iterator[Match]:
        hit, unit = window.hit, window.unit
        head = squeeze(window.data[hit : hit + _LABEL * unit], window.encoding)
        if head.startswith((b"-----B", b"---- B")):
            block = _read(window, lambda text: read_block(text, 0)) if begin_kind(head, 0) is self.kind else None
            yield from self._matches(window, block, hit)
        elif head.startswith((b"-----E", b"---- E")):
            text = squeeze(window.data[window.origin : hit + _LABEL * unit], window.encoding)
            yield from self._matches(window, read_block_end(text, window.anchor), window.origin)
        else:
            yield from self._unwrap(window, head)

    def _matches(self, window: Window, block: Block | None, base: int) -> Iterator[Match]:
        """The match for ``block`` of this kind, whose indices count from the raw index ``base``."""
        if block is not None and block.kind is self.kind:
            yield self._match(block, _raw(window, block.lines, base))

    def _unwrap(self, window: Window, head: bytes) -> Iterator[Match]:
        """The match for a block in base64 that begins at the hit."""
        for wrapped in (each for each in _WRAPPED if head.startswith(each.literal)):
            # Most of what looks like a block has no label of this kind, and a whole window takes long to decode.
            if begin_kind(_unwrapped(window, wrapped, _WRAPPED_LABEL)[1], 0) is not self.kind:
                continue
            lines, inner = _unwrapped(window, wrapped, AFTER)
            block = read_block(inner, 0)
            if block is not None and block.kind is self.kind:
                yield self._match(block, _raw(window, lines, window.hit))

    def _match(self, block: Block, segments: tuple[tuple[int, int], ...]) -> Match:
        body = base64_text.characters(block.lines)
        der = base64_text.decode(body)
        material = self.recognise(der, 0)
        sure = block.whole or (material is not None and material.confidence is Confidence.HIGH)
        confidence = Confidence.HIGH if sure else Confidence.MEDIUM
        if self.kind is Kind.CERTIFICATE:
            if material is not None and material.suppressed:
                return Match(((segments[0][0], segments[-1][1]),), confidence, suppressed=material.suppressed)
            return Match(segments, confidence)
        values = material.values if material is not None else _other_values(block, der, body)
        if _LEAST_VALUE <= len(body) <= MOST_VALUE:
            values = (*values, SecretValue(body, structure=True))
        return Match(segments, confidence, values)


_KINDS = {
    "pem-private-key": Kind.PRIVATE_KEY,
    "pem-encrypted-key": Kind.ENCRYPTED_KEY,
    "pem-certificate": Kind.CERTIFICATE,
    "pem-pkcs12": Kind.STORE,
}
NAMES = tuple(_KINDS)
_RECOGNISERS: dict[Kind, Callable[[Rule], Recogniser]] = {
    Kind.PRIVATE_KEY: lambda rule: keys.private_key,
    Kind.ENCRYPTED_KEY: lambda rule: keys.encrypted_key,
    Kind.CERTIFICATE: Certificates.of,
    Kind.STORE: lambda rule: pkcs12.pfx,
}


def build(rule: Rule) -> PemDetector:
    """The detector that ``rule.detector``, one of :data:`NAMES`, names. KeyError for any other."""
    kind = _KINDS[rule.detector]
    literals = (*_BEGINS, *_ENDS, *(wrapped.literal.decode("ascii") for wrapped in _WRAPPED))
    anchors = tuple(Anchor(text.encode(encoding.codec), encoding) for encoding in TEXT_ENCODINGS for text in literals)
    return PemDetector(rule, kind, _RECOGNISERS[kind](rule), anchors)


def _read(window: Window, read: Callable[[bytes], Block | None]) -> Block | None:
    """What ``read`` finds in the text from the hit on; the whole window is converted only where it is needed."""
    block = None
    for length in (_FIRST, AFTER):
        text = squeeze(window.data[window.hit : window.hit + length * window.unit], window.encoding)
        block = read(text)
        if block is None or block.whole or block.lines[-1].end < len(text):
            break
    return block


def _unwrapped(window: Window, wrapped: _Wrapped, most: int) -> tuple[tuple[Line, ...], bytes]:
    """The lines of base64 at the hit, within ``most`` code units, and the text that they stand for."""
    text = squeeze(window.data[window.hit : window.hit + most * window.unit], window.encoding)
    lines = base64_text.regular_wrapped(base64_text.read_lines(text, 0, AFTER, dashes=True))
    decoded = base64_text.decode(b"A" * wrapped.skipped + base64_text.characters(lines))
    return lines, squeeze(wrapped.plain + decoded[wrapped.phase + len(wrapped.plain) :], wrapped.encoding)


def _raw(window: Window, lines: Iterable[Line], base: int) -> tuple[tuple[int, int], ...]:
    """The raw index pairs of ``lines``, whose indices count code units from the raw index ``base``."""
    return tuple((base + line.start * window.unit, base + line.end * window.unit) for line in lines)


def _other_values(block: Block, decoded: bytes, body: bytes) -> tuple[SecretValue, ...]:
    """The bytes of a body that is no DER; of an OpenSSH key also the private components, or what encrypts them."""
    if not block.whole or not _LEAST_VALUE <= len(decoded) <= MOST_VALUE:
        return ()
    values = (SecretValue(decoded, binary=True, structure=decoded.startswith(_OPENSSH)),)
    if not values[0].structure:
        return values
    derivation = decoded.find(openssh.KDF)
    material = openssh.encrypted_file(decoded, derivation) if derivation >= 0 else None
    if material is not None:
        return (*material.values, *values)
    if _SSH_RSA in decoded:
        # Arithmetic tells at once what the reader of ``cryptography`` takes half a second for: it tests the primes.
        return (*openssh.rsa_numbers(decoded, decoded.rfind(_SSH_RSA)), *values)
    text = b"-----BEGIN OPENSSH PRIVATE KEY-----\n" + body + b"\n-----END OPENSSH PRIVATE KEY-----\n"
    key = attempt(lambda: load_ssh_private_key(text, None))
    return (*keys.numbers_of(key), *values) if key is not None else values
