"""From a request to its dialog, and from that to what is planned next."""

from functools import partial

from textual.screen import Screen

from cockpit.backends.change import Plan
from cockpit.engine.frame import OperationStatus
from cockpit.engine.port import MakeBulk, MakePlan, Require, Requirement
from cockpit.ui.cockpit import cockpit_of

Request = MakePlan | MakeBulk


def open_plan(screen: Screen[None], request: Request, about: str) -> None:
    """Make the plan, ask what the policy wants for it, preview it. about: what is waited for, "restart redis"."""
    cockpit = cockpit_of(screen)

    def planned(plan: Plan) -> None:
        cockpit.ask(Require(plan), "what the policy asks for", partial(preview, plan))

    def preview(plan: Plan, needed: Requirement) -> None:
        _show(screen, request, plan, needed)

    cockpit.ask(request, f"the plan of {about}", planned)


def open_running(screen: Screen[None], running: OperationStatus) -> None:
    """The dialog of a change that was left running: how it goes, and its stop."""
    plan = running.plan
    request = MakePlan(verb=plan.verb, service=plan.service, workload=plan.workload)
    _show(screen, request, plan, Requirement(), confirmed=True)


def _show(
    screen: Screen[None], request: Request, plan: Plan, needed: Requirement, *, confirmed: bool = False
) -> None:  # fmt: skip
    from cockpit.ui.dialogs.plan import PlanDialog

    def follow(then: Request | None) -> None:
        if then is not None:
            open_plan(screen, then, f"{then.verb} {getattr(then, 'service', '')}".strip())

    dialog = PlanDialog(request, plan, needed, cockpit_of(screen).frame, confirmed=confirmed)
    screen.app.push_screen(dialog, follow)
