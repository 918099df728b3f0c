"""What each command of the command line does; a module is loaded when its command is run."""

import argparse
from collections.abc import Callable
from importlib import import_module

Run = Callable[[argparse.Namespace], int]


def _late(module: str, function: str = "run") -> Run:
    def run(options: argparse.Namespace) -> int:
        code: int = getattr(import_module(f"cockpit.commands.{module}"), function)(options)
        return code

    return run


TABLE: dict[str, Run] = {
    "open": _late("screen", "open_profile"),
    "demo": _late("demo"),
    "replay": _late("screen", "open_replay"),
    "check": _late("check"),
    "do": _late("do"),
    "validate": _late("profiles", "validate"),
    "schema": _late("profiles", "schema"),
    "init": _late("profiles", "init"),
    "note": _late("records", "note"),
    "timeline": _late("records", "timeline"),
    "journal": _late("records", "journal"),
    "approve": _late("records", "approve"),
    "doctor": _late("doctor"),
}
