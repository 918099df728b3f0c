"""Fixtures that every room may use. Real parts skip with the reason where they are missing, and fail under CI=true."""

import contextlib
import signal
from collections.abc import Callable, Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests.parts.docker import DockerEngine, why_not
from tests.parts.fleet import Fleet, standing_fleet
from tests.parts.need import missing, pytest_runtest_makereport
from tests.patience import PATIENCE
from tests.terminal import Terminal

# Found here by its name: pytest calls it.
__all__ = ["pytest_runtest_makereport"]

# Properties look at the same examples in every run, and never at how long one took: on a busy machine 200 ms are soon
# over. `--hypothesis-profile=default` looks for new ones.
settings.register_profile(
    "house", deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("house")


def pytest_configure() -> None:
    """Give what the tests start the signals as they are by default.

    A run under nohup, or in the background of a shell, ignores some of them, and an ignored signal is inherited through
    exec: the child that a test hangs up would stay for ever. One that is caught, here by nothing, is not inherited.
    """
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, lambda *_: None)


@pytest.hookimpl(tryfirst=True)  # before `-m` chooses
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever asks for the engine is marked `docker`: `pytest -m "not docker"` leaves all of it out."""
    for item in items:
        if "docker_engine" in getattr(item, "fixturenames", ()):
            item.add_marker("docker")


@pytest.fixture(scope="session")
def docker_engine() -> Iterator[DockerEngine]:
    """A private Docker Engine with the image `tests.parts.docker.IMAGE`, shared by the session."""
    if reason := why_not():
        missing(reason)
    try:
        engine = DockerEngine()
    except RuntimeError as error:  # root, but not with all of root's powers: an unprivileged container
        missing(f"a private Docker Engine does not start here: {error}")
    yield engine
    engine.close()


@pytest.fixture
def patient_client(monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine may be as late as any part: what is done about one that hangs is held where one is made to hang."""
    monkeypatch.setattr("cockpit.backends.docker.client.TIMEOUT", PATIENCE)
    monkeypatch.setattr("cockpit.backends.docker.execute.ENDED_WITHIN", PATIENCE)


@pytest.fixture
def docker_clean(docker_engine: DockerEngine, patient_client: None) -> DockerEngine:
    """The engine, running, with no containers, networks or swarm in it."""
    docker_engine.clear()
    return docker_engine


@pytest.fixture
def docker_fleet(docker_engine: DockerEngine, patient_client: None) -> tuple[DockerEngine, Fleet]:
    """The engine with forty Compose-labelled containers (tests/parts/fleet.py).

    Tests that follow each other get the same one, as long as they leave it as it was.
    """
    return docker_engine, standing_fleet(docker_engine)


@pytest.fixture
def open_terminal() -> Iterator[Callable[..., Terminal]]:
    """`Terminal(...)`, closed with the test: `open_terminal(cockpit_argv("demo"), cols=80, rows=24)`."""
    with contextlib.ExitStack() as opened:
        yield lambda *args, **options: opened.enter_context(Terminal(*args, **options))
