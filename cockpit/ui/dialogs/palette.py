"""`:` a command by its name, or the objects of a kind: what the keys do, and the words of those who come from k9s."""

from collections.abc import Callable, Sequence

from msgspec import Struct
from textual import events

from cockpit.engine.port import ListKinds, ObjectKind
from cockpit.ui.cells import Line, Span, pad
from cockpit.ui.dialogs.base import Button, Dialog
from cockpit.ui.keys import Key
from cockpit.ui.kindwords import meant, parsed
from cockpit.ui.narrow import keeper
from cockpit.ui.widgets.drawn import Drawn

AROUND = 5
"""Lines of the dialog that are no command: rule, what is typed, the hint, a blank one, the buttons."""


AFTER = " then: NAMESPACE or all, KEY=VALUE, @cluster, /filter; Right completes"
ANY = " or any kind of object, by its plural, singular or short name: po, dp, pvc, ev"


class Named(Struct, frozen=True):
    """A command. action: as Textual runs it, on whatever has the focus below.

    kind: the word that means a kind of objects, empty for every other command.
    """

    names: tuple[str, ...]
    action: str
    tip: str
    key: str = ""
    kind: str = ""


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
    "revisions": ("rollouts", "history", "rs"),
}
_MORE = (
    Named(("services", "svc", "dp", "deploy", "po", "pods", "ctx", "ns"), "app.home", "the services"),
    Named(("quit", "q", "exit"), "app.ask_quit", "quit, after asking"),
    Named(("approve",), "app.approve", "approve another person's plan, by its number"),
    Named(("sharing", "share"), "app.sharing", "mask hosts, addresses and users, and show the state large"),
)
_OF_CLUSTERS: tuple[Named, ...] = (
    Named(("nodes", "node", "no"), "app.open('nodes')", "the clusters' nodes: how they are, cordon, drain"),
)
"""Screens that only a cluster fills; without one they say so."""
_OBJECTS = frozenset(
    {"events", "ev", "node", "no", "endpoints", "ep", "dp", "deploy", "po", "pods", "ns", "rs", "replicasets"}
)
"""Words that mean objects where there is a cluster, and the nearest thing that the cockpit has where there is none."""


def commands(keys: Sequence[Key], scopes: Sequence[str], demo: bool, clusters: Sequence[str] = ()) -> list[Named]:
    """Every command that can be run from a focus chain. clusters: sources whose objects can be listed."""
    keyed = [
        Named((key.id, *_ALIASES.get(key.id, ())), key.action, key.tip, key.name)
        for key in keys
        if key.scope in scopes
        and key.scope not in ("list", "pick", "dialog")
        and "{key}" not in key.action
        and key.id not in ("command", "next", "previous", "back")
        and (demo or key.id != "drill")
    ]
    found = [*_MORE, *keyed]
    if not clusters:
        return [*found, *_OF_CLUSTERS]
    left = [
        Named(tuple(name for name in one.names if name not in _OBJECTS), one.action, one.tip, one.key) for one in found
    ]
    return [*left, *_OF_CLUSTERS]


class Palette(Dialog):
    """Dismissed with the action of the picked command."""

    def __init__(self, keys: Sequence[Key], scopes: Sequence[str], demo: bool, clusters: Sequence[str] = ()) -> None:
        super().__init__("Command")
        self._all = commands(keys, scopes, demo, clusters)
        self._clusters = tuple(clusters)
        self._kinds: Sequence[ObjectKind] | None = None
        self._why = ""
        self._typed = ""
        self._at = 0

    def on_mount(self) -> None:
        """Ask which kinds there are; until that is answered any word may be one."""
        if self._clusters:
            self.run_worker(self._ask_kinds(), exit_on_error=False)

    async def _ask_kinds(self) -> None:
        try:
            self._kinds = await self.cockpit.port.submit(ListKinds(self._clusters[0]))
        except Exception as error:  # whatever a command raises is a line for the reader
            self._why = str(error) or type(error).__name__
        self.redraw()

    @property
    def buttons(self) -> tuple[Button, ...]:
        """Run it, or not."""
        return (Button("run", "Run"), Button("no", "Leave"))

    @property
    def _found(self) -> list[Named]:
        wanted = self._typed.strip().lower()
        keep, words = keeper(wanted), wanted.split()
        found = [one for one in self._all if keep(" ".join(one.names)) or _told(one, words)]
        found += self._objects()
        word = wanted.partition(" ")[0]
        # A whole name first, then the beginning of one, then what has it anywhere.
        return sorted(found, key=lambda one: (word not in one.names, not any(n.startswith(word) for n in one.names)))

    def _objects(self) -> list[Named]:
        """The kinds that what is typed may mean; while they are not known, the word itself."""
        asked = parsed(self._typed)
        first, _, words = self._typed.strip().partition(" ")
        word, rest = first.lower(), f" {words}".rstrip()
        if asked.query.kind != word or not word or not self._clusters:
            return []
        if self._kinds is None:
            return [Named((word,), _listing(word + rest), f"objects of the cluster ({self._asked})", kind=word)]
        where = f" on {asked.source or self._clusters[0]}" if len(self._clusters) > 1 else ""
        return [
            Named(
                one.names,
                _listing(one.qualified + rest),
                f"objects: {one.kind}{f' of {one.group}' if one.group else ''}{where}",
                kind=str(one.plural if one.plural.startswith(word) else word),
            )
            for one in meant(self._kinds, word)
        ]

    @property
    def _asked(self) -> str:
        return self._why or "its kinds are being asked for"

    def content(self, width: int) -> list[Line]:
        """What is typed, and what it may mean."""
        found = self._found
        self._at = max(0, min(self._at, len(found) - 1))
        lines = [Line((Span(" :", "key"), Span(self._typed, "strong"), Span(" ", "focus")))]
        if not found:
            what = "no command and no kind of object" if self._clusters else "no command"
            return [*lines, Line((Span(f" {what} has that name; Backspace takes letters back", "dim"),))]
        look = self.cockpit.look
        room = max(3, self.one(Drawn).size.height - AROUND)
        first = max(0, min(self._at - room // 2, len(found) - room))
        for index, one in enumerate(found[first : first + room], first):
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
        hint = AFTER if found[self._at].kind else ANY if self._clusters and not self._typed else ""
        return [*lines, Line((Span(hint, "dim"),))] if hint else lines

    def on_key(self, event: events.Key) -> None:
        """Typing narrows, up and down move, right completes a kind."""
        deed = _DEEDS.get(event.key)
        if deed is not None:
            deed(self)
        elif event.is_printable and event.character:
            self._typed, self._at = (self._typed + event.character)[:120], 0
        if deed is None and not (event.is_printable and event.character):
            return
        event.stop()
        event.prevent_default()
        self.redraw()

    def step(self, by: int) -> None:
        """To another command."""
        self._at += by

    def erase(self) -> None:
        """Take a letter back; with none left the dialog is left."""
        if not self._typed:
            self.dismiss(None)
        self._typed, self._at = self._typed[:-1], 0

    def complete(self) -> None:
        """Write the kind's whole name in place of its beginning; where no kind is chosen, the next button."""
        found = self._found
        if not found or not (word := found[self._at].kind):
            self.action_button(1)
        elif " " not in self._typed.strip():
            self._typed, self._at = word + " ", 0

    def pressed(self, button: str) -> None:
        """Run the chosen one."""
        found = self._found
        if button != "run":
            self.dismiss(None)
        elif found:
            self.dismiss(found[self._at].action)


def _told(one: Named, words: Sequence[str]) -> bool:
    """Whether each word begins a name or a word of the explanation: Enter runs nothing for "dp" in "endpoint"."""
    said = (*one.names, *one.tip.lower().split())
    return all(any(part.startswith(word) for part in said) for word in words)


def _listing(words: str) -> str:
    return f"app.objects({words!r})"


_DEEDS: dict[str, Callable[[Palette], None]] = {
    "up": lambda palette: palette.step(-1),
    "down": lambda palette: palette.step(1),
    "backspace": Palette.erase,
    "right": Palette.complete,
}
