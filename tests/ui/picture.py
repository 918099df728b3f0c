"""The scene in this terminal, its clock standing still, to look at: `python -m tests.ui.picture [THEME]`."""

import sys

from cockpit.ui.environment import set_defaults


def main() -> int:
    """Run the app on the scene, its clock standing still."""
    set_defaults()
    from cockpit.board.clock import ManualClock
    from cockpit.ui.app import CockpitApp
    from cockpit.ui.settings import Settings
    from tests.ui import scene
    from tests.ui.fakeport import AT

    theme = sys.argv[1] if len(sys.argv) > 1 else "auto"
    settings = Settings(theme=theme, ticking=False, ascii=None)  # type: ignore[arg-type]
    return CockpitApp(scene.port(), settings, ManualClock(AT)).run_on_terminal()


if __name__ == "__main__":
    sys.exit(main())
