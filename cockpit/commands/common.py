"""What several commands need: the profile that was asked for, and where state is kept."""

import argparse
import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from cockpit.engine.parts import Parts
from cockpit.profile.schema import Profile


def complain(line: str) -> None:
    """One line for a person, on stderr."""
    sys.stderr.write(line + "\n")


def chosen_parts(options: argparse.Namespace, *, journal: bool = True, host: bool = True) -> Parts | int:
    """The parts of the profile that the options name; an exit status when it cannot be used (told on stderr)."""
    from cockpit.assemble import assemble
    from cockpit.demo.emulated import is_emulated
    from cockpit.incident.place import state_directory

    loaded = chosen_profile(options)
    if isinstance(loaded, int):
        return loaded
    profile, name = loaded
    record = getattr(options, "record", None)
    make = partial(
        assemble,
        profile,
        name,
        who=options.who,
        read_only="started with --read-only" if options.read_only else "",
        record=Path(record) if record else None,
        host=host,
    )
    if is_emulated(profile):
        return _on_cluster(make, journal=journal)
    state = state_directory(os.environ, profile.state)
    parts = make(state_dir=state if journal else None)
    if any(backend.kind == "demo" for backend in profile.backends.values()):
        from cockpit.demo.assemble import attached

        return attached(parts)
    return parts


def _on_cluster(make: Callable[..., Parts], *, journal: bool) -> Parts | int:
    """On the demo's cluster that runs here; what it takes is loaded for no other start: 7 ms."""
    from cockpit.backends.base import SourceError
    from cockpit.demo import cluster

    try:
        folder = cluster.running_folder()
    except SourceError as error:
        complain(f"cockpit: {error}")
        return 2
    cluster.enter(folder)
    return cluster.on_cluster(make(state_dir=cluster.state_of(folder) if journal else None), folder)


def path_of_profile(word: str) -> Path | int:
    """The file of a profile that was named by its path or as a shipped one; or exit 64."""
    from cockpit.profile.locate import NoSuchProfile, locate
    from cockpit.resources import profiles

    try:
        return locate(word, profiles().glob("*.yaml"))
    except NoSuchProfile as error:
        complain(str(error))
        return 64


def chosen_profile(options: argparse.Namespace) -> tuple[Profile, str] | int:
    """(profile, name) of the file or shipped profile that was named; what runs here when none was; or exit 64."""
    from cockpit.profile.discover import discovered
    from cockpit.profile.load import load

    if not options.file:
        return discovered(os.environ), "here"
    path = path_of_profile(options.file)
    if isinstance(path, int):
        return path
    loaded = load(path, os.environ)
    if loaded.profile is None:
        for issue in loaded.errors:
            complain(str(issue))
        return 64
    return loaded.profile, loaded.profile.name
