"""The Portal Aspect's pages: the built front end, served as files."""
