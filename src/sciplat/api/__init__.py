"""The API Aspect: one module a standard, and plain JSON beside it.

A handler reads the request, calls one verb and picks a writer.
"""
