"""Linking evidence: the log lines that are marked go with a new note; an entry that stands gets what is at hand."""

from textual.app import App

from cockpit.engine.port import AddNote, EditEntry
from cockpit.incident.entry import Entry
from cockpit.incident.timeline import Row
from cockpit.ui.cockpit import cockpit_of
from cockpit.ui.evidence import Evidence, captures, of_lines, of_reading
from cockpit.ui.format import plural
from cockpit.ui.lookup import services_near
from cockpit.ui.panes.logpane import LogPane
from cockpit.ui.screens.base import Asking, CockpitScreen

HINT = "14:27 or -5m first: when; ! decision, ? finding, @name action, > message"


def note(screen: CockpitScreen) -> None:
    """Ask for a line and write it into the timeline, with the marked log lines of this screen as its evidence."""
    log = next((pane for pane in screen.query(LogPane) if pane.marks), None)
    cockpit = cockpit_of(screen)

    def written(entry: Entry) -> None:
        if log is None:
            cockpit.say("written into the timeline", "ok")
        elif not entry.id:
            cockpit.say("the note is not saved yet, so nothing can be linked to it: the lines stay marked")
        else:
            _link(screen, entry, log)

    def done(text: str) -> None:
        if text.strip():
            service = log.services[0] if log is not None and len(log.services) == 1 else ""
            cockpit.ask(AddNote(text=text, service=service), "the journal to take the note", written)

    label = f"note + {plural(len(log.marks), 'line')}" if log is not None else "note"
    screen.ask_line(label, Asking(done=done), hint=HINT)


def _link(screen: CockpitScreen, entry: Entry, log: LogPane) -> None:
    cockpit, lines = cockpit_of(screen), log.marked_lines
    made = of_lines(lines, log.label)
    command = EditEntry(entry=entry.id, how="evidence", text=made.text, facts=made.facts)

    def linked(_: Entry) -> None:
        log.unmark()
        cockpit.say(f"written into the timeline, with {plural(len(lines), 'line')} as evidence", "ok")

    cockpit.ask(command, "the journal to take the evidence", linked)


def offered(screen: CockpitScreen, row: Row) -> list[Evidence]:
    """What is at hand for an entry: marked lines of any open log, the probes of its service, captures."""
    frame = cockpit_of(screen).frame
    found = [of_lines(pane.marked_lines, pane.label) for pane in _logs(screen.app) if pane.marks]
    service = services_near(frame.snapshot, "").get(row.service) if row.service else None
    if service is not None:
        found += [of_reading(service.name, probe) for probe in service.probes]
    return found + captures(frame.rows)


def _logs(app: App[object]) -> list[LogPane]:
    return [pane for screen in app.screen_stack for pane in screen.query(LogPane)]
