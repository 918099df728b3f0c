"""This machine, whole screen: it can be scrolled, and a filter finds a disk or a process."""

from cockpit.ui.cells import Line
from cockpit.ui.cockpit import Cockpit
from cockpit.ui.panes.host import host_lines
from cockpit.ui.screens.pager import PagerScreen


def host_screen(cockpit: Cockpit) -> PagerScreen:
    """A pager that follows the machine's numbers."""

    def lines(width: int) -> list[Line]:
        snapshot = cockpit.frame.snapshot
        return host_lines(cockpit.look, snapshot.host, snapshot.host_at, cockpit.now, width)

    host = cockpit.frame.snapshot.host
    name = cockpit.look.name(host.name) if host else ""
    return PagerScreen(f"This machine: {name}" if name else "This machine", lines)
