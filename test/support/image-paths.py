"""Prints what a docker-archive holds, all layers applied, as one JSON document: path -> entry.

    python3 image-paths.py ARCHIVE

Paths and link targets are byte strings (one character per byte). An entry is the topmost layer's header; names of a
hard-linked file share a `group` (the name that has the data) and show its header. Whiteouts are applied here, too.
"""

import hashlib
import json
import os
import sys
import tarfile

TYPES = {
    tarfile.REGTYPE: "file",
    tarfile.AREGTYPE: "file",
    tarfile.DIRTYPE: "directory",
    tarfile.SYMTYPE: "symlink",
    tarfile.CHRTYPE: "character-device",
    tarfile.BLKTYPE: "block-device",
    tarfile.FIFOTYPE: "fifo",
}
XATTR = "SCHILY.xattr."


def main(archive):
    paths = {}
    with tarfile.open(archive) as outer:
        manifest = json.load(outer.extractfile("manifest.json"))
        for name in manifest[0]["Layers"]:
            with tarfile.open(fileobj=outer.extractfile(name), errors="surrogateescape") as layer:
                apply(layer, paths)
    json.dump(paths, sys.stdout)


def apply(layer, paths):
    below = set(paths)
    for member in layer:
        path = absolute(member.name)
        folder, _, base = path.rpartition("/")
        if base == ".wh..wh..opq":
            remove_below(paths, below, folder)
        elif base.startswith(".wh."):
            hidden = folder + "/" + base[4:]
            remove_below(paths, below, hidden)
            paths.pop(hidden, None)
        elif member.islnk():
            paths[path] = paths[absolute(member.linkname)]
        else:
            if not member.isdir() and paths.get(path, {}).get("type") == "directory":
                remove_below(paths, below, path)
            paths[path] = entry(layer, member, path)


def remove_below(paths, below, folder):
    for path in [path for path in below if path.startswith(folder + "/")]:
        below.discard(path)
        paths.pop(path, None)


def entry(layer, member, path):
    found = {
        "type": TYPES[member.type],
        "mode": member.mode,
        "uid": member.uid,
        "gid": member.gid,
        "size": member.size,
        "mtime": seconds(member.pax_headers.get("mtime", str(member.mtime))),
        "target": bytes_of(member.linkname),
        "device": [member.devmajor, member.devminor] if member.ischr() or member.isblk() else None,
        "xattrs": {key[len(XATTR) :]: bytes_of(text) for key, text in member.pax_headers.items() if key.startswith(XATTR)},
        "group": path,
    }
    if member.isreg():
        found["sha256"] = digest(layer.extractfile(member))
    return found


def absolute(name):
    return "/" + "/".join(part for part in bytes_of(name).split("/") if part not in ("", "."))


def seconds(text):
    whole, _, fraction = text.partition(".")
    fraction = fraction.rstrip("0")
    return f"{whole}.{fraction}" if fraction else whole


def bytes_of(text):
    return os.fsencode(text).decode("latin1")


def digest(file):
    return hashlib.file_digest(file, "sha256").hexdigest()


main(sys.argv[1])
