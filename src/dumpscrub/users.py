"""Which detectors share an anchor, and how far memory is read around its hits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from dumpscrub.detectors.base import Anchor, Detector
from dumpscrub.model import Encoding
from dumpscrub.search.finder import core_of


@dataclass(frozen=True, slots=True)
class Users:
    """The detectors of an anchor. ``before`` and ``after`` are the code units that are read around a hit for all.

    With ``edge`` no two word characters may stand before it, unless a token may begin there. ``twin`` says that the
    same detectors look for the same text in UTF-16LE, while this is UTF-16BE. A hit is found by what begins ``lead``
    bytes behind it.
    """

    encoding: Encoding
    detectors: tuple[Detector, ...]
    before: int
    after: int
    edge: bool
    twin: bool
    lead: int


def users_of(detectors: Sequence[Detector]) -> Mapping[Anchor, Users]:
    """The users of each anchor. Where it is hit, so are those that it begins with: memory is read once for all."""
    groups: dict[Anchor, list[Detector]] = {}
    for detector in detectors:
        for anchor in detector.anchors:
            groups.setdefault(anchor, []).append(detector)
    return dict(_with_reach(groups))


def _with_reach(groups: Mapping[Anchor, Sequence[Detector]]) -> Iterator[tuple[Anchor, Users]]:
    keys = [(anchor.encoding.codec, anchor.data.lower()) for anchor in groups]
    widest: dict[tuple[str, bytes], tuple[int, int]] = {}
    for key, group in zip(keys, groups.values(), strict=True):
        before, after = widest.get(key, (0, 0))
        for each in group:
            before, after = max(before, each.before), max(after, each.after)
        widest[key] = before, after
    heads: list[tuple[str, bytes]] = []
    for key in sorted(widest):
        while heads and not (heads[-1][0] == key[0] and key[1].startswith(heads[-1][1])):
            heads.pop()
        if heads:
            (before, after), (wider_before, wider_after) = widest[key], widest[heads[-1]]
            widest[key] = max(before, wider_before), max(after, wider_after)
        heads.append(key)
    for (anchor, group), key in zip(groups.items(), keys, strict=True):
        lead, _ = core_of(anchor.data)
        twin = _has_twin(anchor, groups)
        yield anchor, Users(anchor.encoding, tuple(group), *widest[key], anchor.edge, twin, lead)


def _has_twin(anchor: Anchor, groups: Mapping[Anchor, Sequence[Detector]]) -> bool:
    """True for an anchor in UTF-16BE whose text is one in UTF-16LE for the same detectors."""
    if anchor.encoding is not Encoding.UTF16BE:
        return False
    twin = Anchor(anchor.data[1:] + anchor.data[:1], Encoding.UTF16LE, anchor.caseless, anchor.edge)
    return groups.get(twin) == groups[anchor]
