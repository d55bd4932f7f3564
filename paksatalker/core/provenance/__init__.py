"""Where videos and sounds come from, signed (C2PA): manifests, and the certificates that sign them."""
