"""The running cockpits of one journal, and which of them records: one for each profile writes automatic entries.

All functions run inside one transaction, so two cockpits never both take the role.
"""

import sqlite3
from datetime import datetime

from cockpit.incident.lease import Processes, Session, alive, beating
from cockpit.incident.store import Store

_COLUMNS = "token, pid, space, boot, started, host, who, beat"


def enter(store: Store, session: Session) -> None:
    """Make this cockpit known."""
    with store.transaction() as db:
        db.execute(
            f"INSERT INTO session ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                session.token, session.pid, session.space, session.boot, session.started, session.host, session.who,
                session.beat.isoformat(),
            ),
        )  # fmt: skip


def leave(store: Store, token: str) -> None:
    """Give up the session and every role it has."""
    with store.transaction() as db:
        db.execute("DELETE FROM recorder WHERE token = ?", (token,))
        db.execute("DELETE FROM session WHERE token = ?", (token,))


def beat(store: Store, session: Session, scope: str, processes: Processes, now: datetime) -> bool:
    """Say that this cockpit lives, and take the recorder's role when nobody does it. Returns whether it has it.

    A session that others took for dead is entered again. Sessions that ended without saying so are cleared away.
    """
    with store.transaction() as db:
        db.execute(
            f"INSERT INTO session ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (token) DO UPDATE SET beat = excluded.beat",
            (
                session.token, session.pid, session.space, session.boot, session.started, session.host, session.who,
                now.isoformat(),
            ),
        )  # fmt: skip
        for other in known(db):
            if other.token != session.token and not alive(other, processes, now):
                db.execute("DELETE FROM recorder WHERE token = ?", (other.token,))
                db.execute("DELETE FROM session WHERE token = ?", (other.token,))
        holder = recorder(db, scope)
        if holder is None or (holder.token != session.token and not beating(holder, now)):
            db.execute("INSERT OR REPLACE INTO recorder (scope, token) VALUES (?, ?)", (scope, session.token))
            return True
        return holder.token == session.token


def recorder(db: sqlite3.Connection, scope: str) -> Session | None:
    """Who records for this profile."""
    row = db.execute(
        f"SELECT {_COLUMNS} FROM session WHERE token = (SELECT token FROM recorder WHERE scope = ?)", (scope,)
    ).fetchone()
    return _session(row) if row else None


def known(db: sqlite3.Connection) -> list[Session]:
    """Every session that entered and has not left."""
    return [_session(row) for row in db.execute(f"SELECT {_COLUMNS} FROM session").fetchall()]


def living(db: sqlite3.Connection, processes: Processes, now: datetime) -> dict[str, Session]:
    """By token, the sessions that still run."""
    return {session.token: session for session in known(db) if alive(session, processes, now)}


def _session(row: tuple[str, int, str, str, int, str, str, str]) -> Session:
    token, pid, space, boot, started, host, who, last = row
    return Session(
        token=token, pid=pid, space=space, boot=boot, started=started, host=host, who=who,
        beat=datetime.fromisoformat(last),
    )  # fmt: skip
