"""The app on a port that a thread feeds, as a program: for byte budgets and stalls in a real terminal.

python -m tests.ui.live [--services N] [--tail LINES_PER_SECOND] [--stats SECONDS] [--hostile]
"""

import argparse
import random
import sys
import threading

from msgspec.structs import replace

from cockpit.engine.frame import LogWindow
from cockpit.ui.environment import set_defaults
from tests.board.fleet import fleet_snapshot
from tests.ui.fakeport import FakePort

HOSTILE = ("[/]", "[@click=app.quit]x[/]", "[red]no colour[/red]", "\\e]0;x\\a", "wide 漢字 and e\u0301 and 🙂 end")


class Feeder(threading.Thread):
    """Beats four times a second; measures every service each `stats` seconds; writes `tail` lines a second."""

    def __init__(self, port: FakePort, options: argparse.Namespace) -> None:
        super().__init__(daemon=True)
        self.port = port
        self.options = options
        self.chance = random.Random(7)
        self.stopped = threading.Event()

    def run(self) -> None:
        """Until the program ends."""
        turn = 0
        while not self.stopped.wait(0.25):
            turn += 1
            changes = {}
            if self.options.stats and turn % max(1, int(self.options.stats * 4)) == 0:
                changes["snapshot"] = self.measured()
            lines = self.options.tail // 4
            if lines:
                texts = [f"INFO handled request {turn}-{n} in {self.chance.randrange(900)} ms" for n in range(lines)]
                self.port.write(*texts, source=f"auth-{turn % 2 + 1}")
            self.port.push(**changes)

    def measured(self) -> object:
        """The same services with new CPU and memory."""
        snapshot = self.port.frame().snapshot
        services = tuple(
            replace(
                service,
                cpu=max(0.0, (service.cpu or 0) + self.chance.uniform(-4, 4)),
                memory=max(0.0, (service.memory or 0) * self.chance.uniform(0.97, 1.03)),
            )
            for service in snapshot.services
        )
        return replace(snapshot, version=snapshot.version + 1, services=services)


def crash(*_: object) -> LogWindow:
    """Fails while a secret is in sight of the traceback."""
    password = "hunter2-" + "x" * 3
    raise RuntimeError(f"crashed after {len(password)} characters")


def main() -> int:
    """Run it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--services", type=int, default=8)
    parser.add_argument("--tail", type=int, default=0)
    parser.add_argument("--stats", type=float, default=0)
    parser.add_argument("--hostile", action="store_true")
    parser.add_argument("--still", action="store_true", help="the heart stops")
    parser.add_argument("--crash", action="store_true", help="the port fails when the screen asks it")
    options = parser.parse_args()
    set_defaults()
    from cockpit.ui.app import CockpitApp
    from cockpit.ui.settings import Settings

    port = FakePort(fleet_snapshot(options.services))
    port.write(*(f"INFO started part {n}" for n in range(60)))
    if options.hostile:
        port.write(*HOSTILE)
    feeder = Feeder(port, options)
    if options.crash:
        port.log_window = crash  # type: ignore[method-assign, assignment]
    if not options.still:
        feeder.start()
    return CockpitApp(port, Settings(theme="dark", ascii=False)).run_on_terminal()


if __name__ == "__main__":
    sys.exit(main())
