#!/usr/bin/env python3
"""Prints what `sha256sum FILE...` prints, on every platform, with `/` and without `./`. Usage: sums.py FILE..."""
import hashlib
import pathlib
import sys

for path in sorted(pathlib.Path(name) for name in sys.argv[1:]):
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    sys.stdout.buffer.write(f"{digest}  {path.as_posix()}\n".encode())
