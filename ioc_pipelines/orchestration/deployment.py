"""One profile, ready to run: its catalog, its data root, its ledger and its addresses."""

from __future__ import annotations

import getpass
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

import polars as pl
import sqlalchemy as sa

from ioc_pipelines.catalog.load import Catalog, load_catalog
from ioc_pipelines.catalog.references import (
    indicator_lists,
    load_admin_units,
    load_spellings,
    reference_lists,
    reference_validity,
)
from ioc_pipelines.home import DBT_PROJECT, SOURCES, Home
from ioc_pipelines.intake.landing import Landing
from ioc_pipelines.intake.names import Spellings, spellings
from ioc_pipelines.ledger.alerts import Alerts
from ioc_pipelines.ledger.approvals import Approvals
from ioc_pipelines.ledger.closings import Closings
from ioc_pipelines.ledger.complaints import Complaints
from ioc_pipelines.ledger.drills import Drills
from ioc_pipelines.ledger.mailings import Mailings
from ioc_pipelines.ledger.open import open_ledger
from ioc_pipelines.ledger.reports import Reports
from ioc_pipelines.ledger.rounds import Rounds
from ioc_pipelines.ledger.runs import Runs
from ioc_pipelines.ledger.sign_offs import SignOffs
from ioc_pipelines.ledger.store import Ledger
from ioc_pipelines.ledger.upgrades import require_newest
from ioc_pipelines.orchestration.references import References
from ioc_pipelines.sandbox.addresses import sandbox_addresses
from ioc_pipelines.warehouse.cases import cases_now, settled_now
from ioc_pipelines.warehouse.rows import Rows


class UnknownProfileError(ValueError):
    """No such profile in ``sources/``."""


@dataclass(frozen=True)
class Deployment:
    """What a run works with. Everything that touches the disk is opened on first use."""

    home: Home
    catalog: Catalog

    @classmethod
    def of(cls, profile: str | None = None) -> Deployment:
        """The deployment of a profile. Raises UnknownProfileError or CatalogError."""
        home = Home.of(profile)
        known = sorted(path.parent.name for path in SOURCES.glob("*/profile.yaml"))
        if home.profile not in known:
            msg = f"no profile '{home.profile}' in sources/; there are: {', '.join(known)}"
            raise UnknownProfileError(msg)
        return cls(home, load_catalog(SOURCES / home.profile))

    @cached_property
    def ledger(self) -> Ledger:
        """The ledger, migrated."""
        return Ledger(self._engine)

    @cached_property
    def rounds(self) -> Rounds:
        """The ad hoc collection rounds, in the ledger's database."""
        return Rounds(self._engine)

    @cached_property
    def approvals(self) -> Approvals:
        """What people decided about batches, in the ledger's database."""
        return Approvals(self._engine)

    @cached_property
    def complaints(self) -> Complaints:
        """Complaints about published values, in the ledger's database."""
        return Complaints(self._engine)

    @cached_property
    def closings(self) -> Closings:
        """Refused rows that people closed, in the ledger's database."""
        return Closings(self._engine)

    @cached_property
    def mailings(self) -> Mailings:
        """The mails with feedback, in the ledger's database."""
        return Mailings(self._engine)

    @cached_property
    def sign_offs(self) -> SignOffs:
        """Months that heads of agencies signed off, in the ledger's database."""
        return SignOffs(self._engine)

    @cached_property
    def alerts(self) -> Alerts:
        """Alerts about indicators and who was told, in the ledger's database."""
        return Alerts(self._engine)

    @cached_property
    def drills(self) -> Drills:
        """Rehearsals of a restore, in the ledger's database."""
        return Drills(self._engine)

    @cached_property
    def runs(self) -> Runs:
        """Runs that ended and who was told of failed ones, in the ledger's database."""
        return Runs(self._engine)

    @cached_property
    def reports(self) -> Reports:
        """Reports that were issued, in the ledger's database."""
        return Reports(self._engine)

    def cases(self, now: datetime, feed: str | None = None) -> pl.DataFrame:
        """What became of each refused row, of all feeds or one: ``quality.cases.CASE_SCHEMA``."""
        return cases_now(self.catalog, self.ledger, self.rows, now, feed)

    def settled(self, feed: str) -> pl.Series:
        """The tickets of a feed whose case has ended: corrected, or no longer sent."""
        return settled_now(self.catalog, self.ledger, self.rows, feed)

    @cached_property
    def _engine(self) -> sa.Engine:
        self.home.prepare()
        if self.catalog.profile.upgrade_consent:
            require_newest(self.home.ledger_url)
        return open_ledger(self.home.ledger_url)

    @cached_property
    def landing(self) -> Landing:
        """The landing area."""
        return Landing(self.home.landing)

    @cached_property
    def rows(self) -> Rows:
        """The accepted and quarantine areas."""
        return Rows(self.home.accepted, self.home.quarantine, self.home.hash_key())

    @cached_property
    def _units(self) -> pl.DataFrame:
        return load_admin_units(DBT_PROJECT / "seeds")

    @cached_property
    def references(self) -> References:
        """Reference lists that contracts name, and of other datasets what is accepted of them."""
        units = reference_lists(self._units, self.catalog.profile.province_code)
        lists = {**units, **indicator_lists(DBT_PROJECT / "seeds")}
        return References(lists, self.ledger, self.rows)

    @cached_property
    def validity(self) -> Mapping[str, pl.DataFrame]:
        """Since when and until when each code of the reference lists was valid."""
        return reference_validity(self._units, self.catalog.profile.province_code)

    @property
    def wait_s(self) -> float | None:
        """How long a run waits for another that builds: ``IOC_BUILD_WAIT_S``, else without end."""
        given = os.environ.get("IOC_BUILD_WAIT_S", "").strip()
        return float(given) if given else None

    @property
    def actor(self) -> str:
        """Who works with it: ``IOC_ACTOR``, else the user of the machine. Not authenticated."""
        return os.environ.get("IOC_ACTOR", "").strip() or getpass.getuser()

    @cached_property
    def spellings(self) -> Spellings:
        """The reviewed lists of names that feeds name, by the key of each spelling."""
        lists = load_spellings(DBT_PROJECT / "seeds", self._units)
        return {name: spellings(pairs) for name, pairs in lists.items()}

    @property
    def environment(self) -> Mapping[str, str]:
        """Addresses of the sources: the environment's, else the sandbox's."""
        return {**sandbox_addresses(self.home.sandbox), **os.environ}
