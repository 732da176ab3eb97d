"""ADQL in, DuckDB SQL out."""
