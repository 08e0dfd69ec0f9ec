"""The pack as a whole: passwords of every kind in the notations of programs, and ordinary text that must stay.

Unlike the examples of a single rule this asks whether any rule covers the whole value.
"""

from __future__ import annotations

import base64
import html
import json
import sysconfig
import urllib.parse
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from dumpscrub.detectors import build_detectors
from dumpscrub.layout import LayoutBuilder, RegionKind
from dumpscrub.model import Dump
from dumpscrub.rules.load import load_rules
from dumpscrub.rules.schema import Action, RuleSet
from dumpscrub.scanner import Scanner
from dumpscrub.search.finder import Search
from dumpscrub.source import BytesSource
from dumpscrub.span import Span, total, union

FAR = 1 << 32
PLAIN = (
    "Zx81mQ4vLr7Kp2Wd0s",
    "P@ssw0rd!",
    "hunter2",
    "Summer2024!",
    "aB3#x@9$kQ!z",
    "パスワード7鍵",
    "100%s3cure",
    "abc.def.9xyz",
)
SPECIAL = (
    *PLAIN,
    "Tr0ub4&dor<3>x",
    'it\'s"q7"x9',
    "my pass phrase 42",
    "D0m\\ain9x",
    "$ecr3tPa55",
    "Pässwört9é",
    "k9#pl;zz8Q",
)


def as_is(text: str) -> str:
    return text


def in_json(text: str) -> str:
    return json.dumps(text)[1:-1]


def in_json_twice(text: str) -> str:
    return in_json(in_json(text))


def in_json_of_dotnet(text: str) -> str:
    return "".join(c if c.isascii() and c not in "\"&'+<>`\\" else f"\\u{ord(c):04X}" for c in text)


def percent(text: str) -> str:
    return urllib.parse.quote(text, safe="")


def in_base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def doubled(text: str) -> str:
    return text.replace("'", "''")


def backslashed(text: str) -> str:
    return text.replace("\\", "\\\\").replace("'", "\\'")


ESCAPED: tuple[tuple[Callable[[str], str], str], ...] = (
    (in_json, '{"user":"a","password":"@"}'),
    (in_json, '{ "Password" : "@" }'),
    (in_json, '{"Name":"Db.Password","Value":"@"}'),
    (in_json, '{"Id":"1","Name":"Db.Key","Value":"@","Type":"Sensitive"}'),
    (in_json, '{"Key":"SmtpPassword","Value":"@"}'),
    (in_json, '"Password":{"HasValue":true,"NewValue":"@"}'),
    (in_json, 'var password = "@";'),
    (in_json, '  password: "@"\n'),
    (in_json_twice, '"{\\"password\\":\\"@\\"}"'),
    (in_json_of_dotnet, '{"Password":"@"}'),
    (html.escape, "<Password>@</Password>"),
    (html.escape, "<d2p1:Password>@</d2p1:Password>"),
    (html.escape, '<network host="h" userName="u" password="@" port="25"/>'),
    (html.escape, '<add key="AdminPassword" value="@"/>'),
    (html.escape, '<set key="Octopus.Proxy.ProxyPassword">@</set>'),
    (html.escape, "<key>Password</key><string>@</string>"),
    (percent, "https://h/p?user=a&password=@&x=1"),
    (percent, "username=a&password=@&grant_type=password"),
    (percent, "https://svc:@@host/path"),
    (percent, "postgres://svc:@@host:5432/db"),
    (percent, "redis://:@@cache:6379"),
    (percent, "mongodb://u:@@h1:27017,h2:27017/db"),
    (percent, "jdbc:oracle:thin:scott/@@//db:1521/x"),
    (in_base64, "##octopus[mask value='@']"),
    (in_base64, "##octopus[setVariable name='eA==' value='@' sensitive='VHJ1ZQ==']"),
    (in_base64, '{"data":{"password":"@"}}'),
    (doubled, "$password = '@'"),
    (doubled, "ConvertTo-SecureString '@' -AsPlainText -Force"),
    (doubled, "Server=db;User ID=sa;Password='@';Encrypt=True"),
    (backslashed, "{'password': '@'}"),
    (as_is, "\0DB_PASSWORD=@\0"),
    (as_is, "\0MYSQL_ROOT_PASSWORD=@\0"),
    (as_is, "PATH=/bin\nADMIN_PASSWORD=@\nHOME=/root"),
    (as_is, "USER a\r\nPASS @\r\n"),
)
RAW = (
    "Server=db;User ID=sa;Password=@;Encrypt=True",
    "Data Source=x;pwd=@",
    "User Id=sa;Password=@\0",
    "Password=@;Server=db",
    "jdbc:sqlserver://db:1433;user=sa;password=@;encrypt=true",
    "password=@\r\n",
    "spring.datasource.password = @\n",
    "password: @\n",
    "\0Db_Password=@\0",
    "app --password=@\0",
    "app --password @ --user x",
    "app /p:DbPassword=@ /v",
    "java -Ddb.password=@ -jar a.jar",
    "setup /password:@ /quiet",
    "login failed, password=@ for user x",
    "Password: @\r\n",
    "[Password, @]",
    "X-Octopus-ApiKey: @\r\n",
    "machine h login u password @\n",
    "curl -u admin:@ https://h",
    "net use Z: \\\\s\\share @ /user:d\\u",
    "sqlcmd -S s -U sa -P @",
    "docker run -e DB_PASSWORD=@ img",
    "setx DB_PASSWORD @",
)


@pytest.fixture(scope="module")
def scanner() -> Scanner:
    masked = tuple(rule for rule in load_rules().rules if rule.action is Action.MASK and rule.detector == "pattern")
    return Scanner(build_detectors(RuleSet(masked)), Search("hyperscan"))


def findings_in(scanner: Scanner, texts: Iterable[bytes]) -> list[tuple[Span, ...]]:
    """What is found in each of ``texts``, all put into one dump: spans that begin at 0 with the text."""
    texts = list(texts)
    data = b"".join(texts)
    builder = LayoutBuilder(len(data))
    starts = []
    position = 0
    for number, text in enumerate(texts, 1):
        builder.add(position, len(text), RegionKind.MEMORY, "text", number * FAR)
        starts.append(position)
        position += len(text)
    dump = Dump("raw", BytesSource(data), builder.build())
    spans = union(span for finding in scanner.scan(dump).findings for span in finding.spans)
    regions = [Span(start, start + len(text)) for start, text in zip(starts, texts, strict=True)]
    return [
        tuple(Span(s.start - region.start, s.end - region.start) for s in spans if region.covers(s))
        for region in regions
    ]


@pytest.mark.parametrize("codec", ["utf-8", "utf-16-le"])
def test_passwords_of_every_kind_are_covered(scanner: Scanner, codec: str) -> None:
    cases = [(template, escape(password)) for escape, template in ESCAPED for password in SPECIAL]
    cases += [(template, password) for template in RAW for password in PLAIN]
    texts, secrets = [], []
    for template, value in cases:
        before, _, after = template.partition("@")
        start = len(before.encode(codec))
        secrets.append(Span(start, start + len(value.encode(codec))))
        texts.append((before + value + after).encode(codec))
    found = findings_in(scanner, texts)
    missed = [
        case
        for case, spans, secret in zip(cases, found, secrets, strict=True)
        if not any(s.covers(secret) for s in spans)
    ]
    assert missed == []


@pytest.mark.parametrize(("value", "swept"), [("letmein", False), ("hunter2", True), ("correcthorse", True)])
def test_a_short_word_is_masked_but_not_looked_for_elsewhere(scanner: Scanner, value: str, swept: bool) -> None:
    data = f'{{"password":"{value}"}}'.encode()
    builder = LayoutBuilder(len(data))
    builder.add(0, len(data), RegionKind.MEMORY, "text", FAR)
    findings = scanner.scan(Dump("raw", BytesSource(data), builder.build())).findings
    assert [finding.spans for finding in findings] == [(Span(13, 13 + len(value)),)]
    assert [value.encode() in {found.data for found in finding.values} for finding in findings] == [swept]


ORDINARY = (
    "Server=sql;Database=Octopus;Integrated Security=SSPI;Persist Security Info=False",
    "System.Core, Version=4.0.0.0, Culture=neutral, PublicKeyToken=b77a5c561934e089",
    "\0PWD=/home/user\0OLDPWD=/root\0SHELL=/bin/bash\0",
    "if (password == null || password.Length < 8) throw new ArgumentException();",
    "def login(self, user, password=None, token=None):",
    "Enter the password for user %s: ",
    "Usage: login --password PASSWORD --token <token>",
    '<xs:element name="password" type="xs:string" minOccurs="0"/>',
    '<input type="password" name="password" placeholder="Password" />',
    '"properties":{"password":{"type":"string","format":"password"},"token":{"type":"string"}}',
    "https://example.org/reset-password?step=2",
    "INFO Deployment 17 completed on machine web3.corp.local in 42 ms",
    "urn:oasis:names:tc:SAML:2.0:ac:classes:Password",
    "SELECT name, password_hash FROM users WHERE token IS NULL",
    "basic authentication, bearer authentication and cookie authentication",
    "password=${env.DB_PASSWORD} apiKey=#{ApiKey} secret=$(Secret) token=%TOKEN%",
    "git@github.com:org/repo.git https://github.com/org/repo http://localhost:8080/",
)


@pytest.mark.parametrize("text", ORDINARY)
@pytest.mark.parametrize("codec", ["utf-8", "utf-16-le"])
def test_ordinary_text_stays(scanner: Scanner, text: str, codec: str) -> None:
    assert findings_in(scanner, [text.encode(codec)]) == [()]


def test_collateral_on_source_code_is_small(scanner: Scanner) -> None:
    """Nothing but source text is a harder place than a process: at most 200 bytes per MB, and values in it are real."""
    library = Path(sysconfig.get_paths()["stdlib"])
    texts = [path.read_bytes() for path in sorted(library.glob("*.py"))]
    data = b"\0".join(texts)
    (found,) = findings_in(scanner, [data])
    assert len(data) > 2_000_000
    assert total(found) < 200 * len(data) / 1_000_000
