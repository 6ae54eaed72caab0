"""Runs the migrations on the connection that `app.store.schema` opened."""

from alembic import context

from app.store.tables import metadata

connection = context.config.attributes.get("connection")
if connection is None:
    raise SystemExit("Run `usher migrate`; it knows which database to use.")

context.configure(
    connection=connection,
    target_metadata=metadata,
    # procrastinate's tables are its own; see the revision `queue`.
    include_name=lambda name, kind, _: kind != "table" or not (name or "").startswith("procrastinate_"),
    compare_server_default=True,
)
with context.begin_transaction():
    context.run_migrations()
