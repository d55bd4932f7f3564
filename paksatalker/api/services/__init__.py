"""What endpoints have done, without HTTP."""
