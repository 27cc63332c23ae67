"""The event runtime's suite (EVENTS.md): one abstract class a part, an adapter's file only supplies the bench."""
