"""Object stores: folders embedded, S3 distributed."""
