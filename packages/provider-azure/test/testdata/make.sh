#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes the files of this folder anew: a chain of three, and PKCS#12 of it in the ways in which others write it.
# Needs OpenSSL 3 with its legacy provider. The private keys are in these files only, and belong to nothing.
set -eu
out=$(cd "$(dirname "$0")" && pwd)
cd "$(mktemp -d)"

issue() { # NAME ISSUER EXTENSIONS
  openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1.key" -subj "/C=US/O=ocisign test/CN=$1" -out "$1.csr"
  printf '%s\n' "$3" >"$1.ext"
  if [ "$1" = "$2" ]; then by="-key $1.key"; else by="-CA $2.pem -CAkey $2.key"; fi
  openssl x509 -req -in "$1.csr" $by -days 36500 -sha256 -extfile "$1.ext" -out "$1.pem"
}
issue root root 'basicConstraints=critical,CA:true
keyUsage=critical,keyCertSign,cRLSign'
issue authority root 'basicConstraints=critical,CA:true
keyUsage=critical,keyCertSign,cRLSign'
issue leaf authority 'keyUsage=critical,digitalSignature
extendedKeyUsage=codeSigning'
cat leaf.pem authority.pem root.pem >"$out/chain.pem"
# Key Vault gives them in any order.
cat root.pem authority.pem >others.pem

write() { # NAME OPTIONS…
  name=$1
  shift
  openssl pkcs12 -export -inkey leaf.key -in leaf.pem -certfile others.pem -passout pass: -out "$out/$name.pfx" "$@"
}
write aes-256
write aes-128-sha512 -certpbe AES-128-CBC -keypbe AES-128-CBC -macalg sha512
write rc2-40 -legacy
write triple-des -certpbe PBE-SHA1-3DES -keypbe PBE-SHA1-3DES -macalg sha1
write plain -certpbe NONE -keypbe NONE -macalg sha384
write certificates-only -nokeys
write password -passout pass:secret
write no-mac -nomac
write iterations -iter 100001
write rc4 -legacy -certpbe PBE-SHA1-RC4-128
