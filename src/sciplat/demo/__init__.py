"""The data that a newcomer finds: real stars of the whole sky, and a simulated survey."""
