"""The catalog engine: queries run in worker processes, results lie in spools."""
