"""Whether this machine's clock may be believed: the kernel says if something keeps it right."""

import ctypes
from collections.abc import Iterator
from typing import Literal

from cockpit.board.clock import Clock

_UNSYNCHRONIZED = 0x0040
_TIMEX_SIZE = 208
_STATUS, _MAX_ERROR = 40, 24
"""Offsets in the kernel's struct timex on 64-bit Linux: modes, offset, freq, maxerror, esterror, status."""

Found = tuple[Literal["ok", "poor", "bad"], str, str, str]


def clock_findings(clock: Clock) -> Iterator[Found]:
    """(state, what, detail, advice) of the clock and its time zone."""
    now = clock.now()
    local = now.astimezone()
    yield "ok", "time zone", f"{local:%H:%M} {local.tzname()} = {now:%H:%M}Z (Z on the screen switches)", ""
    state = _adjtimex()
    if state is None:
        yield "poor", "clock", "the kernel does not say whether it is kept right", "compare with `date -u` elsewhere"
        return
    status, error_us = state
    if status & _UNSYNCHRONIZED:
        yield "poor", "clock", "nothing keeps it right (no NTP)", "timedatectl set-ntp true, or install chrony"
    else:
        yield "ok", "clock", f"kept right by NTP, at most {error_us / 1000:.0f} ms off", ""


def _adjtimex() -> tuple[int, int] | None:
    """(status bits, maximum error in microseconds) of the kernel's clock; None where it cannot be asked."""
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        buffer = ctypes.create_string_buffer(_TIMEX_SIZE)
        if libc.adjtimex(buffer) < 0:
            return None
    except (OSError, AttributeError):
        return None
    status = ctypes.c_int.from_buffer(buffer, _STATUS).value
    return status, ctypes.c_long.from_buffer(buffer, _MAX_ERROR).value
