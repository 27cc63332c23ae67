"""What access knows without asking anyone: levels of files, sentences of a journey, years, citations."""
