from __future__ import annotations

import pytest

from dumpscrub.detectors.names import is_secret_name, words

SECRET = """
PASSWORD DB_PASSWORD db_password MSSQL_SA_PASSWORD SA_PASSWORD PGPASSWORD MYSQL_PWD Pwd pwd db-pwd UserPwd
passwd SMTP_PASSWD PASSPHRASE SSH_KEY_PASSPHRASE passcode DB_PASS SMTPPASS SSHPASS RABBITMQ_DEFAULT_PASS DB_PASS_2 pw
SECRET CLIENT_SECRET clientSecret AZURE_CLIENT_SECRET SECRET_KEY_BASE DJANGO_SECRET_KEY SECRET_ID Secrets__Db
TOKEN GITHUB_TOKEN bearerToken AccessToken OAUTH2_TOKEN AWS_SESSION_TOKEN authtoken REFRESH_TOKENS IDToken
API_KEY APIKEY ApiKey OCTOPUS_API_KEY OctopusApiKey Octopus:ApiKey X-Octopus-ApiKey octopusapikey ADMIN_API_KEY ApiKEY
AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY ACCESS_KEY accountKey SharedAccessKey AZURE_STORAGE_KEY COSMOS_PRIMARY_KEY
PRIVATE_KEY privateKey MASTERKEY MasterKey masterKey OCTOPUS_MASTER_KEY Octopus.Storage.MasterKey ENCRYPTION_KEY
decryptionKey validationKey JWT_SIGNING_KEY AES256_KEY SSH_PRIVATE_KEY LicenseKey OCTOPUS_SERVER_BASE64_LICENSE
licenseBase64 CREDENTIALS AZURE_CREDENTIALS registryCreds GITHUB_PAT AZURE_DEVOPS_EXT_PAT
CONNECTIONSTRING CONNECTION_STRING DB_CONNECTION_STRING ConnectionStrings__Default ConnectionStrings:Default
storageConnectionString CONN_STR connStr SQLCONNSTR_Main Octopus.Storage.ExternalDatabaseConnectionString
AUTH REDIS_AUTH _auth Authorization SESSION_COOKIE ERLANG_COOKIE BLOB_SAS SAS_TOKEN SMARTCARD_PIN
javax.net.ssl.keyStorePassword Dpassword p:Password TentacleProxyPassword PASSWORD_HASH
""".split()  # noqa: SIM905

NOT_SECRET = """
PATH HOME PWD OLDPWD USER LANG TEMP APPDATA SESSIONNAME COMPUTERNAME PROCESSOR_IDENTIFIER OS KEY KEYS MONKEY KEYBOARD
SORT_KEY GPG_KEY PUBLIC_KEY PublicKeyToken CancellationToken continuationToken TOKENIZERS_PARALLELISM tokenize
SSH_AUTH_SOCK XAUTHORITY AUTHOR GIT_AUTHOR_NAME AUTH_TYPE AUTH_METHOD authority SASL_MECHANISM SAS_HOME
BYPASS COMPASS PASSENGER PASS_COUNT SECRETARY PINNED SPINLOCK COOKIE_DOMAIN PATTERN COMPATIBLE LICENSE
PASSWORD_FILE POSTGRES_PASSWORD_FILE PASSWORD_MIN_LENGTH passwordPolicy TOKEN_URL TokenEndpoint token_type SECRET_NAME
SECRETS_PATH SecretVersion ApiKeyHeader TOKEN_TTL TokenLifetime CREDENTIAL_HELPER GOOGLE_APPLICATION_CREDENTIALS
ConnectionStringName CONNECTION_TIMEOUT ask-pass no-password password-stdin USE_TOKEN IS_SECRET HAS_PASSWORD
SECRET_BACKEND secretsEngine TOKEN_STATUS PASSWORD_STRATEGY token_state PASSWORD_ENCODING TOKEN_RETRIES
KEYCLOAK_URL KEY_VAULT_NAME ClientId TENANT_ID 1 = _ __ -
""".split()  # noqa: SIM905


@pytest.mark.parametrize("name", SECRET)
def test_names_of_secrets(name: str) -> None:
    assert is_secret_name(name)


@pytest.mark.parametrize("name", [*NOT_SECRET, ""])
def test_names_of_other_things(name: str) -> None:
    assert not is_secret_name(name)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("ConnectionStrings__Default", ("connection", "strings", "default")),
        ("Octopus:ApiKey", ("octopus", "api", "key")),
        ("X-APIKey2", ("x", "api", "key", "2")),
        ("db.userName", ("db", "user", "name")),
        ("", ()),
    ],
)
def test_words(name: str, expected: tuple[str, ...]) -> None:
    assert words(name) == expected


def test_a_name_of_any_length_takes_no_time() -> None:
    assert is_secret_name("x" * 1_000_000 + "_PASSWORD")
    assert not is_secret_name("PASSWORD_" + "x" * 1_000_000)
