"""A stream of one instance's log lines."""

from cockpit.demo.host.connection import Connection
from cockpit.demo.host.instance import Instance
from cockpit.demo.host.operations import Params, flag, number

TAIL_LIMIT, BATCH = 10_000, 200


class LogStream:
    """Sends one instance's lines: those of the window, then, with `follow`, new ones as the caller takes them."""

    def __init__(self, connection: Connection, ident: object, instance: Instance, params: Params) -> None:
        self._connection, self._ident, self.instance = connection, ident, instance
        self._follow = flag(params, "follow", False)
        since = None if params.get("since") is None else number(params, "since", None, 0, 1e12)
        self._until = number(params, "until", 1e12, 0, 1e12)
        tail = None if params.get("tail") is None else int(number(params, "tail", None, 0, TAIL_LIMIT))
        run = None
        if flag(params, "previous", False):
            run, self._follow = max(1, instance.run - 1), False
        self._only_run = run
        self._next = instance.log.window(since, tail, run)
        connection.stream, connection.ident = self, ident
        self()

    def __call__(self) -> None:
        """Send what is there and fits."""
        log = self.instance.log
        while not self._connection.is_slow() and self._connection.is_open:
            if self._next < log.first_seq:
                self._connection.send(self._ident, event={"type": "lost", "count": log.first_seq - self._next})
                self._next = log.first_seq
            lines = log.since(self._next, BATCH)
            if not lines:
                break
            self._next = lines[-1].seq + 1
            shown = [line.as_json() for line in lines if self._wanted(line.at, line.run)]
            if shown:
                self._connection.send(self._ident, event={"type": "lines", "lines": shown})
        if not self._follow and self._next >= log.next_seq and self._connection.is_open:
            self.end()

    def end(self) -> None:
        """There is no more: the window is sent, or the instance was removed."""
        self._connection.send(self._ident, event={"type": "end"})
        self._connection.finish()

    def _wanted(self, at: float, run: int) -> bool:
        return at <= self._until and (self._only_run is None or run == self._only_run)
