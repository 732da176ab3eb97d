"""What a user can do: one verb a module.

A service decides whether the visitor may, and what runs; the rooms keep, the ground knows.
"""
