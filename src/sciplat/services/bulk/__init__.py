"""Many cutouts by one job: the surroundings of each position of a table, as one archive."""
