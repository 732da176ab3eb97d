"""The data that a newcomer finds: real stars of the whole sky, and a simulated survey."""

from sciplat.demo.make import State, is_ready, make, state

__all__ = ["State", "is_ready", "make", "state"]
