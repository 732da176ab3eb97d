# SPDX-License-Identifier: BSD-3-Clause
"""JSON that our own server and clients exchange."""
