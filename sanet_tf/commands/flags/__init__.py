"""The flags that commands share, and what --help says of all of them."""
