"""From a request to its dialog, and from that to what is planned next."""

from functools import partial

from textual.screen import Screen

from cockpit.backends.change import Plan
from cockpit.engine.port import MakeBulk, MakePlan, Require, Requirement
from cockpit.ui.cockpit import cockpit_of

Request = MakePlan | MakeBulk


def open_plan(screen: Screen[None], request: Request, about: str) -> None:
    """Make the plan, ask what the policy wants for it, preview it. about: what is waited for, "restart redis"."""
    cockpit = cockpit_of(screen)

    def planned(plan: Plan) -> None:
        cockpit.ask(Require(plan), "what the policy asks for", partial(preview, plan))

    def preview(plan: Plan, needed: Requirement) -> None:
        from cockpit.ui.dialogs.plan import PlanDialog

        screen.app.push_screen(PlanDialog(request, plan, needed, cockpit.frame), follow)

    def follow(then: Request | None) -> None:
        if then is not None:
            open_plan(screen, then, f"{then.verb} {getattr(then, 'service', '')}".strip())

    cockpit.ask(request, f"the plan of {about}", planned)
