"""What access does, one function one verb."""
