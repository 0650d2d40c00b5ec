"""Mail the feedback of a batch to the feed's focal point, once, where both are configured."""

from __future__ import annotations

import logging
from datetime import UTC, datetime

from ioc_pipelines.orchestration.delivery import Report
from ioc_pipelines.orchestration.deployment import Deployment
from ioc_pipelines.orchestration.feedback import Feedback
from ioc_pipelines.serving.feedback.mail import send_mail
from ioc_pipelines.serving.messages import NotSentError

logger = logging.getLogger(__name__)


def mail_feedback(deployment: Deployment, report: Report, found: Feedback) -> None:
    """Send the masked pack; one that fails is recorded and tried with the next delivery."""
    mail, person = deployment.catalog.profile.mail, report.entry.feed.focal_point
    if mail is None or person.email_env is None or report.batch is None:
        return
    if deployment.mailings.is_sent(report.batch.batch_id):
        return
    problem = ""
    try:
        send_mail(
            deployment.environment.get(mail.url_env, ""),
            deployment.environment.get(person.email_env, ""),
            f"{found.rows} dòng cần sửa: {found.about.title_vi}",
            found.page.decode(),
            {found.pack_name: found.pack},
        )
    except NotSentError as error:
        problem = str(error)
        logger.warning("no mail for %s: %s", report.entry.id, problem)
    deployment.mailings.record(
        report.entry.id, report.batch.batch_id, problem=problem, now=datetime.now(UTC)
    )
