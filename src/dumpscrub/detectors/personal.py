"""What identifies a person or a machine, by its text: numbers with a checksum, addresses, and names that nobody has."""

from __future__ import annotations

import ipaddress
import re

from dumpscrub import checksums
from dumpscrub.detectors import standins

_SEPARATORS = b" -.\xa0"
_ACCOUNTS = frozenset(
    {b"public", b"default", b"default user", b"defaultuser0", b"all users", b"defaultapppool", b"administrator"}
    | {b"containeradministrator", b"containeruser", b"networkservice", b"localservice", b"system", b"root", b"nobody"}
    | {b"user", b"username", b"user name", b"your name", b"yourname", b"you", b"name", b"shared", b"lost+found"}
)
_HOSTS = frozenset(
    {b"localhost", b"local", b"host", b"hostname", b"host-name", b"server", b"servername", b"server-name", b"machine"}
    | {b"machinename", b"computer", b"computername", b"name", b"domain", b"example", b"www", b"api", b"schemas"}
    | {b"null", b"nil", b"none", b"undefined", b"unknown", b"default", b"string", b"str", b"true", b"false", b"value"}
    | {b"localhost.localdomain", b"get", b"set", b"self", b"this", b"required", b"optional", b"empty", b"wildcard"}
    | {b"td", b"th", b"tr", b"br", b"div", b"span", b"strong", b"table", b"font", b"li", b"dd", b"dt"}
    | {b"yourserver", b"your-server", b"myserver", b"wsl", b"wsl.localhost", b"globalroot", b"pipe", b"device"}
)
_DATE = re.compile(rb"(?:19|20)\d\d([-/.])[01]\d\1[0-3]\d(?!\d)")
_LIVELY = 3
"""Digits of which there are so many different ones in a number that is not just typed."""


def is_card_number(value: bytes) -> bool:
    """True for 12 to 19 digits, however grouped, whose last one checks the others."""
    digits = value.translate(None, _SEPARATORS)
    return digits.isdigit() and 12 <= len(digits) <= 19 and checksums.luhn(digits.decode()) == 0


def is_iban(value: bytes) -> bool:
    """True for an International Bank Account Number, however grouped, whose check digits are right."""
    account = value.translate(None, _SEPARATORS)
    return account.isalnum() and 15 <= len(account) <= 34 and checksums.iban(account.decode("ascii")) == 1


def no_phone_number(value: bytes) -> str:
    """Why ``value`` is no telephone number (ITU-T E.164: up to 15 digits); empty where it may be one."""
    digits = bytes(character for character in value if chr(character).isdigit())
    if not 7 <= len(digits) <= 15 or _DATE.match(value):
        return "number"
    return "placeholder" if len(set(digits)) < _LIVELY else ""


def no_address(value: bytes) -> str:
    """Why ``value`` is no IP address of a machine; empty where it is one."""
    try:
        address = ipaddress.ip_address(value.decode("ascii"))
    except ValueError:
        return "number"
    reserved = address.is_loopback or address.is_unspecified or address.is_multicast
    # Versions end like that: 10.0.0.0
    ordinary = not reserved and not value.endswith(b".0.0") and value != b"255.255.255.255"
    return "" if ordinary else "number"


def no_host(value: bytes) -> str:
    """Why ``value`` is not the name of a machine; empty where it may be one."""
    if value.strip(b".").lower() in _HOSTS:
        return "word"
    if not value.strip(b"0123456789.-:"):
        return "number"
    return standins.placeholder_reason(value)


def no_user(value: bytes) -> str:
    """Why ``value`` is not the name of a person's account; empty where it may be one."""
    if value.strip().lower() in _ACCOUNTS:
        return "shared account"
    return standins.placeholder_reason(value)
