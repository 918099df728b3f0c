"""The services' log lines, each service in its own shape, written whole to standard output or error."""

import json
import os
import time

LEVELS = {"debug": 10, "info": 20, "warn": 30, "error": 40, "fatal": 50}
_POSTGRES_WORD = {"debug": "DEBUG1", "info": "LOG", "warn": "WARNING", "error": "ERROR", "fatal": "FATAL"}
LINE_LIMIT = 3900
"""A write of less than PIPE_BUF (4096 bytes) to a pipe is never mixed with another thread's."""


def utc(moment: float, separator: str = "T", end: str = "Z") -> str:
    """Seconds since 1970 as "2026-03-01T14:28:03.120Z"."""
    whole = time.strftime(f"%Y-%m-%d{separator}%H:%M:%S", time.gmtime(moment))
    return f"{whole}.{int(moment % 1 * 1000):03d}{end}"


def _quoted(value: object) -> str:
    text = str(value)
    return json.dumps(text) if not text or any(char in text for char in ' "=') else text


class Log:
    """Writes lines of one format: json, logfmt, plain or postgres."""

    def __init__(self, form: str, service: str, instance: str) -> None:
        self._render = {
            "json": self._json,
            "logfmt": self._logfmt,
            "plain": self._plain,
            "postgres": self._postgres,
        }[form]
        self._service = service
        self._instance = instance

    def write(self, level: str, message: str, **fields: object) -> None:
        """One line. level: debug, info, warn, error or fatal; error and fatal go to standard error."""
        self._send(self._render(time.time(), level, message, fields), LEVELS[level] >= LEVELS["error"])

    def raw(self, *lines: str) -> None:
        """Lines as they are (a stack trace) to standard error."""
        for line in lines:
            self._send(line, True)

    def info(self, message: str, **fields: object) -> None:
        self.write("info", message, **fields)

    def warn(self, message: str, **fields: object) -> None:
        self.write("warn", message, **fields)

    def error(self, message: str, **fields: object) -> None:
        self.write("error", message, **fields)

    def fatal(self, message: str, **fields: object) -> None:
        self.write("fatal", message, **fields)

    def _send(self, line: str, is_error: bool) -> None:
        data = line.encode("utf-8", "replace")[:LINE_LIMIT] + b"\n"
        try:
            os.write(2 if is_error else 1, data)
        except OSError:
            # The host that reads the pipe is gone; the control socket's end says so too and ends the process.
            return

    def _json(self, now: float, level: str, message: str, fields: dict[str, object]) -> str:
        record = {"ts": utc(now), "level": level, "service": self._service, "instance": self._instance, "msg": message}
        return json.dumps(record | fields, default=str, ensure_ascii=False)

    def _logfmt(self, now: float, level: str, message: str, fields: dict[str, object]) -> str:
        pairs = {"ts": utc(now), "level": level, "msg": message} | fields
        return " ".join(f"{key}={_quoted(value)}" for key, value in pairs.items())

    def _plain(self, now: float, level: str, message: str, fields: dict[str, object]) -> str:
        tail = "".join(f" {key}={value}" for key, value in fields.items())
        stamp = utc(now, " ", "").replace(".", ",")
        return f"{stamp} {level.upper():<5} [{self._instance}] shop.{self._service} - {message}{tail}"

    def _postgres(self, now: float, level: str, message: str, fields: dict[str, object]) -> str:
        tail = "".join(f"  {key}: {value}" for key, value in fields.items())
        return f"{utc(now, ' ', ' UTC')} [{os.getpid()}] {_POSTGRES_WORD[level]}:  {message}{tail}"
