"""Keys of every type, in every form, at every place: dumps full of them, and what a redacted copy has left.

=================  =====================================================================================
``item``           bytes with the names of the components in them
``keys``           keys from a seed
``der``            DER with named components
``structures``     PKCS#1, PKCS#8, SEC 1, PEM, PKCS#12, public keys
``ssh``            OpenSSH and PuTTY
``stores``         Java's and Bouncy Castle's key stores, OpenPGP
``windows``        CryptoAPI, CNG, DPAPI
``numbers``        XML, JSON, and big numbers of libraries and runtimes
``symmetric``      AES schedules, ChaCha20, Kerberos, NTLM
``damage``         half of it, or without its first bytes
``catalogue``      which types stand in which form
``places``         what is around a key in memory
``files``          a minidump or an ELF core of it all
``trial``          dumps, and what is left in a redacted copy
=================  =====================================================================================

Nothing here shares code with the package that it judges.
"""
