"""Views: shared sessions of the Portal, each a state and the operations that led to it."""
