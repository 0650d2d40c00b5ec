"""The templates of the HTML pages: text is never markup, a name that is not given is an error."""

from __future__ import annotations

from jinja2 import Environment, PackageLoader, StrictUndefined


def templates() -> Environment:
    """The environment of every page, rooted at this package."""
    return Environment(
        loader=PackageLoader("ioc_pipelines.serving", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
