"""Everyday words of programs and their configuration: never searched for, even where one of them is a password."""

_WORDS = """
password passwd passphrase passcode pass secret secrets token tokens apikey api_key api-key accesskey keys
credential credentials cred creds value values name names user users username userid login logout signin signout
admin administrator administrators root guest system sysadmin superuser operator owner member account accounts
session cookie auth oauth oauth2 openid basic bearer digest negotiate ntlm kerberos anonymous authorization
authentication authenticated certificate certificates thumbprint signature license licence true false null none
undefined void empty blank default defaults unknown unset missing invalid valid required optional enabled disabled
enable disable always never auto automatic manual custom other others string text number integer int32 int64 long
bool boolean object array list dict char byte bytes double float decimal date datetime time timestamp data guid uuid
path file files folder directory type types class info information warn warning error errors debug trace fatal
verbose critical release message messages exception production prod development develop staging stage testing test
tests tester demo example examples sample samples local localhost 127.0.0.1 0.0.0.0 host hostname server servers
client clients port http https http/1.1 http/2 smtp imap ldap ldaps sftp rest soap grpc database databases table
column schema postgres postgresql mysql mariadb mssql sqlserver mongodb mongo redis rabbitmq oracle sqlite kafka
elastic elasticsearch master slave primary secondary replica windows linux macos unix ubuntu debian microsoft azure
amazon google docker kubernetes github gitlab jenkins octopus tentacle calamari deploy deployment project projects
environment environments tenant tenants worker workers service services application applications apps core common
main index home public private internal external global shared .net dotnet java python node nodejs powershell bash
utf8 utf-8 utf-16 unicode ascii latin1 base64 json html yaml toml text/plain text/html application/json sha1 sha256
sha384 sha512 hmac aes128 aes256 rsa2048 pkcs1 pkcs7 pkcs8 pkcs12 x509 masked hidden redacted removed sensitive
protected encrypted encoded decoded plain plaintext cleartext clear welcome 12345678 123456789 1234567890 monday
tuesday wednesday thursday friday saturday sunday january february march april june july august september october
november december system.string system.object system.char[] system.byte[] system.int32 system.boolean
system.security.securestring
"""

EVERYDAY_WORDS = frozenset(_WORDS.split())
