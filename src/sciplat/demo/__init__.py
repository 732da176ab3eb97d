"""The data that a newcomer finds: real stars, a simulated catalog, and a survey that is processed."""

from sciplat.demo.make import SURVEYS, State, is_ready, make, state

__all__ = ["SURVEYS", "State", "is_ready", "make", "state"]
