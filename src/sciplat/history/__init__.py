"""What users have asked: one record a query, whichever Aspect it came from."""

from __future__ import annotations

from sciplat.history.models import Aspect, Filters, Link, Mark, Record, TableRead, Upload
from sciplat.history.recorder import Recorder
from sciplat.history.store import HistoryStore

__all__ = ["Aspect", "Filters", "HistoryStore", "Link", "Mark", "Record", "Recorder", "TableRead", "Upload"]
