"""Which images a container could run instead: local ones of the same repository, each with its age."""

from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec
from msgspec import Struct

from cockpit.backends.docker.errors import EngineAnswer
from cockpit.backends.docker.hands import Hands
from cockpit.backends.docker.wire import Wire
from cockpit.board.model import SafeText
from cockpit.board.text import safe

MOST = 20


class ImageRow(Wire, frozen=True):
    """One of GET /images/json. An image that lost its tag has none, or "<none>:<none>"."""

    id: str
    repo_tags: list[str] | None = None
    created: int = 0


class ImageWhole(Wire, frozen=True):
    """GET /images/{name}/json, as much of it as is used."""

    id: str
    created: str = ""
    config: dict[str, object] | None = None


class Candidate(Struct, frozen=True):
    """One image to go to. name: its tag, or its id when it has none."""

    name: str
    id: str
    created: datetime


def repository(image: str) -> str:
    """ "registry:5000/team/app:v1" without tag and digest; empty for a bare id."""
    plain = image.partition("@")[0]
    if plain.startswith("sha256:") or not plain:
        return ""
    head, slash, last = plain.rpartition("/")
    return f"{head}{slash}{last.partition(':')[0]}"


def candidates(rows: Sequence[ImageRow], repo: str, current: str) -> tuple[Candidate, ...]:
    """Images of the repository other than the current one, the newest first; each once, under its first tag."""
    found = []
    for row in rows:
        tags = [tag for tag in row.repo_tags or () if repository(tag) == repo]
        if row.id != current and tags:
            found.append(Candidate(tags[0], row.id, datetime.fromtimestamp(max(0, row.created), UTC)))
    found.sort(key=lambda one: (one.created, one.name), reverse=True)
    return tuple(found[:MOST])


def pick(found: Sequence[Candidate], repo: str, current: datetime | None) -> Candidate:
    """The likeliest: what is tagged `previous`, else the newest that is older than the current one, else the newest."""
    previous = next((one for one in found if one.name == f"{repo}:previous"), None)
    older = next((one for one in found if current is not None and one.created < current), None)
    return previous or older or found[0]


def named(found: Sequence[Candidate], wanted: str) -> Candidate | None:
    """The candidate that a person means: by name, by tag, or by (short) id."""
    for one in found:
        digest = one.id.removeprefix("sha256:")
        if wanted in (one.name, one.id, one.name.rpartition(":")[2]):
            return one
        if len(wanted.removeprefix("sha256:")) >= 6 and digest.startswith(wanted.removeprefix("sha256:")):
            return one
    return None


def shown(one: Candidate, now: datetime) -> SafeText:
    """ "app:v1.2  4be7aa01  built 6 d ago"."""
    return safe(f"{one.name}  {short(one.id)}  built {age((now - one.created).total_seconds())} ago", 300)


def short(image: str) -> str:
    """An image's id as it is shown."""
    return image.removeprefix("sha256:")[:12]


def age(seconds: float) -> str:
    """ "6 d", "3 h", "5 min"."""
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{int(seconds // size)} {unit}"
    return "under 1 min"


async def local_images(hands: Hands, repo: str) -> list[ImageRow]:
    """Images of a repository on this engine."""
    filters = msgspec.json.encode({"reference": [repo]}).decode()
    return await hands.client.get("/images/json", list[ImageRow], {"filters": filters})


async def image_of(hands: Hands, name: str) -> ImageWhole | None:
    """One image by name or id; None when it is not there (any more)."""
    try:
        return await hands.client.get(f"/images/{name}/json", ImageWhole)
    except EngineAnswer as error:
        if error.status == 404:
            return None
        raise
