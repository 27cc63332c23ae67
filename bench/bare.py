"""The bare pipeline of existing tools: unzip, `bagit --validate --processes 2`, pygfried, sync. It describes and archives nothing.

python -m bench.bare BAG.zip OUT
"""

import os
import subprocess
import sys
from pathlib import Path

IDENTIFY = """
import os, sys, pygfried
paths = [os.path.join(folder, name) for folder, _, names in os.walk(sys.argv[1]) for name in names]
scanner = pygfried.Scanner()
found = {}
for at in range(0, len(paths), 256):
    for one in scanner.identify_many(paths[at : at + 256], workers=2)["files"]:
        found[one["matches"][0]["id"] if one["matches"] else ""] = 1
print(len(paths), "files", len(found), "formats")
"""


def main(box: str, out: str) -> None:
    """Run the tools one after the other."""
    os.makedirs(out)
    subprocess.run(["unzip", "-q", "-d", out, box], check=True, env={**os.environ, "LC_ALL": "C.UTF-8"})
    bag = next(one for one in Path(out).iterdir() if one.is_dir())
    subprocess.run(
        [sys.executable, "-m", "bagit", "--validate", "--quiet", "--processes", "2", str(bag)], check=True
    )
    subprocess.run([sys.executable, "-c", IDENTIFY, str(bag / "data")], check=True)
    subprocess.run(["sync", "-f", out], check=True)


if __name__ == "__main__":
    main(*sys.argv[1:3])
