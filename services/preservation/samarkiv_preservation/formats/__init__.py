"""Formats: the policy as versioned data, and how plain text is read."""
