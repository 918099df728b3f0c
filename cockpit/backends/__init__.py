"""Where services run: the protocols in `base` and `change`, and one folder per backend."""

import sys
from importlib.util import find_spec

# What speaks HTTP is imported by these rooms and those above them, after this. httpx takes along its own command line
# where click is installed, and with it pygments and half of rich: 80 ms of each start that nobody uses.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]
# httpcore tries to import this anew for each lock it makes: six times a request, a third of all that one costs.
if "sniffio" not in sys.modules and find_spec("sniffio") is None:
    sys.modules["sniffio"] = None  # type: ignore[assignment]
