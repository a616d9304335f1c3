#!/usr/bin/env bash
# Makes the keys and certificates of the stand-in time-stamp authorities anew: a root, a signer with an
# elliptic-curve key, one with an RSA key, and two that no check may accept. They protect nothing.
set -euo pipefail
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

: >"$work/index"
cat >"$work/ca.cnf" <<CNF
[ca]
default_ca = it
[it]
dir = $work
database = $work/index
new_certs_dir = $work
rand_serial = yes
default_md = sha256
policy = any
unique_subject = no
[any]
organizationName = supplied
commonName = supplied
[root]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
[signer]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
[wide]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping,codeSigning
CNF

# name, options of the key, section, day of its end, further options of the authority
certificate() {
    openssl genpkey $2 -out "$work/$1.key"
    openssl req -new -key "$work/$1.key" -subj "/O=Vara stand-ins/CN=Time stamps $1" -out "$work/$1.csr"
    openssl ca -batch -notext -config "$work/ca.cnf" -extensions "$3" -startdate 20200101000000Z -enddate "$4" \
        -in "$work/$1.csr" -out "$work/$1.pem" $5
    openssl x509 -in "$work/$1.pem" -outform DER -out "$1.der"
    openssl pkcs8 -topk8 -nocrypt -in "$work/$1.key" -outform DER -out "$1.p8"
    chmod 644 "$1.p8"
}
ec="-algorithm EC -pkeyopt ec_paramgen_curve:P-256"
root="-cert $work/root.pem -keyfile $work/root.key"
certificate root "$ec" root 20491231000000Z "-selfsign -keyfile $work/root.key"
rm root.p8
certificate a "$ec" signer 20491231000000Z "$root"
certificate b "-algorithm RSA -pkeyopt rsa_keygen_bits:2048" signer 20491231000000Z "$root"
certificate wide "$ec" wide 20491231000000Z "$root"
certificate expired "$ec" signer 20210101000000Z "$root"
