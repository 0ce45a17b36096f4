"""What Kawal is measured beside; each module is a process of its own that prints one JSON line when it has read all."""
