"""Tables of the languages, one module each, named by its tag."""
