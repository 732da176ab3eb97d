"""What a user or an operator can do: one module a verb."""
