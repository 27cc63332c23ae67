"""The read tables of access: filled from events and from the packages themselves, asked by pages and APIs."""
