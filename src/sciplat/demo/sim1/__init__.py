"""The simulated survey ``sim1``: raw images of the centre of the field, to be really processed."""
