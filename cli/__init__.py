"""The `kawal` command, one file a group of commands; thin over the other packages."""
