#!/usr/bin/env python3
"""Packs a folder into a tar.gz that depends on names and contents only. Usage: pack.py FOLDER ARCHIVE

Order by name, the time of SOURCE_DATE_EPOCH, no owner, modes 0755 (folders, the program) and 0644.
"""
import gzip
import os
import pathlib
import sys
import tarfile


def main(folder: pathlib.Path, archive: str) -> None:
    time = int(os.environ["SOURCE_DATE_EPOCH"])
    with open(archive, "wb") as file, gzip.GzipFile("", "wb", 9, file, time) as zipped:
        with tarfile.open(fileobj=zipped, mode="w", format=tarfile.USTAR_FORMAT) as tar:
            for path in sorted([folder, *folder.rglob("*")], key=lambda p: p.as_posix()):
                name = path.relative_to(folder.parent).as_posix()
                member = tarfile.TarInfo(name)
                member.mtime = time
                if path.is_dir():
                    member.type, member.mode = tarfile.DIRTYPE, 0o755
                    tar.addfile(member)
                    continue
                member.size = path.stat().st_size
                member.mode = 0o755 if path.stem == "rcosign" and path.suffix in ("", ".exe") else 0o644
                with path.open("rb") as content:
                    tar.addfile(member, content)


main(pathlib.Path(sys.argv[1]), sys.argv[2])
