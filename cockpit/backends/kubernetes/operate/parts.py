"""What can be kept of one pod, as parts: its description and events, the logs of its containers, declared dumps."""

from collections import deque
from collections.abc import AsyncGenerator, Sequence
from functools import partial

import msgspec

from cockpit.backends.base import SourceError
from cockpit.backends.capture import Part
from cockpit.backends.captured import LOG_LIMIT, log_text, plain_text, until_late
from cockpit.backends.dumped import dump_parts
from cockpit.backends.evidence import Evidence
from cockpit.backends.kubernetes.client import KubeClient
from cockpit.backends.kubernetes.describe import shown
from cockpit.backends.kubernetes.errors import ApiAnswer
from cockpit.backends.kubernetes.kinds import EVENTS
from cockpit.backends.kubernetes.lines import LineReader
from cockpit.backends.kubernetes.logs import readable
from cockpit.backends.kubernetes.operate.dump import dump
from cockpit.backends.kubernetes.operate.hands import Hands, Json, meta_of, spec_of
from cockpit.backends.kubernetes.wire import Page
from cockpit.backends.kubernetes.wire_apps import Event
from cockpit.backends.kubernetes.wire_pods import Pod
from cockpit.backends.outline import outline
from cockpit.logs.line import RawLine
from cockpit.profile.captures import Capture

LOG_TIME = 20.0
LINE_LENGTH = 100
"""Bytes that a line has at least, on average, where the API is asked for so many lines: it knows no last bytes."""
BEYOND = 4
"""How many times the limit one answer may be long: longer lines are asked for again, fewer of them."""
ATTEMPTS, RECENT = 4, 20
EVENTS_MOST = 100
PIECE = 64 * 1024
DEFAULT = "kubectl.kubernetes.io/default-container"


def default_container(pod: Json) -> str:
    """Where commands run unless it is said otherwise: what the pod says, else its first."""
    names = [str(one.get("name", "")) for one in spec_of(pod).get("containers") or ()]
    said = (meta_of(pod).get("annotations") or {}).get(DEFAULT)
    return said if said in names else names[0] if names else ""


async def description(hands: Hands, pod: Json, evidence: Evidence) -> Part:
    """What the API has of it, and the events about it: values of variables and secrets masked."""
    told = [
        f"  {one.last_timestamp or one.event_time or '-'}  {one.type} {one.reason} ({one.count or 1}x): {one.message}"
        for one in await _events(hands.client, pod)
    ]
    words = "\n".join([*(("events:", *told, "") if told else ()), outline(shown(pod))])
    return Part(name="inspect.txt", read=lambda: plain_text(words, evidence.secrets))


def logs(hands: Hands, pod: Json, path: str, evidence: Evidence, room: int) -> list[Part]:
    """The log of each container that ever ran, and of the run before. room: bytes that they may take together."""
    typed = msgspec.convert(pod, Pod)
    runs = [(name, False) for name in readable(typed)] + [(name, True) for name in readable(typed, previous=True)]
    several = len(typed.spec.containers or ()) + len(typed.spec.init_containers or ()) > 1
    limit = min(LOG_LIMIT, room // max(1, len(runs)))

    def part(name: str, previous: bool) -> Part:
        title = "-".join(("log", *((name,) if several else ()), *(("previous",) if previous else ())))
        return Part(
            name=f"{title}.txt", limit=limit * 2,
            read=lambda: _last(hands.client, path, name, previous, limit, evidence),
        )  # fmt: skip

    return [part(*run) for run in runs]


def dumps(
    hands: Hands, pod: Json, path: str, evidence: Evidence, wanted: Sequence[tuple[str, Capture]]
) -> tuple[list[Part], list[tuple[str, str]]]:
    """(parts, what cannot be kept with the reason) of the profile's captures; they run in the default container."""
    return dump_parts(evidence, wanted, partial(dump, hands.client, path, default_container(pod)))


async def _last(
    client: KubeClient, path: str, container: str, previous: bool, limit: int, evidence: Evidence
) -> AsyncGenerator[bytes, None]:
    """The last `limit` bytes of a log. SourceError, after what was read: why it is not all of it."""
    lines = limit // LINE_LENGTH
    kept = bytearray()
    broken: SourceError | None = None
    for _ in range(ATTEMPTS):
        answer = _Answer(client, path, {"container": container, "previous": str(previous).lower()}, limit * BEYOND)
        late = until_late(answer.batches(lines), client.clock, LOG_TIME)
        broken = None
        kept.clear()
        try:
            async for piece in log_text(late, evidence.secrets, limit):
                if (len(kept) + len(piece)) // PIECE > len(kept) // PIECE:
                    await client.clock.sleep(0)  # others have their turn: 5 MiB take a quarter of a second
                kept += piece
        except SourceError as error:
            broken = error
        if not answer.cut:
            break
        broken = broken or SourceError("its lines are too long: the newest of them are missing")
        lines = max(1, limit // answer.length)
    if kept:
        yield bytes(kept)
    if broken is not None:
        raise broken


class _Answer:
    """One answer with a log. cut: the API ended it at `most` bytes, so its newest lines are missing."""

    def __init__(self, client: KubeClient, path: str, query: dict[str, str], most: int) -> None:
        self._client, self._path, self._query, self._most = client, path, query, most
        self._size = 0
        self._lengths: deque[int] = deque([LINE_LENGTH], maxlen=RECENT)

    @property
    def cut(self) -> bool:
        return self._size >= self._most

    @property
    def length(self) -> int:
        """Bytes of a line, as the newest that came are: those that are missing are newer still."""
        return max(1, sum(self._lengths) // len(self._lengths))

    async def batches(self, lines: int) -> AsyncGenerator[Sequence[RawLine], None]:
        """The last `lines` lines. SourceError: there is no log, or the connection broke."""
        reader = LineReader()
        query: dict[str, str | int] = {
            **self._query,
            "timestamps": "true",
            "tailLines": lines,
            "limitBytes": self._most,
        }
        try:
            async with self._client.stream(f"{self._path}/log", query | self._query) as reply:
                async for data in reply.aiter_raw():
                    self._size += len(data)
                    yield self._counted(reader.feed(data))
                yield self._counted(reader.rest())
        except ApiAnswer as error:
            raise SourceError(_NO_LOG.get(error.status, error.message)) from None

    def _counted(self, found: list[RawLine]) -> list[RawLine]:
        self._lengths.extend(len(line.data) for line in found)
        return found


_NO_LOG = {403: "not permitted: needs get on pods/log", 404: "it is gone, and its log with it"}


async def _events(client: KubeClient, pod: Json) -> Sequence[Event]:
    meta = meta_of(pod)
    query: dict[str, str | int] = {"fieldSelector": f"involvedObject.uid={meta.get('uid', '')}", "limit": EVENTS_MOST}
    try:
        page = await client.get(EVENTS.path(str(meta.get("namespace", ""))), Page[Event], query)
    except ApiAnswer:
        return ()  # they may be seen by fewer than the pod itself
    return sorted(page.items or (), key=lambda one: one.last_timestamp or one.event_time or "", reverse=True)
