"""Alembic's entry point: run the migrations on the connection that ``ledger.open`` hands over."""

from alembic import context

from ioc_pipelines.ledger.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
