"""Asynchronous jobs, in the phases of UWS 1.1."""

from __future__ import annotations

from sciplat.jobs.models import Job, JobError, JobResult, Phase
from sciplat.jobs.store import JobStore

__all__ = ["Job", "JobError", "JobResult", "JobStore", "Phase"]
