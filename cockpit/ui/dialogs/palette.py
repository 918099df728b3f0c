"""`:` a command by its name: what the keys do, and the words of those who come from k9s."""

from collections.abc import Sequence

from msgspec import Struct
from textual import events

from cockpit.ui.cells import Line, Span, pad
from cockpit.ui.dialogs.base import Button, Dialog
from cockpit.ui.keys import Key
from cockpit.ui.narrow import keeper


class Named(Struct, frozen=True):
    """A command. action: as Textual runs it, on whatever has the focus below."""

    names: tuple[str, ...]
    action: str
    tip: str
    key: str = ""


_ALIASES = {
    "timeline": ("tl", "events", "ev"),
    "host": ("machine", "node", "no"),
    "health": ("endpoints", "probes", "ep"),
    "resources": ("top", "res", "usage"),
    "help": ("h",),
    "temporary": ("tmp", "changes"),
    "log": ("logs",),
    "describe": ("desc",),
    "inspect": ("yaml",),
    "faults": ("faults-only",),
}
_MORE = (
    Named(("services", "svc", "dp", "deploy", "po", "pods", "ctx", "ns"), "app.home", "the services"),
    Named(("quit", "q", "exit"), "app.ask_quit", "quit, after asking"),
    Named(("approve",), "app.approve", "approve another person's plan, by its number"),
    Named(("sharing", "share"), "app.sharing", "mask hosts, addresses and users, and show the state large"),
)


def commands(keys: Sequence[Key], scopes: Sequence[str], demo: bool) -> list[Named]:
    """Every command that can be run from a focus chain."""
    keyed = [
        Named((key.id, *_ALIASES.get(key.id, ())), key.action, key.tip, key.name)
        for key in keys
        if key.scope in scopes
        and key.scope not in ("list", "pick", "dialog")
        and "{key}" not in key.action
        and key.id not in ("command", "next", "previous", "back")
        and (demo or key.id != "drill")
    ]
    return [*_MORE, *keyed]


class Palette(Dialog):
    """Dismissed with the action of the picked command."""

    def __init__(self, keys: Sequence[Key], scopes: Sequence[str], demo: bool) -> None:
        super().__init__("Command")
        self._all = commands(keys, scopes, demo)
        self._typed = ""
        self._at = 0

    @property
    def buttons(self) -> tuple[Button, ...]:
        """Run it, or not."""
        return (Button("run", "Run"), Button("no", "Leave"))

    @property
    def _found(self) -> list[Named]:
        wanted = self._typed.strip().lower()
        keep = keeper(wanted)
        found = [one for one in self._all if keep(" ".join(one.names) + " " + one.tip)]
        # A whole name first, then the beginning of one, then any word of the explanation.
        return sorted(
            found, key=lambda one: (wanted not in one.names, not any(n.startswith(wanted) for n in one.names))
        )

    def content(self, width: int) -> list[Line]:
        """What is typed, and what it may mean."""
        found = self._found
        self._at = max(0, min(self._at, len(found) - 1))
        lines = [Line((Span(" :", "key"), Span(self._typed, "strong"), Span(" ", "focus")))]
        if not found:
            return [*lines, Line((Span(" no command has that name; Backspace takes letters back", "dim"),))]
        look = self.cockpit.look
        for index, one in enumerate(found):
            chosen = index == self._at
            lines.append(
                Line(
                    (
                        Span(look.glyphs.cursor + " " if chosen else "  ", "mark"),
                        Span(pad(" ".join(one.names[:3]), 24) + " ", "strong"),
                        Span(pad(one.key, 6), "key"),
                        Span(one.tip, "dim"),
                    ),
                    "selected" if chosen else "",
                )
            )
        return lines

    def on_key(self, event: events.Key) -> None:
        """Typing narrows, up and down move."""
        if event.key in ("up", "down"):
            self._at += 1 if event.key == "down" else -1
        elif event.key == "backspace":
            if not self._typed:
                self.dismiss(None)
                return
            self._typed, self._at = self._typed[:-1], 0
        elif event.is_printable and event.character:
            self._typed, self._at = (self._typed + event.character)[:60], 0
        else:
            return
        event.stop()
        event.prevent_default()
        self.redraw()

    def pressed(self, button: str) -> None:
        """Run the chosen one."""
        found = self._found
        self.dismiss(found[self._at].action if button == "run" and found else None)
