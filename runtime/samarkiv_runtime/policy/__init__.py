"""Who may do what (POLICY.md): rows as data and one pure function."""
