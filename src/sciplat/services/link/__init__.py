"""Links: what belongs to an image or to a row of a catalog (DataLink 1.1)."""
