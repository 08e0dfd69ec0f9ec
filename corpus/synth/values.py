"""The classes of secrets: how a value of each is generated, and the texts that such a value is found in.

Values come from a seeded generator, so that no live-looking constant stands in the repository.
"""

from __future__ import annotations

import base64
import json
import string
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from urllib.parse import quote

from corpus.manifest import Secret
from corpus.synth.text import Context as C  # noqa: N817  (the table below is mostly made of it)

_ALNUM = string.ascii_letters + string.digits
_BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
_BASE32 = string.ascii_uppercase + "234567"
_UPPER = string.ascii_uppercase + string.digits

Maker = Callable[[Random], str]


def text(rng: Random, length: int, alphabet: str = _ALNUM) -> str:
    """Random characters of ``alphabet``."""
    return "".join(rng.choices(alphabet, k=length))


def password(rng: Random, length: int = 20) -> str:
    """Letters and digits, each kind at least once, a letter first."""
    while True:
        value = text(rng, 1, string.ascii_letters) + text(rng, length - 1)
        if any(map(str.isdigit, value)) and any(map(str.isupper, value)) and any(map(str.islower, value)):
            return value


def awkward(rng: Random) -> str:
    """A password that JSON, XML and URLs each escape in their own way."""
    return f"p&<{text(rng, 6)}>\"'\\/+{text(rng, 5)}é=%"


def base64_of(rng: Random, size: int) -> str:
    """Base64 of random bytes."""
    return base64.b64encode(rng.randbytes(size)).decode()


def guid(rng: Random) -> str:
    """A random GUID in lower case."""
    digits = rng.randbytes(16).hex()
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def github_token(rng: Random) -> str:
    """``ghp_``, 30 characters of base62 and six that hold their CRC32 in base62."""
    body = text(rng, 30, _BASE62)
    checksum, digits = zlib.crc32(body.encode()), ""
    for _ in range(6):
        checksum, digit = divmod(checksum, 62)
        digits = _BASE62[digit] + digits
    return f"ghp_{body}{digits}"


def jwt(rng: Random) -> str:
    """A JSON Web Token with a random subject and signature."""
    parts = [json.dumps({"alg": "HS256", "typ": "JWT"}), json.dumps({"sub": text(rng, 12), "exp": 1900000000})]
    encoded = [part.encode() for part in parts] + [rng.randbytes(32)]
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in encoded)


@dataclass(frozen=True, slots=True)
class SecretClass:
    """A class of secrets. Every context is one in which its values are found without being known."""

    category: str
    make: Maker
    contexts: tuple[C, ...]

    def secret(self, rng: Random, name: str, *, context: bool = True) -> Secret:
        """A new secret of this class."""
        return Secret(self.category, name, True, self.make(rng).encode(), context)


OCTOPUS = (
    SecretClass(
        "octopus_api_key",
        lambda rng: "API-" + text(rng, 27, _UPPER),
        (
            C("{}"),
            C("X-Octopus-ApiKey: {}\r\nAccept: */*\r\n"),
            C("octo.exe push --apiKey={} --server=http://o"),
            C('{"ApiKey":"{}"}'),
        ),
    ),
    SecretClass(
        "octopus_cookie",
        lambda rng: quote(base64_of(rng, 48), safe=""),
        (C("Cookie: OctopusIdentificationToken_5d4b7a3e-9c1f-4a52-8d0e-6f2b1c3a4d5e={}; lang=en\r\n"),),
    ),
    SecretClass("octopus_csrf_token", lambda rng: base64_of(rng, 48), (C("X-Octopus-Csrf-Token: {}\r\n"),)),
    SecretClass(
        "octopus_master_key",
        lambda rng: base64_of(rng, 16),
        (
            C('<set key="Octopus.Storage.MasterKey">{}</set>'),
            C("Octopus.Server.exe configure --masterKey={}"),
            C('{"MasterKey":"{}"}'),
        ),
    ),
    SecretClass(
        "octopus_database_value",
        lambda rng: f"{base64_of(rng, 32)}|{base64_of(rng, 16)}",
        (C("{}"), C('{"SensitiveValue":"{}"}')),
    ),
    SecretClass("octopus_mask", password, (C("##octopus[mask value='{}']", "b64(utf8)"),)),
    SecretClass("octopus_machine_key", lambda rng: f"{base64_of(rng, 32)}.{base64_of(rng, 16)}", (C("{}"), C("{}\n"))),
    SecretClass(
        "octopus_external_database",
        password,
        (
            C(
                '<set key="Octopus.Storage.ExternalDatabaseConnectionString">Data Source=sql01;Initial Catalog=Octopus;'
                "User ID=octo;Password={};Encrypt=True</set>"
            ),
        ),
    ),
    SecretClass(
        "octopus_variable",
        awkward,
        (
            C('{"Name":"Octopus.Account.Password","Value":"{}","IsSensitive":true}', "json"),
            C('{"Octopus.Action.Azure.Password":"{}"}', "json"),
            C('{"HasValue":true,"NewValue":"{}"}', "json"),
        ),
    ),
    SecretClass("octopus_licence", lambda rng: base64_of(rng, 128), (C('<License Signature="{}">'),)),
    SecretClass(
        "octopus_licence_key",
        lambda rng: "-".join(text(rng, 5, string.digits) for _ in range(4)),
        (C('{"LicenseKey":"{}"}'),),
    ),
    SecretClass(
        "octopus_switch",
        password,
        (
            C("Tentacle.exe register-with --bearerToken={} --name=web1"),
            C('Tentacle.exe proxy --password "{}" --host p1'),
            C('{"TentacleProxyPassword":"{}"}'),
        ),
    ),
)

CONNECTIONS = (
    SecretClass(
        "sql_password",
        password,
        (
            C("Server=sql01;Database=Octopus;User ID=svc;Password={};Encrypt=True"),
            C("Data Source=db1;Password={};User Id=sa"),
            C("Server=db1;Uid=app;Pwd={};"),
            C("Server = db1; User ID = sa; Password = {}; Timeout = 5"),
            C("Server=db1;User ID=sa;Password='{}';Timeout=5"),
            C('Server=db1;User ID=sa;Password="{}";Timeout=5'),
        ),
    ),
    SecretClass(
        "jdbc_password",
        password,
        (
            C("jdbc:sqlserver://db1:1433;user=sa;password={};encrypt=true"),
            C("jdbc:oracle:thin:scott/{}@//db1.corp.local:1521/ORCL"),
            C("jdbc:mysql://db1:3306/app?user=app&password={}&useSSL=true"),
            C("jdbc:postgresql://db1/app?user=app&password={}"),
        ),
    ),
    SecretClass(
        "mongodb_password",
        password,
        (C("mongodb://app:{}@m1:27017,m2:27017/db?replicaSet=rs0"), C("mongodb+srv://app:{}@c0.corp.local/db")),
    ),
    SecretClass(
        "database_url_password",
        password,
        (
            C("postgres://app:{}@db1:5432/app"),
            C("postgresql://app:{}@db1/app"),
            C("mysql://app:{}@db1/app"),
            C("mariadb://app:{}@db1/app"),
            C("mssql://sa:{}@db1:1433/app"),
            C("redis://:{}@cache:6379/0"),
            C("rediss://default:{}@cache:6380"),
        ),
    ),
    SecretClass("amqp_password", password, (C("amqp://app:{}@mq1:5672/v"), C("amqps://app:{}@mq1/v"))),
    SecretClass(
        "url_password", password, (C("https://deploy:{}@git.corp.local/app.git"), C("ftp://svc:{}@files.corp.local/in"))
    ),
    SecretClass("netrc_password", password, (C("machine git.corp.local login deploy password {}\n"),)),
)

CLOUD = (
    SecretClass(
        "azure_storage_key",
        lambda rng: base64_of(rng, 64),
        (C("DefaultEndpointsProtocol=https;AccountName=st1;AccountKey={};EndpointSuffix=core.windows.net"),),
    ),
    SecretClass(
        "cosmos_key",
        lambda rng: base64_of(rng, 64),
        (C("AccountEndpoint=https://c1.documents.azure.com:443/;AccountKey={};"),),
    ),
    SecretClass(
        "service_bus_key",
        lambda rng: base64_of(rng, 32),
        (C("Endpoint=sb://b1.servicebus.windows.net/;SharedAccessKeyName=Root;SharedAccessKey={}"),),
    ),
    SecretClass(
        "app_configuration_secret",
        lambda rng: base64_of(rng, 32),
        (C("Endpoint=https://c1.azconfig.io;Id=ab12-l0-s0:xyz;Secret={}"),),
    ),
    SecretClass(
        "azure_client_secret",
        lambda rng: f"{text(rng, 3)}8Q~{text(rng, 34)}",
        (C("{}"), C("client_id=app1&client_secret={}&grant_type=client_credentials")),
    ),
    SecretClass(
        "azure_sas",
        lambda rng: quote(base64_of(rng, 32), safe=""),
        (
            C("https://st1.blob.core.windows.net/c/b?sv=2022-11-02&sr=b&sp=r&sig={}"),
            C("?sv=2022-11-02&ss=b&sig={}&se=2030-01-01"),
        ),
    ),
    SecretClass(
        "aws_access_key_id", lambda rng: "AKIA" + text(rng, 16, _BASE32), (C("{}"), C("aws_access_key_id = {}\n"))
    ),
    SecretClass(
        "aws_secret_access_key",
        lambda rng: base64_of(rng, 30),
        (C("aws_secret_access_key = {}\n"), C("AWS_SECRET_ACCESS_KEY={}"), C('{"SecretAccessKey":"{}"}')),
    ),
    SecretClass(
        "github_token",
        github_token,
        (C("{}"), C("Authorization: token {}\r\n"), C("https://x-access-token:{}@github.com/o/r.git")),
    ),
)

HTTP = (
    SecretClass("jwt", jwt, (C("{}"), C("Authorization: Bearer {}\r\n"), C("access_token={}&token_type=Bearer"))),
    SecretClass("basic_password", password, (C("GET / HTTP/1.1\r\nAuthorization: Basic {}\r\nHost: h\r\n", "basic"),)),
    SecretClass("bearer_token", lambda rng: text(rng, 43), (C("GET / HTTP/1.1\r\nAuthorization: Bearer {}\r\n"),)),
    SecretClass(
        "session_cookie",
        lambda rng: text(rng, 64),
        (
            C("Set-Cookie: .AspNetCore.Session={}; path=/; httponly\r\n"),
            C("Cookie: .AspNetCore.Cookies={}\r\n"),
            C("Set-Cookie: ASP.NET_SessionId={}; path=/\r\n"),
        ),
    ),
)

GENERIC = (
    SecretClass(
        "password",
        password,
        (
            C('{"user":"svc","password":"{}"}'),
            C("<Password>{}</Password>"),
            C('<add name="db" password="{}" />'),
            C("user=svc\npassword={}\n"),
            C("user: svc\npassword: {}\n"),
            C("GET /login?user=a&password={}&x=1 HTTP/1.1"),
            C("DB_PASSWORD={}"),
            C("app.exe --password={}"),
        ),
    ),
    SecretClass(
        "awkward_password",
        awkward,
        (
            C('{"user":"svc","password":"{}"}', "json"),
            C("<Password>{}</Password>", "xml"),
            C('<add name="db" password="{}" />', "xml"),
            C("GET /login?user=a&password={}&x=1 HTTP/1.1", "percent"),
        ),
    ),
    SecretClass("api_key", lambda rng: text(rng, 32), (C("X-Api-Key: {}\r\n"), C("api_key={}\n"), C('"apiKey": "{}"'))),
    SecretClass("client_secret", lambda rng: text(rng, 30), (C('"clientSecret":"{}"'), C("client_secret = {}\n"))),
    SecretClass(
        "token", lambda rng: text(rng, 40), (C('{"token":"{}"}'), C("<Token>{}</Token>"), C("refresh_token={}&x=1"))
    ),
)

CLASSES = (*OCTOPUS, *CONNECTIONS, *CLOUD, *HTTP, *GENERIC)
"""Every class of text."""
