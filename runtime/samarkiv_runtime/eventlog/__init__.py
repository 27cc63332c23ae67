"""The event log and its durable jobs (EVENTS.md): SQLite embedded, Kafka with PostgreSQL distributed."""
