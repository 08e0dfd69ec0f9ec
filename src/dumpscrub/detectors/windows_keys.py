"""Key material in the forms of Windows: for each of its classes the anchors, the reach and the reader."""

from __future__ import annotations

from dumpscrub.detectors import capi, cng, dpapi, handles, kerberos, keyfiles, ntlm, provider_keys, symcrypt
from dumpscrub.detectors.base import Detector, Match
from dumpscrub.detectors.binary import REACH, BinaryDetector, Find, Readers, anchors, each
from dumpscrub.detectors.handles import Follow, FollowingDetector
from dumpscrub.rules.schema import Rule
from dumpscrub.search.memory import Memory

_PRIVATE_KEYS = (
    *each(cng.rsa, capi.RSA, cng.RSA_FULL),
    *each(capi.dss, capi.DSS),
    *each(capi.dss_3, capi.DSS_3),
    *each(capi.dh, capi.DH),
    *each(capi.pvk, capi.PVK),
    *each(cng.nist_key, *cng.NIST_KEYS),
    *each(cng.other_curve, *cng.OTHER_CURVES),
    *each(cng.dsa, cng.DSA),
    *each(cng.dsa_2, cng.DSA_2),
    *each(cng.dh, cng.DH),
    *each(symcrypt.key, symcrypt.INTEGER),
)
_PLAIN_KEYS = (
    *each(capi.plain_key, *capi.PLAIN_KEYS),
    *each(cng.plain_key, cng.PLAIN),
    *each(provider_keys.cng_key, provider_keys.CNG),
    *each(provider_keys.wine_key, provider_keys.WINE),
)
_PROTECTED = (
    *each(dpapi.blob, *dpapi.PROVIDERS),
    *each(dpapi.master_key, *dpapi.MASTER_KEYS),
    *each(dpapi.payload, dpapi.PAYLOAD),
)
_KERBEROS = (
    *each(kerberos.encrypted, *kerberos.ENCRYPTED),
    *each(keyfiles.key_table, keyfiles.KEY_TABLE),
    *each(keyfiles.credential_cache, keyfiles.CREDENTIAL_CACHE),
)
_CLASSES: dict[str, tuple[tuple[tuple[bytes, Find], ...], int]] = {
    "windows-private-key": (_PRIVATE_KEYS, symcrypt.BEFORE),
    "windows-symmetric-key": (_PLAIN_KEYS, provider_keys.BEFORE),
    "windows-protected-data": (_PROTECTED, dpapi.MASTER_KEY_BEFORE),
    "ntlm-response": (each(ntlm.message, ntlm.MESSAGE), 0),
    "kerberos-secret": (_KERBEROS, kerberos.BEFORE),
}
"""By the name of a detector: its readers, and the bytes that they look at before a hit."""
_HANDLES: tuple[tuple[bytes, Follow], ...] = (
    (handles.RSA, handles.rsa),
    *((literal, handles.raw_key) for literal in handles.RAW_KEYS),
    (handles.WINE_CNG, handles.wine_key),
)
_FOLLOWING = "key-handle"
NAMES = (*_CLASSES, _FOLLOWING)


def build(rule: Rule) -> Detector:
    """The detector that ``rule.detector``, one of :data:`NAMES`, names. KeyError for any other."""
    if rule.detector == _FOLLOWING:
        literals = anchors(*(literal for literal, _ in _HANDLES))
        return FollowingDetector(rule, literals, handles.BEFORE, handles.AFTER, _follow)
    readers, before = _CLASSES[rule.detector]
    return BinaryDetector(rule, anchors(*(literal for literal, _ in readers)), before, REACH, Readers(readers))


def _follow(data: bytes, hit: int, memory: Memory) -> Match | None:
    """The key to which the structure at ``hit`` points."""
    for literal, follow in _HANDLES:
        if data.startswith(literal, hit):
            return follow(data, hit, memory)
    return None
