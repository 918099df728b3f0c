"""What the demo tells its cluster beside the API of Kubernetes: which drills there are, and to start or end one.

GET /demo/drills lists them, POST /demo/drills/NAME?on=true or false starts or ends one. Nothing else is answered here.
"""

from dataclasses import replace

from cockpit.demo.kubernetes.api.errors import ApiError
from cockpit.demo.kubernetes.drills import BY_NAME, DRILLS
from cockpit.demo.kubernetes.emulator import Emulator
from cockpit.demo.kubernetes.server.wire import Answer, Call, Handler, reply

PREFIX = "/demo/drills"


def controlled(emulator: Emulator) -> Handler:
    """The emulator's API with the drills beside it. They stay reachable while the API has a fault."""

    async def handle(call: Call) -> Answer:
        if call.path != PREFIX and not call.path.startswith(f"{PREFIX}/"):
            return await emulator.api.handle(call)
        try:
            return _drills(emulator, call)
        except ApiError as error:
            return replace(reply(error.body, error.status), headers=error.headers)

    return handle


def _drills(emulator: Emulator, call: Call) -> Answer:
    name = call.path.removeprefix(PREFIX).strip("/")
    if not name and call.method == "GET":
        told = [
            {"name": one.name, "line": one.line, "mend": one.mend, "active": one.active(emulator)} for one in DRILLS
        ]
        return reply({"drills": told})
    drill = BY_NAME.get(name)
    if drill is None:
        raise ApiError(404, f"{name:.60} is no drill; there are {', '.join(BY_NAME)}")
    if call.method != "POST":
        raise ApiError(405, "a drill is started and ended by POST")
    if call.flag("on") != drill.active(emulator):
        (drill.inject if call.flag("on") else drill.clear)(emulator)
    return reply({"name": name, "active": drill.active(emulator)})
