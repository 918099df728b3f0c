"""The http probe: a URL, or a path on a workload's port that the backend resolves."""

import re

from cockpit.backends.base import SourceError
from cockpit.board.model import ReadingState
from cockpit.probes.ask import Answer, CannotAsk, Means, Stopwatch
from cockpit.probes.http_client import Clients
from cockpit.probes.http_fetch import Fetcher, NoAnswer, Question
from cockpit.probes.http_judge import expected_statuses, judge
from cockpit.profile.probes import HttpProbe

BODY_LIMIT = 256 * 1024
METRICS_LIMIT = 4 * 1024 * 1024
"""Metrics of a busy exporter pass 256 KiB; only the lines that are asked for are looked at."""

_USERINFO = re.compile(r"//[^/@]*@")


class HttpAsker:
    """Asks one http probe."""

    slack = 0.0

    def __init__(self, service: str, spec: HttpProbe, means: Means, clients: Clients) -> None:
        self._service, self._spec, self._means = service, spec, means
        self._fetcher = Fetcher(means.resolver, clients)
        metrics = any(sample.metric for sample in spec.samples.values())
        self._limit = METRICS_LIMIT if metrics else BODY_LIMIT

    async def ask(self, watch: Stopwatch) -> Answer:
        """Ask once."""
        spec, expand = self._spec, self._means.expand
        url = await self._url(watch)
        question = Question(
            method=spec.method,
            url=url,
            headers={name: expand(value) for name, value in spec.headers.items()},
            content=expand(spec.body).encode(),
            verify=spec.verify,
            ca=expand(spec.ca),
            redirects=spec.redirects,
            limit=self._limit,
            expected=expected_statuses(spec.status),
        )
        try:
            received = await self._fetcher.fetch(question, watch)
        except NoAnswer as error:
            state = ReadingState.UNKNOWN if error.unknown else ReadingState.DOWN
            return Answer(state=state, detail=str(error))
        return judge(spec, received, self._means.clean)

    async def _url(self, watch: Stopwatch) -> str:
        """The URL to ask; what is shown of it has no user, and its `${NAME}` stay names."""
        spec = self._spec
        if spec.url:
            watch.target = f"{spec.method} {_USERINFO.sub('//', spec.url)}"
            return self._means.expand(spec.url)
        path = spec.path if spec.path.startswith("/") else f"/{spec.path}"
        watch.target = f"{spec.method} :{spec.port}{path}"
        try:
            address = await self._means.resolve(self._service, spec.port)
        except SourceError as error:
            raise CannotAsk(str(error)) from None
        host = f"[{address.host}]" if ":" in address.host else address.host
        watch.target = f"{spec.method} {host}:{address.port}{path} ({address.how})"
        return f"{spec.scheme}://{host}:{address.port}{self._means.expand(path)}"
