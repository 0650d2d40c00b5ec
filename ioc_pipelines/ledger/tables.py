"""The ledger's tables. Change them together with a migration in ``migrations/versions``.

Times are UTC in ISO 8601 text: SQLite has no time type, and text sorts and exports alike in every
engine.
"""

from __future__ import annotations

import sqlalchemy as sa

metadata = sa.MetaData()

# SQLite's integer is as wide as it must be; PostgreSQL's ends at 2 GiB
_Bytes = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

delivery = sa.Table(
    "delivery",
    metadata,
    # the order of deliveries: "newest version of a key, by delivery order"
    sa.Column("seq", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("delivery_id", sa.String, nullable=False, unique=True),
    sa.Column("kind", sa.String, nullable=False),  # fetch | correction | reprocess
    sa.Column("replays_seq", sa.Integer),  # the delivery a reprocess replays
    sa.Column("run_id", sa.String),
    sa.Column("submitted_by", sa.String),  # who started it, as the environment names them
    sa.Column("feed", sa.String, nullable=False, index=True),
    sa.Column("agency", sa.String, nullable=False),
    sa.Column("dataset", sa.String, nullable=False),
    sa.Column("started_at", sa.String, nullable=False),
    sa.Column("ended_at", sa.String),
    sa.Column("outcome", sa.String, nullable=False),
    sa.Column("arrived", sa.Boolean, nullable=False, default=False),
    sa.Column("batch_id", sa.String),
    sa.Column("rows_received", sa.Integer),
    sa.Column("bytes_landed", _Bytes),
    sa.Column("newest_event", sa.String),  # the newest moment that the feed's rows speak of so far
    sa.Column("cursor", sa.JSON(none_as_null=True)),
    sa.Column("detail", sa.JSON, nullable=False),
)

batch = sa.Table(
    "batch",
    metadata,
    sa.Column("batch_id", sa.String, primary_key=True),
    sa.Column("feed", sa.String, nullable=False, index=True),
    sa.Column("dataset", sa.String, nullable=False),
    sa.Column("contract_version", sa.String, nullable=False),
    sa.Column("rows_received", sa.Integer, nullable=False),
    sa.Column("rows_accepted", sa.Integer, nullable=False),
    sa.Column("rows_quarantined", sa.Integer, nullable=False),
    sa.Column("rows_duplicate", sa.Integer, nullable=False),
    sa.Column("status", sa.String, nullable=False),
    sa.Column("judged_at", sa.String, nullable=False),
    sa.CheckConstraint(
        "rows_received = rows_accepted + rows_quarantined + rows_duplicate",
        name="no_row_vanishes",
    ),
)

# which batch stands for which delivery; a reprocess supersedes the old one and takes its place
acceptance = sa.Table(
    "acceptance",
    metadata,
    sa.Column("acceptance_id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("feed", sa.String, nullable=False, index=True),
    sa.Column("dataset", sa.String, nullable=False, index=True),
    sa.Column("delivery_seq", sa.Integer, sa.ForeignKey("delivery.seq"), nullable=False),
    sa.Column("batch_id", sa.String, sa.ForeignKey("batch.batch_id"), nullable=False),
    sa.Column("accepted_at", sa.String, nullable=False),
    sa.Column("superseded_at", sa.String),
)

# what people decided about a batch; the newest row counts
approval = sa.Table(
    "approval",
    metadata,
    sa.Column("approval_id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("batch_id", sa.String, sa.ForeignKey("batch.batch_id"), nullable=False, index=True),
    sa.Column("feed", sa.String, nullable=False),
    sa.Column("decision", sa.String, nullable=False),  # approved | waived | rejected
    sa.Column("actor", sa.String, nullable=False),
    sa.Column("is_authenticated", sa.Boolean, nullable=False),
    sa.Column("reason", sa.String, nullable=False),
    sa.Column("score", sa.Float),
    sa.Column("decided_at", sa.String, nullable=False),
)

# refused rows that a person closed, with the reason
refused_row_closing = sa.Table(
    "refused_row_closing",
    metadata,
    sa.Column("closing_id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("ticket", sa.String, nullable=False, index=True),
    sa.Column("actor", sa.String, nullable=False),
    sa.Column("is_authenticated", sa.Boolean, nullable=False),
    sa.Column("reason", sa.String, nullable=False),
    sa.Column("closed_at", sa.String, nullable=False),
)

# months of an agency's supply that its head checked; the newest row counts
sign_off = sa.Table(
    "sign_off",
    metadata,
    sa.Column("sign_off_id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("agency", sa.String, nullable=False),
    sa.Column("month", sa.String, nullable=False),  # 2026-11
    sa.Column("actor", sa.String, nullable=False),
    sa.Column("is_authenticated", sa.Boolean, nullable=False),
    sa.Column("note", sa.String, nullable=False),
    sa.Column("signed_at", sa.String, nullable=False),
)

# mails to focal points: each try, never the address; of a batch's feedback, or in the same column
# of a complaint: its reference, status and feed
mailing = sa.Table(
    "mailing",
    metadata,
    sa.Column("mailing_id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("feed", sa.String, nullable=False),
    sa.Column("batch_id", sa.String, nullable=False, index=True),
    sa.Column("problem", sa.String, nullable=False),  # '' when the server took it
    sa.Column("tried_at", sa.String, nullable=False),
)

rule_result = sa.Table(
    "rule_result",
    metadata,
    sa.Column("delivery_seq", sa.Integer, sa.ForeignKey("delivery.seq"), primary_key=True),
    sa.Column("rule", sa.String, primary_key=True),
    sa.Column("column_name", sa.String, primary_key=True),  # '' for a rule of no one column
    sa.Column("dimension", sa.String, nullable=False),
    sa.Column("passed", sa.Integer, nullable=False),
    sa.Column("evaluated", sa.Integer, nullable=False),
    sa.Column("detail", sa.String, nullable=False),
)

# one row per feed, day, dimension and batch; the last delivery of a day wins
score = sa.Table(
    "score",
    metadata,
    sa.Column("feed", sa.String, primary_key=True),
    sa.Column("scored_on", sa.String, primary_key=True),
    sa.Column("dimension", sa.String, primary_key=True),
    sa.Column("batch_id", sa.String, primary_key=True),  # '' when nothing was judged
    sa.Column("agency", sa.String, nullable=False),
    sa.Column("dataset", sa.String, nullable=False),
    sa.Column("score", sa.Float),
    sa.Column("passed", sa.Integer, nullable=False),
    sa.Column("evaluated", sa.Integer, nullable=False),
    sa.Column("scored_at", sa.String, nullable=False),
)

snapshot = sa.Table(
    "snapshot",
    metadata,
    sa.Column("snapshot_id", sa.String, primary_key=True),
    sa.Column("built_at", sa.String, nullable=False),
    sa.Column("published_at", sa.String),
    sa.Column("run_id", sa.String, nullable=False),
    sa.Column("dbt_hash", sa.String, nullable=False),
    sa.Column("sha256", sa.String, nullable=False),
    sa.Column("bytes", _Bytes, nullable=False),
)

# an ad hoc collection: which feeds are asked for, why and until when
collection_round = sa.Table(
    "collection_round",
    metadata,
    sa.Column("round_id", sa.String, primary_key=True),
    sa.Column("reason", sa.String, nullable=False),
    sa.Column("run_id", sa.String, nullable=False),
    sa.Column("opened_at", sa.String, nullable=False),
    sa.Column("deadline", sa.String, nullable=False),
    sa.Column("closed_at", sa.String),
)

collection_round_feed = sa.Table(
    "collection_round_feed",
    metadata,
    sa.Column("round_id", sa.String, sa.ForeignKey("collection_round.round_id"), primary_key=True),
    sa.Column("feed", sa.String, primary_key=True),
)

# a complaint about a published value: what it is about and how it stands
complaint = sa.Table(
    "complaint",
    metadata,
    sa.Column("reference", sa.String, primary_key=True),
    sa.Column("indicator_code", sa.String, nullable=False),
    sa.Column("period_type", sa.String, nullable=False),
    sa.Column("period_start", sa.String, nullable=False),
    sa.Column("unit_id", sa.String, nullable=False),
    sa.Column(
        "snapshot_id", sa.String, nullable=False
    ),  # where the value stood, and the value then
    sa.Column("value", sa.Float),
    sa.Column("status", sa.String, nullable=False),  # open | accepted | rejected
    sa.Column("opened_at", sa.String, nullable=False),
    sa.Column("opened_by", sa.String, nullable=False),
    sa.Column("due_at", sa.String, nullable=False),
    sa.Column("answered_at", sa.String),
    sa.Column("answered_by", sa.String),
    sa.Column("is_authenticated", sa.Boolean, nullable=False),
)

# who supplied the value: they answer for it
complaint_feed = sa.Table(
    "complaint_feed",
    metadata,
    sa.Column("reference", sa.String, sa.ForeignKey("complaint.reference"), primary_key=True),
    sa.Column("feed", sa.String, primary_key=True),
    sa.Column("batch_id", sa.String, primary_key=True),
    sa.Column("agency", sa.String, nullable=False),
)

# may hold personal data: apart from the rest, so that it is never exported
complaint_text = sa.Table(
    "complaint_text",
    metadata,
    sa.Column("reference", sa.String, sa.ForeignKey("complaint.reference"), primary_key=True),
    sa.Column("complainant", sa.String, nullable=False),
    sa.Column("text", sa.String, nullable=False),
    sa.Column("outcome", sa.String),
)

# what became of each alert about an indicator; the newest row of an alert is how it stands
indicator_alert_event = sa.Table(
    "indicator_alert_event",
    metadata,
    sa.Column("alert_id", sa.String, primary_key=True),
    sa.Column("event_no", sa.Integer, primary_key=True),
    sa.Column("indicator_code", sa.String, nullable=False),
    sa.Column("unit_id", sa.String, nullable=False),
    sa.Column("event", sa.String, nullable=False),  # opened | changed | closed
    sa.Column("kind", sa.String, nullable=False),
    sa.Column("kinds", sa.String, nullable=False),
    sa.Column("severity", sa.String, nullable=False),
    sa.Column("period_type", sa.String),
    sa.Column("period_start", sa.String),
    sa.Column("value", sa.Float),
    sa.Column("bound", sa.Float),
    sa.Column("due_on", sa.String),
    sa.Column("document", sa.String),
    sa.Column("reason", sa.String),  # of a closed one: recovered | not_judged
    sa.Column("snapshot_id", sa.String, nullable=False),
    sa.Column("recorded_at", sa.String, nullable=False),
)

# who was told of an alert, each try one row; a sink is a name of the profile, never an address
alert_notification = sa.Table(
    "alert_notification",
    metadata,
    sa.Column("notification_id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("alert_id", sa.String, nullable=False, index=True),
    sa.Column("sink", sa.String, nullable=False),
    sa.Column("event", sa.String, nullable=False),  # opened | closed
    sa.Column("problem", sa.String, nullable=False),  # empty when it was handed over
    sa.Column("tried_at", sa.String, nullable=False),
)

# runs that ended, as Dagster told of them; kept longer than Dagster keeps its own
run = sa.Table(
    "run",
    metadata,
    sa.Column("run_id", sa.String, primary_key=True),
    sa.Column("job", sa.String, nullable=False),
    sa.Column("trigger", sa.String, nullable=False),  # command | schedule | file | round | person
    sa.Column("status", sa.String, nullable=False),  # succeeded | failed | canceled
    sa.Column("started_at", sa.String, nullable=False),
    sa.Column("ended_at", sa.String, nullable=False),
    sa.Column("problem", sa.String, nullable=False),  # step and kind of error, never its message
)

# who was told of a run that failed, each try one row
run_notification = sa.Table(
    "run_notification",
    metadata,
    sa.Column("notification_id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("run_id", sa.String, nullable=False, index=True),
    sa.Column("sink", sa.String, nullable=False),
    sa.Column("problem", sa.String, nullable=False),  # empty when it was handed over
    sa.Column("tried_at", sa.String, nullable=False),
)

# rehearsals of a restore: that it can be done, and how long it takes
restore_drill = sa.Table(
    "restore_drill",
    metadata,
    sa.Column("drill_id", sa.String, primary_key=True),
    sa.Column("backup_id", sa.String),
    sa.Column("backup_taken_at", sa.String),
    sa.Column("started_at", sa.String, nullable=False),
    sa.Column("ended_at", sa.String, nullable=False),
    sa.Column("duration_s", sa.Float, nullable=False),
    sa.Column("files", sa.Integer),
    sa.Column("bytes", sa.BigInteger),
    sa.Column("result", sa.String, nullable=False),  # equal | failed
    sa.Column("problem", sa.String, nullable=False),  # '' when it is equal
)

# reports that were issued; their files and figures lie in reports/<kind>/<period>/<report_id>/
report = sa.Table(
    "report",
    metadata,
    sa.Column("report_id", sa.String, primary_key=True),
    sa.Column("kind", sa.String, nullable=False),
    sa.Column("title_vi", sa.String, nullable=False),
    sa.Column("period", sa.String, nullable=False),
    sa.Column("snapshot_id", sa.String, nullable=False),
    sa.Column("as_of", sa.String, nullable=False),
    sa.Column("started_by", sa.String, nullable=False),  # schedule | event | hand
    sa.Column("actor", sa.String, nullable=False),
    sa.Column("figures", sa.Integer, nullable=False),
    sa.Column("restatements", sa.Integer, nullable=False),
    sa.Column("manifest_sha256", sa.String, nullable=False),
    sa.Column("issued_at", sa.String, nullable=False),
)
