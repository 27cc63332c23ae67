"""The pages: Jinja templates, one stylesheet, a small script, and the two languages. A client of the public APIs."""
