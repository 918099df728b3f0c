"""Quit? Says what goes on without the screen and what ends with it."""

from cockpit.ui.cells import Line, Span, wrap_words
from cockpit.ui.dialogs.base import NO, Button, Dialog
from cockpit.ui.dialogs.plantext import plan_words


class QuitDialog(Dialog):
    """Dismissed with True to quit."""

    def __init__(self) -> None:
        super().__init__("Quit the cockpit?")

    @property
    def buttons(self) -> tuple[Button, ...]:
        """No, Quit."""
        return (NO, Button("quit", "Quit"))

    def content(self, width: int) -> list[Line]:
        """What is under way."""
        frame = self.cockpit.frame
        running = [operation for operation in frame.operations if operation.phase != "ended"]
        said = [
            (f"{plan_words(status.plan)} is under way: it goes to its next safe point", "warning") for status in running
        ]
        said.append(("Nothing that is watched changes. The timeline is kept; the cockpit finds it again.", "text"))
        if frame.demo:
            said.append(("The demo's services end with it.", "text"))
        look = self.cockpit.look
        return [
            Line(),
            *(
                Line((Span(f" {piece}", style),))
                for text, style in said
                for piece in wrap_words(look.text(text), max(20, width - 2))
            ),
        ]

    def pressed(self, button: str) -> None:
        """Quit or not."""
        self.dismiss(button == "quit")
