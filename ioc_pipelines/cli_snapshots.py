"""``ioc snapshots``: the published warehouse files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ioc_pipelines.cli_support import Json, Profile, deployment_of, print_json

if TYPE_CHECKING:
    from ioc_pipelines.warehouse.snapshot_diff import TableDifference

snapshots = typer.Typer(no_args_is_help=True, help="Published warehouse files.")


@snapshots.command("list")
def snapshots_list(profile: Profile = None, as_json: Json = False) -> None:
    """The snapshots on disk, newest first, and what keeps each."""
    from ioc_pipelines.serving import show
    from ioc_pipelines.warehouse.snapshots import (
        kept_because,
        published_id,
        read_manifest,
        snapshot_ids,
    )

    deployment = deployment_of(profile)
    home, keep = deployment.home, deployment.catalog.profile.keep.snapshots
    current = published_id(home)
    manifests = [read_manifest(home, snapshot_id) for snapshot_id in snapshot_ids(home)]
    rows: list[dict[str, Any]] = [
        {
            "id": manifest.snapshot_id,
            "built_at": manifest.built_at.isoformat(timespec="seconds"),
            "bytes": manifest.bytes,
            "rows": sum(manifest.rows.values()),
            "published": manifest.snapshot_id == current,
            "kept_because": kept_because(home, manifest.snapshot_id, keep),
        }
        for manifest in manifests
    ]
    if as_json:
        print_json(rows)
        return
    shown = [[*list(row.values())[:-1], ", ".join(row["kept_because"]) or "–"] for row in rows]
    show.table(["id", "built_at", "bytes", "rows", "published", "kept_because"], shown)


@snapshots.command("verify")
def snapshots_verify(
    snapshot_id: Annotated[str, typer.Argument()], profile: Profile = None, as_json: Json = False
) -> None:
    """Check a snapshot's hash, tables, row counts and keys against its manifest."""
    from ioc_pipelines.serving import show
    from ioc_pipelines.warehouse.snapshots import verify

    manifest = verify(deployment_of(profile).home, snapshot_id)
    if as_json:
        print_json(manifest.model_dump(mode="json"))
        return
    show.say(
        f"{snapshot_id}: sound, {len(manifest.rows)} tables, {len(manifest.keys)} keys, "
        f"sha256 {manifest.sha256}"
    )


@snapshots.command("diff")
def snapshots_diff(
    older: Annotated[str, typer.Argument()],
    newer: Annotated[str, typer.Argument()],
    table: Annotated[
        list[str] | None,
        typer.Option(help="Only this table, marts.indicator_value, with examples; may be repeated"),
    ] = None,
    profile: Profile = None,
    as_json: Json = False,
) -> None:
    """What differs between two snapshots: tables, columns, rows, values key by key."""
    from ioc_pipelines.warehouse.snapshot_diff import EXAMPLES
    from ioc_pipelines.warehouse.snapshots import difference

    deployment = deployment_of(profile)
    personal = {
        column
        for contract in deployment.catalog.contracts.values()
        for column in contract.personal_columns()
    }
    found = difference(
        deployment.home,
        older,
        newer,
        tables=table or (),
        examples=EXAMPLES if table else 0,
        personal=personal,
    )
    if as_json:
        print_json([one.model_dump() for one in found])
        return
    _show_differences(found)


@snapshots.command("rollback")
def snapshots_rollback(
    snapshot_id: Annotated[str, typer.Argument()], profile: Profile = None
) -> None:
    """Publish an earlier snapshot again; the next refresh publishes a new one."""
    from ioc_pipelines.serving import show
    from ioc_pipelines.warehouse.snapshots import point_to, verify

    home = deployment_of(profile).home
    verify(home, snapshot_id)
    point_to(home, snapshot_id)
    show.say(f"published: {snapshot_id}")


def _show_differences(found: list[TableDifference]) -> None:
    from ioc_pipelines.serving import show

    columns = ["table", "rows_older", "rows_newer", "added", "removed", "changed", "columns"]
    rows = [
        [
            one.table,
            *(
                "–" if number is None else number
                for number in (one.rows_older, one.rows_newer, one.added, one.removed, one.changed)
            ),
            ", ".join(_columns(one)),
        ]
        for one in found
    ]
    show.table(columns, rows)
    for one in found:
        for example in one.examples:
            key = ", ".join(f"{column}={value}" for column, value in example.key.items())
            changes = "; ".join(
                f"{column}: {old} → {new}" for column, (old, new) in example.changes.items()
            )
            show.say(f"{one.table} {example.what} {key}{': ' if changes else ''}{changes}")


def _columns(one: TableDifference) -> list[str]:
    """Columns that differ: ``+`` added, ``-`` removed, of others the types or how many values."""
    return [
        *(f"+{column} {kind}" for column, kind in one.columns_added.items()),
        *(f"-{column}" for column in one.columns_removed),
        *(f"{column} {old}→{new}" for column, (old, new) in one.columns_retyped.items()),
        *(f"{column} {count}" for column, count in one.columns_changed.items()),
    ]
