"""Generated passwords that look it, for tests."""

from __future__ import annotations

import string
from random import Random

from dumpscrub.search import randomparts

ALPHABET = string.ascii_letters + string.digits
_KINDS = (string.ascii_uppercase, string.ascii_lowercase, string.digits)


def random_text(seed: int, size: int) -> bytes:
    """Random letters and digits: some of each kind stand in every eight of the first twelve."""
    random = Random(seed)
    while True:
        text = "".join(random.choices(ALPHABET, k=size)).encode()
        parts = [set(text[at : at + 8]) for at in range(5)]
        if randomparts.is_random(text) and all(part & set(kind.encode()) for part in parts for kind in _KINDS):
            return text
