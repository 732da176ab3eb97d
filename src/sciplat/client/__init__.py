# SPDX-License-Identifier: BSD-3-Clause
"""What a script or a notebook imports to work with an instance."""

from sciplat.client.connection import Client, connect
from sciplat.client.history import ClientQuery
from sciplat.client.job import ClientJob

__all__ = ["Client", "ClientJob", "ClientQuery", "connect"]
