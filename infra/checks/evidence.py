#!/usr/bin/env python3
"""Judges a pack of evidence by the tools of others: wacz, warcio, rfc3161-client, openssl, bagit, pypdf.

    python3 infra/checks/evidence.py            makes packs with the test suite of vara-evidence
    python3 infra/checks/evidence.py PACK       takes this one

Needs Python 3.10 or newer, openssl, and the Python package registry the first time; makes its own virtual
environment under target/. The pack is checked without network.
"""

import base64
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HOME = ROOT / "target" / "oracles"
PACKAGES = ("wacz==0.6.0", "warcio==1.8.1", "rfc3161-client==1.0.9", "bagit==1.9.0", "pypdf==6.1.1")


def inside() -> None:
    """Goes on in the virtual environment, made if it is not there."""
    python = HOME / "bin" / "python"
    if Path(sys.prefix).resolve() == HOME.resolve():
        return
    mark = HOME / "packages"
    if not mark.exists() or mark.read_text() != " ".join(PACKAGES):
        subprocess.run([sys.executable, "-m", "venv", HOME], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *PACKAGES], check=True)
        mark.write_text(" ".join(PACKAGES))
    os.execv(python, [python, *sys.argv])


def sample(directory: Path) -> tuple[Path, Path]:
    """A pack and a bag that the tests of vara-evidence write, stamped by both stand-in authorities."""
    pack, bag = directory / "sample.wacz", directory / "sample.zip"
    command = ["cargo", "test", "--quiet", "--locked", "-p", "vara-evidence", "one_that_is_made_anew"]
    settings = {"SAMPLE_PACK": str(pack), "SAMPLE_BAG": str(bag)}
    subprocess.run(command, cwd=ROOT, check=True, env={**os.environ, **settings}, stdout=subprocess.DEVNULL)
    return pack, bag


def run(what: str, *command: object) -> None:
    done = subprocess.run([str(it) for it in command], capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{what} refuses the pack:\n{done.stdout}{done.stderr}")
    print(f"ok  {what}")


def stamps(directory: Path) -> None:
    """Each time stamp, by OpenSSL and by rfc3161-client."""
    from cryptography import x509
    from rfc3161_client import VerifierBuilder, decode_timestamp_response

    answers = sorted((directory / "stamps").glob("*.tsr"))
    if not answers:
        raise SystemExit("the pack has no time stamps")
    for answer in answers:
        record, name = answer.stem[:36], answer.stem[37:].split("-")
        # Over the link of an event of the chain, over the stamp before it, or over the manifest.
        chain = name[0] == "head"
        authority = name[2] if chain else name[0]
        root = directory / "stamps" / f"{authority}-root-1.der"
        pem = root.with_suffix(".pem")
        run(f"openssl reads {root.name}", "openssl", "x509", "-inform", "DER", "-in", root, "-out", pem)
        query = answer.with_suffix(".tsq")
        run(f"openssl ts -verify -queryfile {query.name}", "openssl", "ts", "-verify", "-queryfile", query, "-in", answer, "-CAfile", pem)
        builder = VerifierBuilder().add_root_certificate(x509.load_der_x509_certificate(root.read_bytes()))
        reply = decode_timestamp_response(answer.read_bytes())
        if chain:
            link = links(directory, record)[int(name[1]) - 1]
            run(f"openssl ts -verify {answer.name}", "openssl", "ts", "-verify", "-digest", link, "-in", answer, "-CAfile", pem)
            builder.build().verify(reply, bytes.fromhex(link))
        else:
            before = directory / "stamps" / f"{record}-{authority}-{int(name[1]) - 1}.tsr"
            data = directory / "custody" / f"manifest-{record}.json" if name[1] == "1" else before
            run(f"openssl ts -verify {answer.name}", "openssl", "ts", "-verify", "-data", data, "-in", answer, "-CAfile", pem)
            builder.build().verify_message(reply, data.read_bytes())
        print(f"ok  rfc3161-client {answer.name}")


def links(directory: Path, record: str) -> list[str]:
    """The links of the chain of a record, in order."""
    lines = (json.loads(it) for it in (directory / "custody" / "chain.jsonl").read_text().splitlines())
    return [it["link"] for it in lines if it["event"]["stream"] == f"evidence-{record}"]


def reports(directory: Path) -> None:
    """The reports can be read, and the hash on paper is that of the file."""
    from pypdf import PdfReader

    manifests = {hashlib.sha256(it.read_bytes()).hexdigest() for it in (directory / "custody").glob("manifest-*.json")}
    files = sorted((directory / "report").glob("*.pdf"))
    if len(files) != len(manifests):
        raise SystemExit("not each record has a report")
    for file in files:
        reader = PdfReader(file)
        text = "".join(page.extract_text() for page in reader.pages).replace("\n", "").replace(" ", "")
        if not any(it in text for it in manifests) or reader.metadata.author:
            raise SystemExit(f"{file.name} is not on a record of this pack")
        print(f"ok  {file.name}, by pypdf: {len(reader.pages)} pages")


def bagged(directory: Path, file: Path) -> None:
    """The same in a bag, by bagit."""
    with zipfile.ZipFile(file) as archive:
        archive.extractall(directory / "bag")
    (root,) = (directory / "bag").iterdir()
    run("bagit validate", HOME / "bin" / "python", "-m", "bagit", "--validate", root)


def signatures(directory: Path) -> None:
    """The pack's own signature as web archive players check it, and Vara's over manifests and head."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, utils
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    def verify(spki: str, signature: str, message: bytes) -> None:
        raw = base64.b64decode(signature)
        half = len(raw) // 2
        der = utils.encode_dss_signature(int.from_bytes(raw[:half], "big"), int.from_bytes(raw[half:], "big"))
        load_der_public_key(base64.b64decode(spki)).verify(der, message, ec.ECDSA(hashes.SHA256()))

    signed = json.loads((directory / "datapackage-digest.json").read_text())["signedData"]
    verify(signed["publicKey"], signed["signature"], signed["hash"].encode())
    package = hashlib.sha256((directory / "datapackage.json").read_bytes()).hexdigest()
    if signed["hash"] != f"sha256:{package}":
        raise SystemExit("the pack's signature is over another package")
    for file in sorted((directory / "custody").glob("*.sig")):
        signature = json.loads(file.read_text())
        verify(signature["publicKeySpki"], signature["signature"], file.with_suffix(".json").read_bytes())
    print("ok  signatures, by cryptography")


def main() -> None:
    inside()
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        pack, bag = (Path(sys.argv[1]), None) if len(sys.argv) > 1 else sample(directory)
        bin = HOME / "bin"
        run("wacz validate", bin / "wacz", "validate", "-f", pack)
        with zipfile.ZipFile(pack) as archive:
            archive.extractall(directory / "pack")
        run("warcio check", bin / "warcio", "check", directory / "pack" / "archive" / "data.warc.gz")
        stamps(directory / "pack")
        signatures(directory / "pack")
        reports(directory / "pack")
        if bag:
            bagged(directory, bag)


if __name__ == "__main__":
    main()
