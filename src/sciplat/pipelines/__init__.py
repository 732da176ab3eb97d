"""Pipeline tasks that make a survey's images and tables from raw exposures (``lsst.pipe.base``).

The arithmetic is in :mod:`sciplat.images`; here is what goes in, what comes out, and what can be configured.
Tables have the column names, units and meanings of Rubin's Data Preview 1.
"""
