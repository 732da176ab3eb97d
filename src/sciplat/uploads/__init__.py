"""Tables that people sent with their queries, for as long as something needs them."""
