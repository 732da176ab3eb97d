"""The room of images: one Butler repository a data release.

Only this package imports `lsst.daf.butler`, which takes seconds; nothing that answers a page or a query
imports this package.
"""
