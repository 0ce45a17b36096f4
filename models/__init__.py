"""The contracts of Kawal: what crosses a border of the system, one file a topic or file format."""
