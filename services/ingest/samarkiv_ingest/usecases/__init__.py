"""What ingest does: one function, one verb."""
