"""Faults of the Kafka client, kept as strict xfails on the bare client, and of our own around it."""
