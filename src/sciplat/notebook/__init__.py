"""The Notebook Aspect: JupyterHub, and what fits it to the instance."""
