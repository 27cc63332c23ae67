"""What `samarkiv` does, one module a group of verbs; imported only when called."""
