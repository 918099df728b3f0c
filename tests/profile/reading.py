"""Short ways to load a profile from a text and to look at what was found."""

from collections.abc import Mapping
from textwrap import dedent

from cockpit.profile.load import Loaded, loads
from cockpit.profile.schema import Profile

HEAD = "version: 1\nname: shop\n"
ENGINE = HEAD + "backends: {docker: {kind: docker}}\n"


def loaded(text: str, environ: Mapping[str, str] | None = None) -> Loaded:
    """What a text holds; its name is x.yaml."""
    return loads(dedent(text), "x.yaml", environ or {})


def complaints(text: str) -> list[str]:
    """Every error as `line:column: text`."""
    return [str(error).removeprefix("x.yaml:").strip() for error in loaded(text).errors]


def good(text: str, environ: Mapping[str, str] | None = None) -> Profile:
    """The profile in a text that has no mistakes."""
    found = loaded(text, environ)
    assert not found.errors, [str(error) for error in found.errors]
    assert found.profile is not None
    return found.profile


def service(body: str) -> str:
    """A profile with an engine and one service `web` whose mapping, in flow style, is `body`."""
    return f"{ENGINE}services: {{web: {{{body}}}}}\n"


def probe(body: str) -> str:
    """A profile with one service that has a container and one probe `p`, in flow style."""
    return service(f"workloads: [{{compose: web}}], probes: {{p: {{{body}}}}}")
