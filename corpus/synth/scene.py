"""What a synthetic process holds in memory: every class of secret, in every encoding, at every awkward place.

A scene knows nothing of dump formats. It is a list of memory ranges in the order in which a dump file shall hold them,
which is not the order of their addresses, and a source of fresh secrets for the places that only a format has.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random

from corpus.manifest import Secret
from corpus.synth import text, values
from corpus.synth.keys import KeySet
from corpus.synth.pieces import Block, Mark, Piece, Plant
from corpus.synth.text import Context
from corpus.synth.values import CLASSES

PAGE = 0x1000
_HEAPS = 6
_SLOT = 0x2000

# What stands right behind a value: NUL mostly, as in memory; sometimes whatever was there before.
_ENDS = (b"\0\0\0\0", b"\0\0\0\0", b"\1\1\1\1\0\0\0\0")

_BY_CATEGORY = {entry.category: entry for entry in CLASSES}


@dataclass(frozen=True, slots=True)
class Range:
    """Bytes of memory at an address. ``kind`` is ``private``, ``stack``, ``image`` or ``mapped``."""

    address: int
    block: Block
    kind: str = "private"

    @property
    def end(self) -> int:
        """The address behind the last byte."""
        return self.address + len(self.block)


@dataclass(slots=True)
class Scene:
    """Memory of one process. ``bits`` is the size of a pointer, ``order`` is ``<`` or ``>``."""

    rng: Random
    bits: int
    order: str = "<"
    secrets: list[Secret] = field(default_factory=list)
    ranges: list[Range] = field(default_factory=list)

    @property
    def base(self) -> int:
        """Where the heaps begin."""
        return 0x1F2_0000_0000 if self.bits == 64 else 0x1000_0000

    @property
    def image_base(self) -> int:
        """Where the program's image begins."""
        return 0x7FF6_1234_0000 if self.bits == 64 else 0x0040_0000

    @property
    def stack_base(self) -> int:
        """Where the first thread's stack begins; the others follow a megabyte apart."""
        return 0x7FFC_0010_0000 if self.bits == 64 else 0x0810_0000

    def pointers(self, *numbers: int) -> bytes:
        """Numbers as words of the process."""
        return struct.pack(f"{self.order}{len(numbers)}{'Q' if self.bits == 64 else 'I'}", *numbers)

    def fresh(self, category: str, name: str, *, context: bool = True) -> Secret:
        """A new secret that stands nowhere else."""
        secret = _BY_CATEGORY[category].secret(self.rng, name, context=context)
        self.secrets.append(secret)
        return secret

    def planted(self, name: str, template: str, encoding: str = "utf8", category: str = "password") -> Piece:
        """The text of ``template`` around a fresh secret."""
        return text.in_context(self.fresh(category, name), Context(template), encoding)


def build(scene: Scene, keys: KeySet) -> None:
    """Fill ``scene.ranges``: first halves of split texts, heaps, edges, image, keys, then the second halves."""
    first, second = _splits(scene, keys)
    scene.ranges += [*first, *_heaps(scene), *_edges(scene), _image(scene), *reversed(second), _keys(scene, keys)]
    scene.secrets += keys


def _heaps(scene: Scene) -> Iterator[Range]:
    """Everything that may stand anywhere, shuffled and spread over a few ranges with gaps between them."""
    pieces = [*_class_pieces(scene), *_bare_pieces(scene)]
    scene.rng.shuffle(pieces)
    for number in range(_HEAPS):
        block = Block()
        for piece, odd in pieces[number::_HEAPS]:
            block.add(_filler(scene))
            lay(block, piece, odd, _end(scene, piece))
        block.pad(PAGE)
        yield Range(scene.base + number * 0x200_0000, block)


def _end(scene: Scene, piece: Piece) -> bytes:
    """What stands behind a text. NUL behind UTF-16BE, whose last character else ends nowhere if read as UTF-16LE."""
    end = scene.rng.choice(_ENDS)
    return _ENDS[0] if piece.data.startswith(b"\0") else end


def lay(block: Block, piece: Piece, odd: bool, end: bytes) -> None:
    """Append ``piece`` at an odd or even offset, with zeros before it and ``end`` behind it."""
    block.add(bytes(4))
    if len(block) % 2 != odd:
        block.add(b"\0")
    block.add(piece)
    block.add(end)


def _class_pieces(scene: Scene) -> Iterator[tuple[Piece, bool]]:
    """One value a class: each of its contexts in each encoding and at both alignments, and each bare copy."""
    for entry in CLASSES:
        secret = scene.fresh(entry.category, "heap")
        for context in entry.contexts:
            for encoding, _, unit in text.ENCODINGS[:3]:
                for odd in (False, True)[:unit]:
                    yield text.in_context(secret, context, encoding), odd
        for number, piece in enumerate(text.copies(secret)):
            yield piece, bool(number % 2)


def _bare_pieces(scene: Scene) -> Iterator[tuple[Piece, bool]]:
    """Secrets that nothing gives away."""
    for number in range(3):
        secret = scene.fresh("password", f"bare_{number}", context=False)
        for piece in text.copies(secret)[:3]:
            yield piece, bool(number % 2)
    key = Secret("aes_key", "bare", False, scene.rng.randbytes(32), False)
    scene.secrets.append(key)
    yield text.copies(key)[0], False


def _filler(scene: Scene) -> bytes:
    """A little of what else stands on a heap. Ends in zeros."""
    rng = scene.rng
    line = f"INFO step {rng.randrange(1000)} of Deployment-{rng.randrange(100)} completed on web{rng.randrange(40)}"
    kinds = (
        line.encode(),
        line.encode("utf-16-le"),
        bytes(rng.randrange(16, 128)),
        scene.pointers(*(scene.base + 16 * rng.randrange(1 << 20) for _ in range(6))),
        rng.randbytes(48),
    )
    return rng.choice(kinds) + bytes(4)


def _splits(scene: Scene, keys: KeySet) -> tuple[list[Range], list[Range]]:
    """Pairs of ranges that meet in memory, with a text across the seam. What is next in the file must not matter."""
    first, second = [], []
    for number, (piece, at) in enumerate(_split_pieces(scene, keys)):
        head, tail = piece.split(at)
        before = Block(_decoy(scene) + bytes(PAGE - 24 - len(head)))
        before.add(head)
        behind = Block(tail)
        behind.add(bytes(PAGE - len(tail) - 24))
        behind.add(_decoy(scene))
        address = scene.base + 0x1000_0000 + number * 0x10_0000
        first.append(Range(address, before))
        second.append(Range(address + PAGE, behind))
    return first, second


def _decoy(scene: Scene) -> bytes:
    """24 bytes of letters and digits: a word that a value which ends at a seam must not be joined with."""
    return values.text(scene.rng, 24).encode()


def _split_pieces(scene: Scene, keys: KeySet) -> Iterator[tuple[Piece, int]]:
    """Texts and where to cut them: in the name, before the value, in it, at its end, and inside a character."""
    cuts = {"name": -3, "start": 0, "first": 1, "middle": 9, "last": 19, "end": 20}
    template = "User ID=sa;Password={};Timeout=5"
    for encoding, _, unit in text.ENCODINGS[:2]:
        for where, at in cuts.items():
            piece = _nul_ended(scene.planted(f"split_{where}_{encoding}", template, encoding))
            yield piece, piece.marks[0].start + at * unit
    piece = _nul_ended(scene.planted("split_unit", template, "utf16le"))
    yield piece, piece.marks[0].start + 9
    yield _nul_ended(scene.planted("split_token", "{}", category="octopus_api_key")), 12
    (der, _), (armoured, label) = keys.whole[:2]
    yield _nul_ended(text.copies(der)[0]), 600
    yield _nul_ended(text.armoured(armoured, label, "utf16le")), 801


def _nul_ended(piece: Piece) -> Piece:
    return bytes(8) + piece + bytes(4)


def _edges(scene: Scene) -> Iterator[Range]:
    """Ranges with a secret at their very first or very last byte; the file goes on with letters."""
    address = scene.base + 0x2000_0000
    for encoding, _, _ in text.ENCODINGS[:2]:
        for name, template, category in (
            ("value", "{}", "octopus_api_key"),
            ("json", '"password":"{}"', "password"),
            ("ado", "Pwd={}", "sql_password"),
        ):
            start = scene.planted(f"edge_start_{name}_{encoding}", template, encoding, category)
            yield Range(address, Block(start + bytes(PAGE - len(start) - 24) + _decoy(scene)))
            end = scene.planted(f"edge_end_{name}_{encoding}", template.rstrip('"'), encoding, category)
            yield Range(address + 0x10_0000, Block(_decoy(scene) + bytes(PAGE - 24 - len(end)) + end))
            address += 0x20_0000


def _image(scene: Scene) -> Range:
    """The program's image: a header and a page of its data with a secret."""
    block = Block(b"MZ" + bytes(PAGE - 2))
    lay(block, scene.planted("image", "Server=sql01;User ID=app;Password={};", "utf16le"), False, bytes(8))
    block.pad(PAGE)
    return Range(scene.image_base, block, "image")


def stack(scene: Scene, number: int, encoding: str) -> Range:
    """A thread's stack: return addresses and frame pointers, and between them texts that nothing separates."""
    address = scene.stack_base + number * 0x10_0000
    frame = scene.pointers(scene.image_base + 0x1010, address + 0x800, scene.image_base + 0x1F30, address + 0xC00)
    bare = scene.fresh("password", f"stack_{number}_bare", context=False)
    block = Block(bytes(0x400) + frame)
    for piece in (scene.planted(f"stack_{number}", "password={}", encoding), *text.copies(bare)[:2]):
        block.add(piece)
        block.pad(scene.bits // 8)
        block.add(frame)
    block.pad(PAGE)
    return Range(address, block, "stack")


def registers(scene: Scene, number: int) -> Piece:
    """Two vector registers as string functions leave them: the first characters of the secret on that stack."""
    secret = next(secret for secret in scene.secrets if secret.name == f"stack_{number}")
    return text.beginning(secret, "utf16le", 16) + text.beginning(secret, "utf8", 8) + bytes(8)


def _keys(scene: Scene, keys: KeySet) -> Range:
    """Keys in every armour, each in a slot of its own size, so that their varying lengths move nothing else."""
    block = Block()
    for piece in _key_pieces(scene, keys):
        block.add(bytes(16))
        block.add(piece)
        block.pad(_SLOT)
    return Range(scene.base + 0x3000_0000, block)


def _key_pieces(scene: Scene, keys: KeySet) -> Iterator[Piece]:
    for secret, label in keys.whole:
        yield text.copies(secret)[0]
        if not label:
            yield text.in_base64(secret, '<set key="Tentacle.Certificate">{}</set>')
            continue
        for encoding in ("utf8", "utf16le"):
            yield text.armoured(secret, label, encoding)
        yield text.armoured(secret, label, "utf8", "\r\n")
        yield Piece(b'{"key":"') + text.armoured(secret, label, "utf8", "\\n") + b'"}'
    for secret in keys.numbers:
        yield text.copies(secret)[0]
        yield text.copies(secret)[1]
    yield truncated_pem(scene)
    master = Secret("octopus_master_key", "binary", False, scene.rng.randbytes(16), True)
    scene.secrets.append(master)
    yield text.in_base64(master, "<MasterKey>{}</MasterKey>")
    yield text.copies(master)[0]


def truncated_pem(scene: Scene) -> Piece:
    """A PEM block whose end was overwritten. Its body is random behind a real one's first bytes."""
    body = "MIIEpAIBAAKCAQEA" + values.base64_of(scene.rng, 420)
    lines = "\n".join(body[at : at + 64] for at in range(0, 512, 64)).encode()
    secret = Secret("pem", "truncated", True, lines, True)
    scene.secrets.append(secret)
    head = b"-----BEGIN RSA PRIVATE KEY-----\n"
    return Piece(head + lines, (Mark(Plant(secret, "utf8"), 0, len(head), len(head) + len(lines)),)) + bytes(32)
