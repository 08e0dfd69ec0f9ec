"""Tables for people and JSON for machines. A new report is one module and one line in ``REPORTS``."""

from dumpscrub.reports.base import Report
from dumpscrub.reports.document import Document
from dumpscrub.reports.table import Table

REPORTS: tuple[Report, ...] = (Table(), Document())

__all__ = ["REPORTS", "Report"]
