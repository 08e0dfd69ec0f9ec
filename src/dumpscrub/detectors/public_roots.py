"""Public certificates that ``certifi`` does not name: roots that systems hold all the same, and who signs software.

A root is known by the SHA-256 of the first 64 bytes of its signed part. They hold its length, its serial number
and the beginning of its issuer's name, so they tell it from all others, also where memory cuts the rest off. The list
was made from older releases of Mozilla's bundle and from what Windows keeps in ``crypt32.dll``.
"""

from __future__ import annotations

import hashlib

_HEAD = 64


def head_digest(data: bytes, start: int) -> bytes:
    """The digest by which the certificate whose TBSCertificate begins at ``start`` is known."""
    return hashlib.sha256(data[start : start + _HEAD]).digest()


SOFTWARE_AUTHORITIES = (
    *(b"microsoft corporation", b"digicert", b"verisign", b"symantec", b"thawte", b"globalsign", b"geotrust"),
    *(b"sectigo", b"comodo", b"usertrust", b"entrust", b"certum", b"unizeto", b"asseco", b"godaddy.com", b"starfield"),
    *(b"ssl corp", b"apple inc", b"oracle", b"certigna", b"quovadis", b"swisssign", b"actalis", b"trustcor"),
)
"""What the names of authorities hold, in lower case, that certify publishers of software."""

FORMER_ROOTS = frozenset(
    bytes.fromhex(digest)
    for digest in (
        "5e2494e82113b40d98a9f964737a1d3c5a4d8312f37e8c76779720af59b98af2",  # Autoridad de Certificacion Firmapr
        "4b14bc56172d2c0b6758ffb7e99879efb68d713b71544bbaa221f19262c9f888",  # Class 3 Public Primary Certificati
        "017ff7e9375a90a459a7350be440253b647de074c1b60a5454b586aa0d38ec77",  # Cybertrust Global Root
        "ae0f506a65ee8d761133b5f7716eb3d13c1dfcbdd6625ed32109c0276821bf8c",  # DST Root CA X3
        "6936771df3b0a5789997ff76cdcd2edce93665bffcfa5974bf185d5c0a540158",  # EC-ACC
        "2d3204a93c31e131d01c2e7db33c561704161321ae59615b7a36176aa85c8268",  # Entrust.net Certification Authorit
        "4421dafdeb4c183f5da1bbe8473e2971afcb6730ab2736d82389508aef51c956",  # Entrust.net Certification Authorit
        "cc9b8c51bcfcb0078256264352c9483ba2c27e5ef679da6955aab6bbce358258",  # Equifax Secure Global eBusiness CA
        "7037e7a38b6961795d359a52215968315f3475cb2c6c5f189a37acdde946e7e9",  # Equifax Secure eBusiness CA-1
        "6f407f8f98da9547a9ae884d219800d7f0eca44848663eaa913d0e777b463367",  # GTE CyberTrust Global Root
        "92e9e7d2192cb543c3d07475202d2f895ed46eed5bd53bbb9f190c9032aa222f",  # GeoTrust Global CA
        "6078c5abaed31986e059bc80e4e11a0dbd6853129c1d06b49767c620d1a2c583",  # GlobalSign
        "d05c0b943abd25fb5350090471eba09f290726e9d194bc12e9247068dcec93d7",  # GlobalSign
        "d4eacbe225e27dd349a879545bb6238b87afa328a7c30c87e02069e0bdfd644c",  # Go Daddy Class 2 Certification Aut
        "6cdcf2ea4a139f7a7dc3563582ceb167a2d91eceb7bb831a8d5b10d9074f3006",  # Government Root Certification Auth
        "55a98239aae11aaad0727744fbb9525b73a52d7eaa712819e7154576fd8a4de8",  # Microsoft Authenticode(tm) Root Au
        "02861c66700b242e1471d09dceb216291d10388ea245100ca852f223aeaea1aa",  # Microsoft Root Authority
        "97dcf7269905fface88faa693edbfc558992c162c4ed5ecb11c33b383c86ac60",  # Microsoft Root Certificate Authori
        "b8f55ddbeaabdf5a94cea05127b682f11ac2ae80d55af751b442c03916fc0a15",  # Microsoft Root Certificate Authori
        "97472af30676982b1bbf53b61d05c7b2d147911435e3e4ea14dcb02dc8c7902e",  # Microsoft Root Certificate Authori
        "adcc239dd23448b488c4445fa81a5422df248f88ea8b475ee476f8ea52e904cf",  # Starfield Class 2 Certification Au
        "6f04d0dc660ccb6b1090b05aaf38034782f37ba5723bf7f2112b2b8a7de30a7a",  # TeliaSonera Root CA v1
        "c88cade648140424eb55198c89e32aa4e48ef019c3366d434b6f17934b43bb08",  # Thawte Premium Server CA
        "5f7252a29a54fa29ea2e8400b41902b43b41d3e4c9ec8dc2192eea622ba23328",  # Thawte Server CA
        "25a318339d84941455681cacc9832c900cd96366663126fff5f1d1fe387f4479",  # Trustis FPS Root CA
        "caf6f5c88178753e565570f75fe009a5faa09cf386e05719a13238ceca79d78a",  # VeriSign Class 3 Public Primary Ce
        "cc3f5fa0b200a4085e4545117ebd15a0b8e302a93633ff42eab0e20ecfdc29f8",  # VeriSign Class 4 Public Primary Ce
        "a28ea9f305d498e43b13567ee2521c12ef6eca993dfa38487134ebc3f3e37074",  # ePKI Root Certification Authority
        "fa979a7efceec243a350d45990adc0d425f471ea353023574f078bd8086ef77b",  # ValiCert Class 2 Policy Validation
    )
)
