"""Drive the flow. The only package that knows Dagster."""
