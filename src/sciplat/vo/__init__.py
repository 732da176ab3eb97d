"""What the IVOA standards say: names, types and documents, without I/O."""
