"""Every key, as data: the footer, the help, the palette and the bindings come from here, and all can be changed.

A key has one meaning along every focus chain (CHAINS); a letter that changes the world means nothing else anywhere.
"""

from collections.abc import Iterable, Mapping

from msgspec import Struct
from textual.binding import Binding

Bindings = list[Binding | tuple[str, str] | tuple[str, str, str]]
"""What Textual wants a class's BINDINGS to be."""


class Key(Struct, frozen=True, kw_only=True):
    """One binding. rank: its place in the footer, 0 never. quiet: an alias that help does not list."""

    id: str
    keys: str
    """As Textual names them, separated by commas."""
    action: str
    label: str
    tip: str
    scope: str
    rank: int = 0
    shown: str = ""
    """How the key is written for the reader, when not by its own name."""
    changes: bool = False
    """It changes a watched system, or leads to that."""
    quiet: bool = False
    verb: str = ""
    """What it does to a service; the footer leaves it out where that is not offered."""

    @property
    def name(self) -> str:
        """The key as the reader knows it."""
        return self.shown or self.keys.partition(",")[0]


def _key(scope: str, id: str, keys: str, action: str, label: str, tip: str, **more: object) -> Key:
    return Key(id=id, keys=keys, action=action, label=label, tip=tip, scope=scope, **more)  # type: ignore[arg-type]


KEYS: tuple[Key, ...] = (
    _key("app", "help", "question_mark", "app.help", "help", "what the keys do here", rank=90, shown="?"),
    _key("app", "command", "colon", "app.palette", "command", "a command by its name", rank=40, shown=":"),
    _key(
        "app", "filter", "slash", "app.filter", "filter", "filter this list (! inverse, -f fuzzy)", rank=30, shown="/"
    ),
    _key("app", "back", "escape,q", "app.back", "back", "one step back; at the top asks to quit", rank=80, shown="q"),
    _key("app", "next", "tab", "app.focus_next", "next pane", "the next pane", shown="Tab"),
    _key("app", "previous", "shift+tab", "app.focus_previous", "pane before", "the pane before", shown="S-Tab"),
    _key("app", "faults", "ctrl+z", "app.faults_only", "faults", "only services that are not well", shown="^z"),
    _key("app", "repaint", "ctrl+l", "app.repaint", "repaint", "repaint, and ask every source again", shown="^l"),
    _key(
        "app", "copy-or-back", "ctrl+c", "app.interrupt", "copy", "copy what is marked, else one step back", shown="^c"
    ),
    _key("app", "note", "i", "app.note", "note", "write a line into the timeline", rank=25),
    _key("app", "timeline", "T", "app.open('timeline')", "timeline", "the timeline, whole"),
    _key("app", "temporary", "C", "app.open('temporary')", "changes", "temporary changes that still stand"),
    _key("app", "zone", "Z", "app.zone", "UTC/local", "times in UTC or in local time"),
    _key("app", "wall", "F", "app.open('wall')", "wall", "the state in large letters"),
    _key("app", "host", "o", "app.open('host')", "machine", "this machine: CPU, memory, disks, processes"),
    _key("app", "health", "h", "app.open('health')", "endpoints", "every health endpoint with its timings"),
    _key("app", "resources", "u", "app.open('resources')", "resources", "CPU, memory and traffic of every instance"),
    _key("app", "drill", "X", "app.drill", "drill", "demo only: start or end a fault", changes=True),
    _key("list", "down", "j,down", "move(1)", "down", "one down", shown="j"),
    _key("list", "up", "k,up", "move(-1)", "up", "one up", shown="k"),
    _key("list", "top", "g,home", "edge(-1)", "first", "the first one", shown="g"),
    _key("list", "bottom", "G,end", "edge(1)", "last", "the last one", shown="G"),
    _key("list", "page-down", "pagedown,ctrl+f", "page(1)", "page down", "a page down", shown="PgDn"),
    _key("list", "page-up", "pageup,ctrl+b", "page(-1)", "page up", "a page up", shown="PgUp"),
    _key("pick", "enter", "enter", "enter", "detail", "into what is selected", rank=20, shown="Enter"),
    _key("pick", "mark", "space", "mark", "mark", "mark what is selected", shown="Space"),
    _key(
        "service",
        "restart",
        "r",
        "verb('restart')",
        "restart",
        "restart it: shows what would be done",
        rank=1,
        changes=True,
        verb="restart",
    ),
    _key(
        "service",
        "scale",
        "s",
        "verb('scale')",
        "scale",
        "change how many there are",
        rank=2,
        changes=True,
        verb="scale",
    ),
    _key(
        "service",
        "roll-back",
        "v",
        "verb('rollback')",
        "roll back",
        "back to the version before",
        rank=3,
        changes=True,
        verb="rollback",
    ),
    _key("service", "undo", "U", "undo", "undo", "take the last change back", changes=True),
    _key("service", "actions", "a", "actions", "actions", "every other action", rank=35, changes=True),
    _key("service", "log", "l", "log", "log", "its log, whole screen", rank=10),
    _key("service", "describe", "d", "describe", "describe", "all that is known of it", rank=50),
    _key("service", "inspect", "y", "inspect", "inspect", "what the platform itself says of it"),
    _key("service", "runbook", "b", "runbook", "runbook", "the runbook that fits"),
    _key("service", "explain", "x", "explain", "explain", "why it is in this state"),
    _key("service", "revisions", "z", "revisions", "history", "what it ran before, and the way back"),
    _key("service", "sort", "S", "sort", "sort", "another order"),
    _key("object", "owner", "J", "owner", "owner", "what keeps it as it is", rank=60),
    _key(
        "log",
        "since",
        "0,1,2,3,4,5,6",
        "since('{key}')",
        "since",
        "since: 0 all, 1 1m, 2 5m, 3 15m, 4 1h, 5 6h, 6 24h",
        shown="0-6",
        rank=45,
    ),
    _key("log", "wrap", "w", "wrap", "wrap", "wrap long lines", rank=15),
    _key("log", "times", "t", "times", "times", "show or hide the times", rank=16),
    _key("log", "raw", "J", "raw", "JSON", "JSON lines as fields, or as they came"),
    _key("log", "full", "f", "full", "full screen", "the log alone on the screen, and back"),
    _key("log", "previous-instance", "p", "previous", "previous", "the log of the run before the last restart"),
    _key("log", "mark-line", "m", "mark_line", "mark", "mark this line", rank=17),
    _key("log", "copy-line", "c", "copy", "copy", "copy the marked lines, or this one (OSC 52)"),
    _key("log", "match-next", "n", "match(1)", "next", "the next match"),
    _key("log", "match-before", "N", "match(-1)", "match before", "the match before"),
    _key("log", "first-error", "e", "first_error", "first error", "the first error", rank=12),
    _key("log", "top-errors", "E", "top_errors", "top errors", "errors grouped by shape, with counts", rank=13),
    _key("log", "save", "ctrl+s", "save", "save", "write what is shown to a file", shown="^s"),
    _key("log", "left", "left", "shift(-1)", "left", "to the left", shown="Left"),
    _key("log", "right", "right", "shift(1)", "right", "to the right", shown="Right"),
    _key("timeline", "reword", "e", "reword", "edit", "other words; a time may lead them", rank=1),
    _key("timeline", "pin", "asterisk", "pin", "pin", "pin it, or take the pin away", rank=2, shown="*"),
    _key(
        "timeline",
        "hide",
        "minus",
        "hide",
        "hide",
        "hide it, or show it again (J shows hidden ones)",
        rank=3,
        shown="-",
    ),
    _key(
        "timeline",
        "annotate",
        "A",
        "annotate",
        "annotate",
        "add a remark; what the cockpit wrote takes one too",
        rank=4,
    ),
    _key("timeline", "link", "L", "link", "evidence", "link log lines, a probe's answer, a capture to it", rank=5),
    _key("timeline", "recorded", "J", "recorded", "raw", "every entry as it was recorded, or the story", rank=6),
    _key("timeline", "export", "ctrl+s", "export", "export", "write what is shown, or marked, to a file", shown="^s"),
    _key("dialog", "button-next", "tab,right,down", "button(1)", "next", "the next button", shown="Tab", rank=2),
    _key("dialog", "button-before", "shift+tab,left,up", "button(-1)", "before", "the button before", quiet=True),
    _key(
        "dialog",
        "press",
        "enter",
        "press",
        "press",
        "press the button in brackets",
        shown="Enter",
        rank=1,
    ),
    _key("dialog", "leave", "escape,ctrl+c", "leave", "leaves it alone", "leave it alone", shown="Esc", rank=3),
    _key("dialog", "dialog-down", "pagedown,ctrl+f", "scroll(1)", "more", "scroll down", shown="PgDn", rank=4),
    _key("dialog", "dialog-up", "pageup,ctrl+b", "scroll(-1)", "back up", "scroll up", quiet=True),
    _key("dialog", "dialog-repaint", "ctrl+l", "app.repaint", "repaint", "repaint", quiet=True),
)

CHAINS: Mapping[str, tuple[str, ...]] = {
    "overview: services": ("list", "pick", "service", "app"),
    "overview: log": ("log", "list", "pick", "service", "app"),
    "log": ("log", "list", "pick", "service", "app"),
    "timeline": ("timeline", "list", "pick", "service", "app"),
    "a list": ("list", "pick", "service", "app"),
    "objects": ("object", "list", "pick", "service", "app"),
    "a text": ("list", "app"),
    "a service's text": ("list", "service", "app"),
    "dialog": ("dialog",),
}
"""Which scopes are alive together, the innermost first."""


def keys_of(scope: str) -> tuple[Key, ...]:
    """The keys of one scope."""
    return tuple(key for key in KEYS if key.scope == scope)


def bindings(*scopes: str) -> Bindings:
    """The Textual bindings of some scopes, for a class's BINDINGS."""
    return [
        Binding(
            one,
            key.action.replace("{key}", one),
            key.label,
            show=False,
            id=key.id if one == key.keys else None,
            tooltip=key.tip,
        )
        for scope in scopes
        for key in keys_of(scope)
        for one in ([key.keys] if "{key}" not in key.action else key.keys.split(","))
    ]


def chain_keys(keys: Iterable[Key], inner: Iterable[str], outer: Iterable[str]) -> tuple[Key, ...]:
    """The footer's keys for a focus chain: those of the focused pane first, then by rank; the last one is help."""
    own = [scope for scope in inner if scope not in ("list", "pick")]
    alive = {*inner, *outer}
    ranked = [key for key in keys if key.scope in alive and key.rank]
    return tuple(sorted(ranked, key=lambda key: (key.id == "help", key.scope not in own, key.rank)))
