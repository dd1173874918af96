"""What a test can ask of the cassette it plays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from understudy._cassettes.interaction import Interaction
from understudy.errors import UnderstudyError

if TYPE_CHECKING:
    from understudy._cassettes.session import CassetteSession


class Cassette:
    """What a test can ask of the cassette it plays.

    Attributes:
        path: of the file.
    """

    def __init__(self, session: CassetteSession) -> None:
        self._session = session
        self.path = session.path

    def is_of(self, session: CassetteSession) -> bool:
        """Return True if this is the cassette of a session."""
        return self._session is session

    @property
    def played(self) -> list[Interaction]:
        """The recorded interactions that were played so far, or have just been recorded."""
        return self._session.played()

    @property
    def unplayed(self) -> list[Interaction]:
        """The recorded interactions that the app has not asked for so far."""
        return self._session.unplayed()

    @property
    def problems(self) -> list[UnderstudyError]:
        """What went wrong so far.

        It is raised at the end, whether the app swallowed it or not.
        """
        return list(self._session.problems)

    def __repr__(self) -> str:
        return f"<Cassette {self.path}: {len(self.played)} played, {len(self.unplayed)} unplayed>"
