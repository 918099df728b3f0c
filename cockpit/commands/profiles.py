"""`cockpit validate`, `cockpit schema`, `cockpit init`."""

import argparse
import asyncio
import os
import sys
from pathlib import Path

from cockpit.commands.common import complain, path_of_profile


def validate(options: argparse.Namespace) -> int:
    """Everything that is wrong with a profile (a file or a shipped one), one located line each; exit 0 or 64."""
    from cockpit.profile.validate import validate as validated

    given = Path(options.file)
    path = given if given.exists() else path_of_profile(options.file)
    if isinstance(path, int):
        return path
    lines, code = validated(path, os.environ)
    (sys.stderr if code else sys.stdout).write("\n".join(lines) + "\n")
    return code


def schema(_: argparse.Namespace) -> int:
    """The JSON Schema made from the types."""
    from cockpit.profile.jsonschema import schema_json

    sys.stdout.write(schema_json() + "\n")
    return 0


def init(options: argparse.Namespace) -> int:
    """Write a commented profile of what runs here; an existing file is not touched."""
    from cockpit.commands.check import settled
    from cockpit.commands.common import chosen_parts
    from cockpit.profile.init import profile_text

    target = None if options.output == "-" else Path(options.output)
    if target is not None and target.exists():
        complain(f"cockpit init: {target} exists and is left alone; name another with -o")
        return 64
    options.file = None
    parts = chosen_parts(options, journal=False, host=False)
    if isinstance(parts, int):
        return parts
    text = profile_text(asyncio.run(settled(parts, 10.0)), parts.profile)
    if target is None:
        sys.stdout.write(text)
        return 0
    try:
        target.write_text(text, encoding="utf-8")
    except OSError as error:
        complain(f"cockpit init: cannot write {target}: {error.strerror}")
        return 64
    sys.stdout.write(f"{target} written: read it through, then: cockpit {target}\n")
    return 0
