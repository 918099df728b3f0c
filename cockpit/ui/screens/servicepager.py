"""A text about one service: it is read like every text, and the keys of a service work."""

from cockpit.board.snapshot import ServiceStatus
from cockpit.ui.screens.pager import PagerScreen, Source
from cockpit.ui.screens.selected import SelectedService


class ServicePager(PagerScreen, SelectedService):
    """key: the service's."""

    def __init__(self, heading: str, source: Source, key: str) -> None:
        super().__init__(heading, source)
        self._key = key

    @property
    def service(self) -> ServiceStatus | None:
        """The service, as it is now; None when it is not on the board any more."""
        return self.cockpit.frame.snapshot.find(self._key)
