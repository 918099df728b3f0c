"""Which images a container could run instead: those that it ran, and local ones of the same repository."""

from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec
from msgspec import Struct

from cockpit.backends.docker.errors import EngineAnswer
from cockpit.backends.docker.hands import Hands
from cockpit.backends.docker.wire import Wire
from cockpit.backends.history import Ran
from cockpit.board.ages import ago, rough
from cockpit.board.model import SafeText
from cockpit.board.text import safe

MOST = 20
_EPOCH = datetime.fromtimestamp(0, UTC)


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


class Candidate(Struct, frozen=True, kw_only=True):
    """One image to go to. name: its tag, or its id when it has none (any more); called: how it is or was named.

    created: None when not known. previous: whether it has the tag `previous`. ran: what the journal knows of it here.
    gone: it is not on this engine any more.
    """

    name: str
    id: str
    called: str
    created: datetime | None
    previous: bool = False
    ran: Ran | None = None
    gone: bool = False


def repository(image: str) -> str:
    """ "registry:5000/team/app:v1" without tag and digest; empty for a bare id."""
    plain = image.partition("@")[0]
    if plain.startswith("sha256:") or not plain:
        return ""
    head, slash, last = plain.rpartition("/")
    return f"{head}{slash}{last.partition(':')[0]}"


def candidates(rows: Sequence[ImageRow], repo: str, current: str) -> tuple[Candidate, ...]:
    """Images of the repository other than the current one, the newest first; each once."""
    found = []
    for row in rows:
        tags = [tag for tag in row.repo_tags or () if repository(tag) == repo]
        if row.id != current and tags:
            # Said is the tag that tells most: every release was `previous` once.
            plain = [tag for tag in tags if tag != f"{repo}:previous"] or tags
            found.append(
                Candidate(
                    name=plain[0], id=row.id, called=plain[0], previous=f"{repo}:previous" in tags,
                    created=datetime.fromtimestamp(max(0, row.created), UTC),
                )
            )  # fmt: skip
    found.sort(key=lambda one: (one.created or _EPOCH, one.name), reverse=True)
    return tuple(found[:MOST])


def pick(found: Sequence[Candidate], current: datetime | None) -> Candidate | None:
    """The likeliest that is here: what ran here last and was healthy, what is tagged `previous`, else the newest that
    is older than the current one, else the newest."""
    here = [one for one in found if not one.gone]
    healthy = [(one.ran.until or one.ran.since, one) for one in here if one.ran is not None and one.ran.healthy]
    last = max(healthy, key=lambda pair: pair[0])[1] if healthy else None
    previous = next((one for one in here if one.previous), None)
    older = next((one for one in here if current and one.created and one.created < current), None)
    return last or previous or older or next(iter(here), None)


def named(found: Sequence[Candidate], wanted: str) -> Candidate | None:
    """The candidate that a person means: by name, by tag, or by (short) id."""
    for one in found:
        digest = one.id.removeprefix("sha256:")
        if wanted in (one.name, one.id, one.name.rpartition(":")[2]):
            return one
        if len(wanted.removeprefix("sha256:")) >= 6 and digest.startswith(wanted.removeprefix("sha256:")):
            return one
        if one.previous and wanted.rpartition(":")[2] == "previous":
            return one
    return next((one for one in found if one.gone and wanted in (one.called, one.called.rpartition(":")[2])), None)


def shown(one: Candidate, repo: str, now: datetime) -> SafeText:
    """Last healthy, age, origin: "v1  4be7aa01  healthy 27 min ago · ran 6 d · journal"; 66 columns where it can be."""
    name = one.called.rpartition(":")[2] if repository(one.called) == repo else called(one.called)
    origin = "journal" if one.ran else "tagged previous" if one.previous else "local image"
    return safe(f"{name}  {short(one.id)[:8]}  {_condition(one, now)} · {_age_of(one, now)} · {origin}", 300)


def _condition(one: Candidate, now: datetime) -> str:
    if one.gone:
        return "gone from this engine"
    if one.ran is None:
        return "not known when healthy"
    return f"healthy {ago(one.ran.healthy, now)}" if one.ran.healthy else "not seen healthy"


def _age_of(one: Candidate, now: datetime) -> str:
    if one.ran is None:
        return f"built {ago(one.created, now)}" if one.created else "age not known"
    lasted = rough(((one.ran.until or now) - one.ran.since).total_seconds())
    # Its end is near when it was last healthy, which stands beside it.
    if one.ran.until is None or (one.ran.healthy and not one.gone):
        return f"ran {lasted}"
    return f"ran {lasted} to {ago(one.ran.until, now)}"


def called(name: str) -> str:
    """An image as it is said: its name, or its short id."""
    return short(name) if name.startswith("sha256:") else name


def short(image: str) -> str:
    """An image's id as it is shown."""
    return image.removeprefix("sha256:")[:12]


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
