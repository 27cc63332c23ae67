"""What preservation does, one module a verb."""
