"""Keys as XML and JSON, as .NET, XML Signature and serialisers write them."""

from __future__ import annotations

import base64
import json
from random import Random

import pytest
from der_material import detector, find_all, mask, noise, number_bytes, rsa_key

from dumpscrub.model import Confidence
from dumpscrub.rules.schema import TEXT_ENCODINGS

NAME = "xml-key"
SECRETS = ("P", "Q", "DP", "DQ", "InverseQ", "D")


def base64_number(number: int) -> str:
    return base64.b64encode(number_bytes(number)).decode()


def numbers() -> dict[str, str]:
    """The numbers of a key by the names of their elements, in .NET's order."""
    key = rsa_key(3, 1024).private_numbers()
    values = (key.public_numbers.n, 65537, key.p, key.q, key.dmp1, key.dmq1, key.iqmp, key.d)
    names = ("Modulus", "Exponent", *SECRETS)
    return {name: base64_number(value) for name, value in zip(names, values, strict=True)}


def xml(order: list[str] | None = None, prefix: str = "", space: str = "") -> str:
    values = numbers()
    elements = (f"<{prefix}{name}>{space}{values[name]}{space}</{prefix}{name}>{space}" for name in order or values)
    return f"<{prefix}RSAKeyValue>{space}{''.join(elements)}</{prefix}RSAKeyValue>"


def shuffled(seed: int) -> list[str]:
    names = list(numbers())
    Random(seed).shuffle(names)
    return names


TEXTS = {
    "net": xml(),
    "any order": xml(shuffled(1)),
    "spaces": xml(shuffled(2), space="\n    "),
    "prefix": xml(shuffled(3), prefix="ds:"),
    "attributes": xml().replace("<RSAKeyValue>", '<RSAKeyValue xmlns="http://www.w3.org/2000/09/xmldsig#">'),
    "parameters": xml(sorted(numbers())).replace("RSAKeyValue", "RSAParameters"),
    "no container": xml()[len("<RSAKeyValue>") : -len("</RSAKeyValue>")],
    "json": json.dumps(numbers()),
    "json in json": json.dumps(json.dumps(dict(sorted(numbers().items())))),
    "in a document": f"<a><P>short</P>{xml()}<DSAKeyValue><P>{numbers()['Modulus']}</P></DSAKeyValue></a>",
}


@pytest.mark.parametrize("kind", TEXTS)
def test_private_numbers_are_marked_and_public_ones_stay(kind: str) -> None:
    values = numbers()
    for encoding in TEXT_ENCODINGS:
        text = TEXTS[kind].encode(encoding.codec)
        data = noise(1, 33) + bytes(4) + text + bytes(4) + noise(2, 33)
        found = find_all(detector(NAME), data)
        exact = [each for each in found if each.encoding is encoding]
        assert exact
        assert {tuple(sorted(each.marked)) for each in exact} == {
            tuple(sorted(values[name].encode(encoding.codec) for name in SECRETS))
        }
        assert {each.match.confidence for each in exact} == {Confidence.HIGH}
        masked = mask(data, exact)
        assert values["Modulus"].encode(encoding.codec) in masked
        assert find_all(detector(NAME), masked) == []


def test_the_numbers_are_looked_for_elsewhere_too() -> None:
    found = find_all(detector(NAME), TEXTS["net"].encode())
    key = rsa_key(3, 1024).private_numbers()
    binary = {value.data for value in found[0].match.values if value.binary}
    assert binary == {number_bytes(each) for each in (key.p, key.q, key.dmp1, key.dmq1, key.iqmp, key.d)}


@pytest.mark.parametrize("kept", [300, 400, 700])
def test_a_text_without_its_end(kept: int) -> None:
    text = xml()[:kept]
    marked = b"".join(find_all(detector(NAME), b"\0" + text.encode() + b"\0" * 9)[0].marked)
    assert text.endswith(marked[-20:].decode())
    assert marked.startswith(numbers()["P"][:30].encode())


@pytest.mark.parametrize("lost", [280, 400, 500])
def test_a_text_without_its_beginning(lost: int) -> None:
    text = xml()[lost:]
    left = mask(b"\0" + text.encode() + b"\0", find_all(detector(NAME), b"\0" + text.encode() + b"\0"))
    for name in ("DQ", "InverseQ", "D"):
        assert numbers()[name].encode() not in left
    assert text[:12].encode() not in left


def test_of_dsa_keys_only_x_is_private() -> None:
    secret = base64.b64encode(noise(5, 20)).decode()
    values = numbers()
    text = f"<DSAKeyValue><P>{values['P']}</P><Q>{values['Q']}</Q><X>{secret}</X></DSAKeyValue>"
    assert {each.marked for each in find_all(detector(NAME), text.encode())} == {(secret.encode(),)}


def test_of_curves_only_d_is_private() -> None:
    secret, point = (base64.b64encode(noise(seed, 32)).decode() for seed in (5, 6))
    text = f"<ECParameters><D>{secret}</D><Q><X>{point}</X><Y>{point}</Y></Q></ECParameters>"
    assert {each.marked for each in find_all(detector(NAME), text.encode())} == {(secret.encode(),)}


def test_what_holds_no_private_number() -> None:
    values = numbers()
    for text in (
        f"<RSAKeyValue><Modulus>{values['Modulus']}</Modulus><Exponent>AQAB</Exponent></RSAKeyValue>",
        f"<DSAKeyValue><P>{values['P']}</P><Q>{values['Q']}</Q><Y>{values['D']}</Y></DSAKeyValue>",
        f"<P>{values['P']}</P> and RSAKeyValue",
        "get_InverseQ set_InverseQ RSAParameters <D></D>",
        "<RSAKeyValue><P></P><Q>***</Q></RSAKeyValue>",
    ):
        assert find_all(detector(NAME), text.encode()) == []


def test_many_elements_stay_within_the_window() -> None:
    text = b"<RSAKeyValue>" * 700 + b"<P>" * 3000 + b"</P>" * 3000
    assert find_all(detector(NAME), text) == []
