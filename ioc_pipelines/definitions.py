"""The one Dagster ``Definitions`` object, of the profile that ``IOC_PROFILE`` names."""

from ioc_pipelines.orchestration.assemble import assemble
from ioc_pipelines.orchestration.deployment import Deployment

defs = assemble(Deployment.of())
